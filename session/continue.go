package session

import (
	"context"
	"errors"
	"net/http"
)

// Continue makes the result of renew, with which the provider confirms the login, the next
// generation of s, the session of this request. The session keeps its ID, its Values, including
// those that other requests save in the meantime, and its end, unless the new one is earlier. The
// user must be the same. If the session is signed out in the meantime, it stays signed out, and the
// error is [ErrEnded] or [ErrInvalid]. An error of renew, or one that wraps [ErrStore], leaves the
// session unchanged.
func (m internals) Continue(w http.ResponseWriter, r *http.Request, s *Session,
	renew func() (*Session, error)) error {
	m.Manager = m.at(r)
	defer m.generations.make(s)()
	base := s.Clone()
	fresh, err := renew()
	if err != nil {
		return err
	}
	if fresh.User.Key() != s.User.Key() || fresh.Provider != s.Provider {
		return errors.New("session: Continue: renew returned the session of another user")
	}
	const tries = 3
	for range tries {
		if err = m.continued(w, r, base, fresh); !errors.Is(err, ErrChanged) {
			break
		}
	}
	return err
}

func (m *Manager) continued(w http.ResponseWriter, r *http.Request, base, fresh *Session) error {
	current, err := m.latest(r.Context(), base)
	if err != nil {
		return err
	}
	next := fresh.Clone()
	if err := next.settle(); err != nil {
		return err
	}
	next.ID, next.Created, next.Device = current.ID, current.Created, current.Device
	next.Values = current.Values
	next.details.record = m.recordFor(next, current)
	if next.Expires.IsZero() || next.Expires.After(current.Expires) {
		next.Expires = current.Expires
	}
	next.Proven, next.Seen = m.now(), m.now()
	next.Generation = m.generationAfter(current, base)
	sealed, err := m.sealWhole(next.Clone())
	if err != nil {
		return err
	}
	if err := m.write(w, r, next, IfOlder); err != nil {
		return err
	}
	if !m.remember(next, sealed) {
		return errEnded
	}
	return nil
}

// recordFor returns the location of current, with the provider's current session ID, which may have
// changed.
func (m *Manager) recordFor(next, current *Session) *record {
	if current.details.record == nil {
		return nil
	}
	place := *current.details.record
	if n := m.namerOf(current, &reference{user: place.user}); n != nil {
		place.sid = n.providerSessionOf(next)
	}
	return &place
}

// latest returns the current state of a session, with all changes saved since it was loaded.
func (m *Manager) latest(ctx context.Context, s *Session) (*Session, error) {
	current, err := fromStore(func() (*Session, error) { return m.keeper.reload(ctx, s) })
	if err != nil {
		return nil, err
	}
	if saved := m.generations.savedMeanwhile(s); saved != nil {
		return saved, nil
	}
	return current, nil
}
