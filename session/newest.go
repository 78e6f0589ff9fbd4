package session

import "context"

// newest returns the latest generation of a session from cookies. One that is superseded is not
// accepted: its refresh token is spent, and its claims are not those of the user any more.
func (k cookieKeeper) newest(ctx context.Context, s *Session) (*Session, error) {
	lowest := k.generations.lowest(s)
	if s.Generation >= lowest {
		return s, nil
	}
	later, err := k.successor(ctx, s, lowest)
	if err != nil {
		return nil, err
	}
	later.details.sealed.behind = true
	return later, nil
}

// successor returns the generation that has superseded s.
func (m *Manager) successor(ctx context.Context, s *Session, lowest uint64) (*Session, error) {
	if lowest == over {
		return nil, errEnded
	}
	sealed := m.generations.successor(s, m.config.Now())
	if sealed == nil {
		return nil, errSuperseded
	}
	return m.Opened(ctx, sealed, s)
}

var errSuperseded = &unusable{"there is a later one, which is not in memory any more"}

// endedHere returns an error if a session in cookies has ended in this process.
func (m *Manager) endedHere(s *Session) error {
	if m.generations.lowest(s) == over {
		return errEnded
	}
	return nil
}
