package session

import (
	"errors"
	"net/http"
	"time"
)

// IdleEnd returns when a loaded session ends unless the user is active before.
func (m *Manager) IdleEnd(s *Session) time.Time {
	if end := s.Seen.Add(m.config.Idle); end.Before(s.Expires) {
		return end
	}
	return s.Expires
}

// Extend moves the idle limit of a loaded session to Config.Idle from now, but never beyond
// Expires. Guards do this by themselves now and then; call Extend for activity that the server does
// not see, such as a "stay signed in" button. While the tokens of a cookie session are being
// refreshed it writes nothing, because the refresh extends the session as well. Call it before any
// change to the session, and before the response's first byte.
func (m *Manager) Extend(w http.ResponseWriter, r *http.Request, s *Session) error {
	m = m.at(r)
	sealed := s.details.sealed
	if sealed == nil || sealed.manager.shared != m.shared {
		return nil // written in this request, or another manager's
	}
	if sealed.behind {
		sealed.behind = false
		return m.adopt(w, r, s)
	}
	now := m.now()
	if !now.After(s.Seen) || m.inCookies() && m.generations.making(s) {
		return nil
	}
	_, err := m.moveIdle(w, r, s, now)
	return err
}

// moveIdle writes a session with only Seen changed, unless another request has just written it.
func (m *Manager) moveIdle(
	w http.ResponseWriter, r *http.Request, s *Session, now time.Time,
) (bool, error) {
	sealed := s.details.sealed
	details, err := m.sameDetails(s)
	if err != nil {
		return false, err
	}
	before := s.Seen
	s.Seen, sealed.current = now, true
	if err := m.keep(w, r, s, details, IfNotNewer); err != nil {
		s.Seen = before
		if errors.Is(err, ErrChanged) {
			return false, nil
		}
		return false, err
	}
	return true, nil
}
