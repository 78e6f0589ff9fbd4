package session

import (
	"context"
	"errors"
	"fmt"
)

// startable rejects a session that guards would reject.
func (m *Manager) startable(ctx context.Context, s *Session) error {
	switch {
	case s.User.Subject == "":
		return errors.New("session: Start: the session has no user: set User.Issuer and " +
			"User.Subject")
	case !s.Expires.IsZero() && !m.now().Before(s.Expires):
		return fmt.Errorf("session: Start: Expires %v is in the past: set a later time, or none "+
			"for Config.Lifetime", s.Expires)
	}
	err := m.ask(ctx, s)
	if errors.Is(err, ErrStore) {
		return err
	}
	if err != nil {
		return fmt.Errorf("session: Start: guards would reject a session with Provider %q "+
			"and Registration %q: "+
			"start a session that a login or Manager.Load returned: %w", s.Provider,
			s.Registration, err)
	}
	return m.restartable(ctx, s)
}

// restartable rejects a session that has been ended since it was loaded. A session that has just
// signed in is not checked: a logout in the meantime ends it at the next request.
func (m *Manager) restartable(ctx context.Context, s *Session) error {
	if s.ID == "" {
		return nil
	}
	err := m.endedHere(s)
	if err == nil {
		err = m.unrevoked(ctx, s)
	}
	if errors.Is(err, ErrEnded) {
		return fmt.Errorf("session: Start: the session has been ended: "+
			"set Epoch to zero to stay signed in after EndAll: %w", err)
	}
	return err
}
