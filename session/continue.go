package session

import (
	"context"
	"errors"
	"net/http"
)

// Continue makes what renew returns the next generation of s, the session that this request
// carries: a proof of the provider that the login stands. It stays the session that it is, with its
// ID, its Values, also those that another request saves meanwhile, and its end, or an earlier one.
// The user must be the same. A session that is signed out meanwhile stays so: the error is
// [ErrEnded] or [ErrInvalid] then. An error of renew, or one that wraps [ErrStore], leaves the
// session as it was.
func (m *Manager) Continue(w http.ResponseWriter, r *http.Request, s *Session,
	renew func() (*Session, error)) error {
	defer m.generations.make(s)()
	base := s.Clone()
	fresh, err := renew()
	if err != nil {
		return err
	}
	if fresh.User.Key() != s.User.Key() || fresh.Provider != s.Provider {
		return errors.New("session: Continue: it is the session of another user")
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
	current, err := m.asItIs(r.Context(), base)
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

// recordFor is the place of current, whose name at the provider may be another now.
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

// asItIs returns a session as it is now, with what was saved since it was loaded.
func (m *Manager) asItIs(ctx context.Context, s *Session) (*Session, error) {
	current, err := fromStore(func() (*Session, error) { return m.keeper.reload(ctx, s) })
	if err != nil {
		return nil, err
	}
	if saved := m.generations.savedMeanwhile(s); saved != nil {
		return saved, nil
	}
	return current, nil
}
