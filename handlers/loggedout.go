package handlers

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

const (
	logoutCookie   = "logout"
	logoutLifetime = 10 * time.Minute
)

// loggedOut is the post-logout redirect URI. With the state of a logout of this browser, it
// redirects to the return address of that logout; otherwise it shows a page.
func (h *routes) loggedOut(w http.ResponseWriter, r *http.Request) {
	if !h.admit(w, r, h.config.Logout, http.MethodGet, http.MethodHead) {
		return
	}
	if state := queryOf(r)["state"]; len(state) == 1 && r.Method == http.MethodGet {
		if returnTo, ok := h.openLogout(r, state[0]); ok {
			h.config.Sessions.Cookies().Delete(w, h.cookie(logoutCookie), http.SameSiteLaxMode)
			if returnTo != "" {
				redirect(w, h.returns.clean(returnTo))
				return
			}
		}
	}
	e := failed("signed_out", nil, h.toHome())
	if _, err := h.config.Sessions.Load(r); err == nil {
		e = failed("still_signed_in", nil, h.toHome())
	}
	h.config.Logout.Show(w, r, e)
}

// keepLogout seals where a logout leads until the browser comes back from the provider with the
// state: the seconds since 1970 (uint32), then the address as it is, so that none makes the cookie
// too large.
func (h *routes) keepLogout(w http.ResponseWriter, state, returnTo string) error {
	sessions, name := h.config.Sessions, h.cookie(logoutCookie)
	plain := binary.BigEndian.AppendUint32(nil, uint32(sessions.Now().Unix()))
	plain = append(plain, returnTo...)
	text, err := sessions.Seal(h.logoutTicket(state), plain)
	if err != nil {
		return fmt.Errorf("handlers: seal logout: %w", err)
	}
	sessions.Cookies().Set(w, name, text, logoutLifetime, http.SameSiteLaxMode)
	return nil
}

// openLogout returns the return address of the logout with this state.
func (h *routes) openLogout(r *http.Request, state string) (returnTo string, ok bool) {
	sessions, name := h.config.Sessions, h.cookie(logoutCookie)
	for text := range h.values(r, name) {
		plain, err := sessions.Unseal(h.logoutTicket(state), text)
		if err != nil || len(plain) < 4 {
			continue
		}
		began := time.Unix(int64(binary.BigEndian.Uint32(plain)), 0)
		if sessions.Now().Sub(began) <= logoutLifetime {
			return string(plain[4:]), true
		}
	}
	return "", false
}

// logoutTicket makes the cookie of a logout open with its own state only.
func (h *routes) logoutTicket(state string) engine.Ticket {
	return engine.Ticket{
		Name: h.cookie(logoutCookie), Binding: h.bound("") + " " + state, Logout: true,
	}
}
