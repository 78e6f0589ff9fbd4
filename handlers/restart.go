package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A login that took too long here or at the provider is started again, once: starting one changes
// nothing but a cookie (R29), and the user has just tried to sign in. The number of the attempt is
// sealed in the state, so that a browser without cookies is not led in circles.

// restart starts a login again after cause, and reports whether it has answered the request. The
// flow is nil if its cookie is gone.
func (h *routes) restart(w http.ResponseWriter, r *http.Request, c callback,
	flow *provider.Flow, cause error) bool {
	issued, ours := h.openState(c.name, c.key)
	if !ours || issued.attempt > 0 || !isTopLevel(r) || flow != nil && flow.Renewal {
		return false
	}
	state, err := h.newState(c.name, issued.attempt+1)
	if err != nil {
		return false
	}
	leads, _ := h.destinationOf(r, c.name, c.key)
	next := &provider.Flow{State: state, ReturnTo: leads.to}
	if flow != nil {
		next.Request, next.Round, next.StepUp = flow.Request, flow.Round, flow.StepUp
		next.Session = flow.Session
	}
	h.config.Login.Logger.InfoContext(r.Context(), "sallyport: login restarted",
		"provider", c.name, "cause", answer.Printable(cause.Error()))
	h.config.Login.Event(r.Context(), session.Event{Outcome: "login_restarted", Provider: c.name})
	target, err := h.open(w, r, c.name, c.p, next)
	if err != nil {
		h.failLogin(w, r, c.name, leads.to, err)
		return true
	}
	redirect(w, target)
	return true
}

// isTopLevel reports whether a callback is shown as a page of its own, so that it can lead to the
// provider: a navigation, or the form of form_post.
func isTopLevel(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return answer.IsNavigation(r)
	}
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	return (mode == "" || mode == "navigate") &&
		(dest == "" || dest == "document" || dest == "empty")
}

// startsAgain reports whether the login may start again after this callback: it reports success but
// came too late, or the provider asks for it. A user who has canceled is not asked again.
func startsAgain(params url.Values) bool {
	e := provider.CallbackError(params)
	return e == nil || startsAgainFor(e)
}

// asksToStartAgain reports whether err is the answer of a provider, in the callback, whose own
// login page has expired. A silent login has none.
func asksToStartAgain(a response, err error) bool {
	e, ok := errors.AsType[*provider.Error](err)
	return ok && startsAgainFor(e) && a.params.Has("error") && a.flow.Request.Prompt != promptNone
}

// startAgain are what providers answer when their own login page has expired, or another tab has
// taken over: Hydra the first, Keycloak the others, as the error or its description.
var startAgain = []string{
	"request_forbidden", "temporarily_unavailable", "authentication_expired",
}

// startsAgainFor reports whether the provider asks, in other words, to start the login again.
func startsAgainFor(e *provider.Error) bool {
	return slices.Contains(startAgain, e.Code) ||
		slices.Contains(startAgain, strings.TrimSpace(e.Description))
}
