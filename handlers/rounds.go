package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// A browser that finishes logins but does not send the session cookie to the page (blocked, dropped
// on the way, or kept from some paths by a proxy) would be led from the page to the provider and
// back for ever, because the provider still knows the user. So a destination notes how many logins
// in a row have led to it, and one login too many within a minute shows an error instead. Signing
// out resets the count.
const (
	roundsLifetime = time.Minute
	maxRounds      = 2
)

// countRounds records in the flow how many logins of its kind have just ended, and fails if there
// are too many. Without a session it includes logins of all kinds, because the pages may differ.
func (h *routes) countRounds(w http.ResponseWriter, r *http.Request, flow *provider.Flow,
	byPage bool) error {
	all, same := h.justEnded(r, kindOf(flow))
	if byPage {
		flow.Round = same
	}
	if all > flow.Round {
		if _, err := h.config.Sessions.Load(r); err != nil {
			flow.Round = all
		}
	}
	if flow.Round < maxRounds {
		return nil
	}
	h.SignedOut(w, r)       // the next attempt starts from zero
	if h.Owns(r.URL.Path) { // not a step-up of a page
		return h.errCookiesBlocked(flow.Provider)
	}
	return &provider.Error{
		Fault: provider.FaultStepUp,
		Err: errors.New("handlers: the page asks for another sign-in after two of them " +
			"within a minute"),
	}
}

// justEnded returns how many logins have just ended, of all kinds and of this one.
func (h *routes) justEnded(r *http.Request, kind loginKind) (all, same int) {
	now := h.config.Sessions.Now()
	for _, d := range h.held(r).destinations {
		if now.Sub(d.at) >= roundsLifetime {
			continue
		}
		all = max(all, int(d.rounds))
		if d.kind == kind {
			same = max(same, int(d.rounds))
		}
	}
	return all, same
}

// SignedOut removes the records of finished logins, with the addresses that they led to. The
// session manager calls it.
func (h *routes) SignedOut(w http.ResponseWriter, r *http.Request) {
	h = h.at(r)
	if h.config.SilentLogin != "" {
		h.mark(w, markerTried) // none right after a sign-out
	}
	all := h.held(r)
	for _, d := range all.destinations {
		if d.destination.rounds > 0 {
			h.drop(w, all, d.name)
		}
	}
}
