package handlers

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// errOtherSession means that another session of this browser began the flow, or the same one before
// its user signed in again.
var errOtherSession = errors.New("handlers: linking was started from a session that is no longer " +
	"active in this browser")

// linkError turns an error of linking an account into the answer. It is that of a login, but the
// title says that the account was not linked, since the user's session stays as it was.
func (h *routes) linkError(name string, err error) *problem.Error {
	e := h.loginError(name, err)
	if _, worded := errors.AsType[*problem.Error](err); !worded {
		e.TitleKey = "not_connected.title"
	}
	if len(e.Links) > 0 && e.Links[0].Href == h.LoginURLFor(name, "") {
		e.Links = []problem.Link{{Href: h.LinkURL(name, ""), TextKey: "try_again"}, h.toHome()}
	}
	return e
}

// errNobody turns the errors of finding the session to link to into answers. Others are returned
// unchanged.
func (h *routes) errNobody(err error) error {
	switch {
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrInvalid):
		return failed("sign_in_required/link", err, problem.Link{Href: h.LoginURL(""),
			TextKey: "sign_in"}, h.toHome())
	case errors.Is(err, errOtherSession):
		return failed("session_changed", err, h.toHome())
	}
	return err
}

// errUnproven is the answer for a session that guards admit only after the provider has confirmed
// it (session.Config.Revalidate).
func (h *routes) errUnproven() *problem.Error {
	return failed("sign_in_required/unproven",
		errors.New("handlers: the session has to be revalidated first"), h.toHome())
}

// errNotKept is the answer when the account is linked, but the session could not be saved with the
// values of the hook. Values that do not fit are a fault of the application, not of the user.
func (h *routes) errNotKept(name string, err error) *problem.Error {
	e := h.loginError(name, err)
	e.Status = max(e.Status, http.StatusInternalServerError)
	answer.Reword(e, "link_not_kept")
	e.Links = []problem.Link{h.toHome()}
	return e
}

func (h *routes) errCrossSiteLink(cause error) *problem.Error {
	return failed("cross_site/link", cause, h.toHome())
}
