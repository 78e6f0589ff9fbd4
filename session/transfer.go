package session

import (
	"context"
	"errors"
	"net/http"
)

// sealWhole seals a session in one piece.
func (m *Manager) sealWhole(s *Session) ([]byte, error) {
	if err := s.settle(); err != nil {
		return nil, err
	}
	if m.config.ProfileOnly {
		s.details.tokens = nil
	}
	details, err := m.sealDetails(s)
	if err != nil {
		return nil, err
	}
	identity, err := m.sealIdentity(s, details, func(int) byte { return 0 })
	if err != nil {
		return nil, err
	}
	return []byte(identity + "." + details), nil
}

// opened returns the later generation of a session that sealWhole sealed. The error is [ErrInvalid]
// if it belongs to another session, is not later, or is no longer valid, or it wraps [ErrStore].
func (m *Manager) opened(ctx context.Context, sealed []byte, earlier *Session) (*Session, error) {
	now := m.config.Now()
	s, err := m.openStored(string(sealed), now)
	if err != nil || s.ID != earlier.ID || s.Generation <= earlier.Generation {
		return nil, ErrInvalid
	}
	if err := toStore(func() error { return m.check(ctx, s, now) }); err != nil {
		return nil, err
	}
	s.details.record = earlier.details.record
	return s, nil
}

// adopt sets the cookies of a later generation without changing it. Many responses may do so. If
// the session has been signed out here in the meantime, the error is [ErrInvalid].
func (m *Manager) adopt(w http.ResponseWriter, r *http.Request, s *Session) error {
	if s.details.sealed == nil || m.generations.lowest(s) == allEnded {
		return ErrInvalid
	}
	details, err := m.sameDetails(s)
	if err != nil {
		return err
	}
	err = m.keep(w, r, s, details, IfNotNewer)
	if errors.Is(err, ErrChanged) {
		return nil // the store holds a later one already
	}
	return err
}
