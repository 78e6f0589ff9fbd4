package handlers

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// promptNone asks the provider not to show anything to the user (OpenID Connect Core section 3.1.2.1).
const promptNone = "none"

// Silent asks the provider, by way of the browser and without the user noticing, whether a login still stands, and leads back to returnTo. When
// it does not, the session ends, and the page is shown as to anybody; there is no second try, because without a
// session there is nothing to ask about. Silent reports false when the provider cannot be reached, and has
// not answered the request then.
func (h *Handlers) Silent(w http.ResponseWriter, r *http.Request, name, returnTo string) bool {
	p, err := h.config.Providers.Find(r.Context(), name)
	if err != nil {
		return false
	}
	flow := &provider.Flow{ReturnTo: h.returns.clean(returnTo), Request: provider.Request{Prompt: promptNone}}
	target, err := h.open(w, r, name, p, flow)
	if err != nil {
		h.config.Login.Logger.WarnContext(r.Context(), "sallyport: session not revalidated",
			"provider", name, "cause", problem.Printable(err.Error()), recovered.Stack(err))
		return false
	}
	redirect(w, target)
	return true
}

// errAnotherUser is a silent login that ended with somebody else.
var errAnotherUser = &provider.Error{Fault: provider.FaultInteraction, Err: errors.New("another user is signed in at the provider now")}

// carryOver makes a silently renewed login the continuation of the session that it is about: of the same user,
// ending when that would have ended, with its values.
func (h *Handlers) carryOver(r *http.Request, s *session.Session) error {
	old, err := h.config.Sessions.Load(r)
	if err != nil {
		return nil // it has ended meanwhile: a login like any other
	}
	if old.User.Key() != s.User.Key() {
		return errAnotherUser
	}
	s.Values = old.Values
	if s.Expires.IsZero() || old.Expires.Before(s.Expires) {
		s.Expires = old.Expires
	}
	return nil
}

// silentlyEnded answers a silent login that the provider did not permit: the session is over, and the page
// that asked is shown without it.
func (h *Handlers) silentlyEnded(w http.ResponseWriter, r *http.Request, flow *provider.Flow) {
	if err := h.config.Sessions.End(w, r); err != nil {
		h.config.Login.Fail(w, r, h.loginError(flow.Provider, err))
		return
	}
	h.config.Login.Event(r.Context(), session.Event{Outcome: string(provider.FaultInteraction), Provider: flow.Provider})
	redirect(w, h.returns.clean(flow.ReturnTo))
}

// isSilentRefusal reports whether a silent login failed because the provider wants to talk to the user.
func isSilentRefusal(flow *provider.Flow, err error) bool {
	fault, ok := errors.AsType[*provider.Error](err)
	return ok && flow.Request.Prompt == promptNone && fault.Fault == provider.FaultInteraction
}
