package handlers

import (
	"net/http"

	"github.com/sallyport-go/sallyport/provider"
)

// What happens to callbacks that cannot be finished: they came again, or too late. None of them
// redeems a code or touches a session, so it does no harm that the state alone shows that a login
// was ours.

// A late callback has no flow that can be finished.
type late struct {
	callback
	issued issuedState
	ours   bool // the state is sealed, so the login was started by this application
	over   bool // it has expired
	leads  destination
	here   bool // it was started in this browser
	used   bool // it has been finished, or failed
}

func (h *routes) late(r *http.Request, c callback, flow *provider.Flow) late {
	l := late{callback: c}
	l.issued, l.ours = h.openState(c.name, c.key)
	l.over = l.ours && h.expired(l.issued.at)
	l.leads, l.here = h.destinationOf(r, c.name, c.key)
	l.here = l.here || flow != nil
	l.used = l.leads.rounds > 0 || h.spent.used(c.name, c.key, l.issued.at)
	return l
}

// answerLate answers a callback that cannot be finished because of err: it redirects to where the
// login led, starts the login again, or shows a page. The flow is nil if its cookie is gone.
func (h *routes) answerLate(w http.ResponseWriter, r *http.Request, c callback,
	flow *provider.Flow, err error) {
	l := h.late(r, c, flow)
	err = l.explain(h.config.Sessions.Now(), err)
	switch {
	case h.arrived(r, l):
		h.config.Login.Logger.InfoContext(r.Context(), "sallyport: callback came again",
			"provider", c.name)
		redirect(w, l.leads.to)
	case l.ours && l.issued.attempt == silentAttempt: // the visitor has not asked to sign in
		redirect(w, withoutSilentLogin(l.leads.to))
	case l.over && !l.used && startsAgain(c.params) && h.restart(w, r, c, flow, err):
	default:
		h.failLogin(w, r, c.name, l.leads.to, err)
	}
}

// arrived reports whether the browser can go on to where the login led: the user is signed in, and
// the login was begun in this browser, or so long ago that its cookies are gone.
func (h *routes) arrived(r *http.Request, l late) bool {
	done := l.here && l.leads.rounds > 0
	switch {
	case !done && !(l.ours && (l.here || l.over)):
		return false
	case l.over && l.here && !l.used:
		return false // too late, not again
	case r.Method == http.MethodPost && done:
		return true // of another site, so without the session's cookie, which the page will get
	}
	_, err := h.config.Sessions.Load(r)
	return err == nil
}
