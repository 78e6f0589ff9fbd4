package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// With Config.SilentLogin the first page that a browser opens leads through the provider with
// prompt=none (OpenID Connect Core section 3.1.2.1). It takes two steps, so that it can never loop:
//
//	page         sets the marker cookie, and redirects to {prefix}/silent
//	{prefix}/silent   uses the marker up, and redirects to the provider
//
// A browser without cookies has no marker at the second step, and returns to the page with a
// parameter that keeps the page from trying again. Whatever goes wrong leads to the page as well:
// the visitor has not asked to sign in (R31).

const (
	silentCookie = "silent" // after the name of the session cookie; until the browser closes
	markerDue    = "due"
	markerTried  = "tried"

	silentParam   = "silent_login" // of the page, for browsers without cookies
	silentOff     = "off"
	silentAttempt = 2 // in the state: never restarted
)

// FirstVisit starts a silent login, if this browser has not tried before, and reports whether it
// has answered the request.
func (h *routes) FirstVisit(w http.ResponseWriter, r *http.Request, returnTo string) bool {
	h = h.at(r)
	switch {
	case h.marker(r) != "", slices.Contains(queryOf(r)[silentParam], silentOff),
		!wiring.SameHost(r.Host, h.config.Origin), h.returns.clean(returnTo) != returnTo:
		return false
	}
	h.mark(w, markerDue)
	redirect(w, h.route("silent", returnTo))
	return true
}

// marker returns the value of the marker cookie, or "". Forging it only prevents an attempt.
func (h *routes) marker(r *http.Request) string {
	for value := range h.values(r, h.cookie(silentCookie)) {
		return value
	}
	return ""
}

func (h *routes) mark(w http.ResponseWriter, value string) {
	h.config.Sessions.Cookies().Set(w, h.cookie(silentCookie), value, 0, http.SameSiteLaxMode)
}

// silent is the second step.
func (h *routes) silent(w http.ResponseWriter, r *http.Request) {
	if !h.admit(w, r, h.config.Login, http.MethodGet) {
		return
	}
	returnTo := h.returns.clean(queryOf(r).Get(returnParam))
	marker := h.marker(r)
	if _, err := h.config.Sessions.Load(r); marker != "" && (marker != markerDue || err == nil) {
		redirect(w, returnTo)
		return
	}
	if marker == "" {
		redirect(w, withoutSilentLogin(returnTo))
		return
	}
	h.mark(w, markerTried)
	target, err := h.beginSilent(w, r, returnTo)
	if err != nil {
		h.noSilentLogin(r, h.config.SilentLogin, err)
		target = returnTo
	}
	redirect(w, target)
}

func (h *routes) beginSilent(w http.ResponseWriter, r *http.Request,
	returnTo string) (target string, err error) {
	name := h.config.SilentLogin
	p, err := h.config.Providers.Find(r.Context(), name)
	if err != nil {
		return "", err
	}
	flow := &provider.Flow{
		ReturnTo: returnTo, Silent: true, Request: provider.Request{Prompt: promptNone},
	}
	if flow.State, err = h.newState(name, silentAttempt); err != nil {
		return "", err
	}
	return h.open(w, r, name, p, flow)
}

// withoutSilentLogin returns the address of a page that does not try again.
func withoutSilentLogin(returnTo string) string {
	return withQuery(withoutFragment(returnTo), url.Values{silentParam: {silentOff}})
}

// leaveSilent ends a silent login that has failed.
func (h *routes) leaveSilent(w http.ResponseWriter, r *http.Request, a response, err error) {
	h.noSilentLogin(r, a.name, err)
	h.leave(w, r, a)
}

// noSilentLogin records why a silent login has failed. That the user is not signed in at the
// provider is what mostly happens.
func (h *routes) noSilentLogin(r *http.Request, name string, err error) {
	outcome := h.loginError(name, err).Code
	fault, ok := errors.AsType[*provider.Error](err)
	if ok && fault.Fault == provider.FaultInteraction {
		outcome = string(provider.FaultInteraction)
	} else if !errors.Is(err, context.Canceled) {
		h.config.Login.Logger.WarnContext(r.Context(), "sallyport: silent login failed",
			"provider", name, "cause", answer.Printable(err.Error()), recovered.Stack(err))
	}
	h.config.Login.Event(r.Context(), session.Event{Outcome: outcome, Provider: name})
}
