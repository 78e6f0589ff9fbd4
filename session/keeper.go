package session

import (
	"context"
	"net/http"
)

// A keeper stores a manager's sessions: in cookies, in a Backend, or in a gorilla store.
type keeper interface {
	// load returns the session of the request if it is valid; see Manager.Load for the errors.
	load(r *http.Request) (*Session, error)

	// reload returns the current state of a session that was loaded earlier.
	reload(ctx context.Context, s *Session) (*Session, error)

	// write stores the session and sets its cookies. With IfAbsent the session is new: the previous
	// session of the request ends (R88), but only when only the store can still fail.
	write(w http.ResponseWriter, r *http.Request, s *Session, details string, c Condition) error

	// end invalidates the session that the request carries, as far as possible. The caller deletes
	// the cookies.
	end(r *http.Request) error

	// endNamed invalidates the session of a name.
	endNamed(r *http.Request, n *sessionName) error
}

func newKeeper(m *Manager) keeper {
	switch store := m.config.Store.(type) {
	case nil:
		return cookieKeeper{m}
	case *ServerStore:
		store.serve(m)
		return newServerKeeper(m, store.backend)
	default:
		return gorillaKeeper{m, store}
	}
}
