package session

import (
	"context"
	"time"
)

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
	return m.opened(ctx, sealed, s)
}

var errSuperseded = &unusable{"there is a later one, which is not in memory any more"}

// refreshing reports whether the tokens of a session are being refreshed, or are about to be. A
// response that sets its cookies then could bring the spent refresh token back. If nothing is
// refreshed for long, the idle limit must be moved all the same.
func (m *Manager) refreshing(s *Session, now time.Time) bool {
	if m.generations.making(s) || s.Generation < m.generations.lowest(s) {
		return true
	}
	tokens, err := s.Tokens()
	due := err == nil && tokens.RefreshToken != "" &&
		!tokens.Expiry.IsZero() && !tokens.Expiry.After(now.Add(refreshSoon))
	return due && now.Sub(s.Seen) < m.config.Idle/2
}

// refreshSoon is how long before its end an access token is likely to be refreshed.
const refreshSoon = time.Minute

// endedHere returns an error if a session in cookies has ended in this process.
func (m *Manager) endedHere(s *Session) error {
	if m.generations.lowest(s) == over {
		return errEnded
	}
	return nil
}
