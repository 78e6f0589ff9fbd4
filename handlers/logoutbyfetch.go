package handlers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/engine"
)

// A script cannot follow the redirect to the provider, which is on another origin, and must not see
// it, because its URL contains the ID token. So the URL waits in the browser, sealed, and the
// script sends the browser to a route of our own that redirects there, once.

const (
	continueRoute  = "/logout/continue"
	continueCookie = "continue" // kept in pieces
	// continueMemory is where continued logouts are remembered. No provider has this name.
	continueMemory = "/logout"
)

// answerLogout tells a script where to send the browser after a sign-out: to target, by way of
// [routes.continueLogout].
func (h *routes) answerLogout(w http.ResponseWriter, r *http.Request, target string) {
	there := h.config.Paths.Prefix + continueRoute
	if err := h.keepTarget(w, target); err != nil {
		h.config.Logout.Logger.ErrorContext(r.Context(), "sallyport: no logout at the provider",
			"error", err)
		there = h.config.Paths.Prefix + "/logged-out"
	}
	if answer.IsHTMX(r) {
		w.Header().Set("HX-Redirect", there)
	}
	writeJSON(w, r, map[string]string{"logout_url": there})
}

// keepTarget seals where a logout leads: the seconds since 1970 (uint32), then the URL.
func (h *routes) keepTarget(w http.ResponseWriter, target string) error {
	now := h.config.Sessions.Now()
	plain := append(binary.BigEndian.AppendUint32(nil, uint32(now.Unix())), target...)
	text, err := h.config.Sessions.Seal(h.continueTicket(), plain)
	if err != nil {
		return fmt.Errorf("handlers: seal logout: %w", err)
	}
	return h.setPieces(w, continueCookie, text, logoutLifetime)
}

// continueLogout redirects to where a sign-out by a script leads. It works once. Only a navigation
// gets the redirect: for a script, the URL of the provider may not be readable.
func (h *routes) continueLogout(w http.ResponseWriter, r *http.Request) {
	if !h.admit(w, r, h.config.Logout, http.MethodGet) {
		return
	}
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode != "" && mode != "navigate" || dest != "" && dest != "document" {
		h.config.Logout.Fail(w, r, failed("bad_request",
			errors.New("handlers: a script asks where a logout leads: assign the address to "+
				"location instead"), h.toHome()))
		return
	}
	target, ok := h.takeTarget(w, r)
	if !ok {
		target = h.config.Paths.Prefix + "/logged-out"
	}
	redirect(w, target)
}

// takeTarget returns where the logout of this browser leads, the first time.
func (h *routes) takeTarget(w http.ResponseWriter, r *http.Request) (string, bool) {
	text := h.takePieces(w, r, continueCookie)
	plain, err := h.config.Sessions.Unseal(h.continueTicket(), text)
	if err != nil || len(plain) < 4 {
		return "", false
	}
	now, began := h.config.Sessions.Now(), time.Unix(int64(binary.BigEndian.Uint32(plain)), 0)
	fresh := now.Sub(began) <= logoutLifetime
	return string(plain[4:]), fresh && h.spent.first(continueMemory, text, began, now)
}

func (h *routes) continueTicket() engine.Ticket {
	return engine.Ticket{
		Name: h.cookie(continueCookie), Binding: h.bound(""), Logout: true,
	}
}
