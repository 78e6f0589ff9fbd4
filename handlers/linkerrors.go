package handlers

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// errOtherSession is a flow that another session of this browser has begun, or this one before its user signed in anew.
var errOtherSession = errors.New("handlers: the session that began to connect an account is not this one")

// linkError words the error of connecting an account: as that of a login, but nobody has been signed in or out.
func (h *Handlers) linkError(name string, err error) *problem.Error {
	e := h.loginError(name, err)
	if _, worded := errors.AsType[*problem.Error](err); !worded {
		e.Title = "The account was not connected"
	}
	if len(e.Links) > 0 && e.Links[0].Href == h.LoginURLFor(name, "") {
		e.Links = []problem.Link{{Href: h.LinkURL(name, ""), Text: "Try again"}, toHome}
	}
	return e
}

// errNobody words the errors of looking for the session that an account is to be connected with. Others it returns as they are.
func (h *Handlers) errNobody(err error) error {
	switch {
	case errors.Is(err, session.ErrNone), errors.Is(err, session.ErrInvalid):
		return &problem.Error{
			Status: http.StatusUnauthorized, Code: "sign_in_required", Err: err,
			Title: "Please sign in first", Text: "Nobody is signed in here, so there is nothing that an account could be connected with.",
			Links: []problem.Link{{Href: h.LoginURL(""), Text: "Sign in"}, toHome},
		}
	case errors.Is(err, errOtherSession):
		return &problem.Error{
			Status: http.StatusForbidden, Code: "session_changed", Err: err,
			Title: "The account was not connected", Text: "You have signed in anew, or as somebody else, since you started it. Please start again.",
			Links: []problem.Link{toHome},
		}
	}
	return err
}

// errUnproven is a session that the guards would not let pass before the provider has been asked about it (session.Config.Revalidate).
func errUnproven() *problem.Error {
	return &problem.Error{
		Status: http.StatusUnauthorized, Code: "sign_in_required", Err: errors.New("handlers: the session has to be revalidated first"),
		Title: "The account was not connected", Text: "Your sign-in has to be confirmed first. Please go back to a page of this site and try again from there.",
		Links: []problem.Link{toHome},
	}
}

// errNotKept is an account that is connected, and a session that does not hold what the hook has put into it.
func (h *Handlers) errNotKept(name string, err error) *problem.Error {
	e := h.loginError(name, err)
	e.Title, e.Links = "The account is connected", []problem.Link{toHome}
	e.Text = "But this site could not note it in your session. If something is missing, sign out and in again."
	return e
}

// refusedLink marks an error of Hooks.Link as the application's decision.
func refusedLink(err error) error {
	return decided(err, problem.Error{
		Status: http.StatusForbidden, Code: "link_refused",
		Title: "The account was not connected",
		Text:  "This site does not connect it with yours. You are as you were before. If you think that it should, ask the people who run it.",
	})
}

func errCrossSiteLink(cause error) *problem.Error {
	return &problem.Error{
		Status: http.StatusForbidden, Code: "cross_site", Err: cause,
		Title: "The account was not connected", Text: "Another site asked for it in your name. If you wanted it, do it here.",
		Links: []problem.Link{toHome},
	}
}
