package session

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/cookies"
)

// internals are a Manager as the login routes and the guards see it: with methods that applications
// do not need, and that go doc does not show. wiring.Sessions lists them. Each is defined beside
// the code that it belongs to.
type internals struct{ *Manager }

// Now returns the time of the manager's clock, Config.Now.
func (m internals) Now() time.Time { return m.config.Now() }

// Stored reports whether a [ServerStore] keeps the sessions: then the browser's cookie need not
// change when a session does.
func (m internals) Stored() bool { return m.lists() }

// CookieName returns the name of the session cookie, without its prefix. The names of related
// cookies start with it.
func (m internals) CookieName() string { return m.config.CookieName }

// Cookies writes and reads cookies of the same site as the session's.
func (m internals) Cookies() cookies.Jar { return m.cookies }

// Due reports whether the session must be re-checked with the provider (Config.Revalidate). Own
// logins have none.
func (m internals) Due(s *Session) bool {
	return m.config.Revalidate > 0 && s.User.Issuer != OwnIssuer &&
		!m.config.Now().Before(s.Proven.Add(m.config.Revalidate))
}

// Discard is End for a session that ended without a sign-out by the user.
func (m internals) Discard(w http.ResponseWriter, r *http.Request) error { return m.discard(w, r) }

// Epoch returns the current epoch of the revocations, or zero without revocations. Code that takes
// time to obtain an identity calls Epoch first and sets Session.Epoch, so that a logout in the
// meantime applies to the new session (R119). The error wraps [ErrStore].
func (m internals) Epoch(ctx context.Context) (uint64, error) { return m.epoch(ctx) }

// Lists reports whether sessions can be listed, because they are in a [ServerStore].
func (m internals) Lists() bool { return m.lists() }
