package handlers

import (
	"net/http"
	"strconv"
	"time"
)

// A browser that finishes logins but does not send the session cookie back (blocked, or dropped on the
// way) would be led from the page to the provider and back for ever, because the provider still knows the
// user. So each finished login leaves a short-lived counter behind, and a login that finds it too high although there
// is no session shows an error instead.
const (
	roundsCookie   = "rounds"
	roundsLifetime = time.Minute
	maxRounds      = 2
)

// round returns how many logins in a row ended without a session, and whether these are enough.
func (h *Handlers) round(r *http.Request) (round int, loop bool) {
	for text := range h.config.Sessions.Cookies().ReadAll(r, h.rounds) {
		n, err := strconv.Atoi(text)
		if err == nil && n > round {
			round = n
		}
	}
	if round == 0 {
		return 0, false
	}
	if _, err := h.config.Sessions.Load(r); err == nil {
		return 0, false // signed in: somebody signs in anew on purpose
	}
	return round, round >= maxRounds
}

// countRound notes one more finished login.
func (h *Handlers) countRound(w http.ResponseWriter, round int) {
	h.config.Sessions.Cookies().Set(w, h.rounds, strconv.Itoa(round+1), roundsLifetime, http.SameSiteLaxMode)
}

func (h *Handlers) forgetRounds(w http.ResponseWriter) {
	h.config.Sessions.Cookies().Delete(w, h.rounds, http.SameSiteLaxMode)
}
