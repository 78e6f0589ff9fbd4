package session

import (
	"context"
	"net/http"
)

// A keeper is where a manager's sessions live: in cookies, in a Backend, or in a gorilla store.
type keeper interface {
	// load returns the session that the request carries if it counts; see Manager.Load for the errors.
	load(r *http.Request) (*Session, error)

	// reload returns the session as it is now, for somebody who has loaded it before.
	reload(ctx context.Context, s *Session) (*Session, error)

	// write keeps the session and sets its cookies. With IfAbsent it is a new one: the session that the
	// request came with ends (R88), but only once nothing can fail but the store.
	write(w http.ResponseWriter, r *http.Request, s *Session, details string, c Condition) error

	// end makes what the request carries lead nowhere, as far as that is possible. It leaves the cookies to
	// the caller.
	end(r *http.Request) error

	// endNamed does the same for the session of a name.
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
