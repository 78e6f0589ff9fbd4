package session

import (
	"context"
	"time"
)

// newest returns the latest generation of a session from cookies. A superseded one is rejected: its
// refresh token is spent, and its claims are outdated.
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

// successor returns the generation that superseded s.
func (m *Manager) successor(ctx context.Context, s *Session, lowest uint64) (*Session, error) {
	if lowest == allEnded {
		return nil, errEnded
	}
	sealed := m.generations.successor(s, m.config.Now())
	if sealed == nil {
		return nil, errSuperseded
	}
	return m.opened(ctx, sealed, s)
}

var errSuperseded = &unusable{"a later one superseded it and is no longer in memory"}

// refreshing reports whether the tokens of a session are being refreshed or soon will be. A
// response that sets the session's cookies at that time could restore the spent refresh token. If
// no refresh happens for half of Config.Idle, the idle limit must be extended nevertheless.
func (m *Manager) refreshing(s *Session, now time.Time) bool {
	if m.generations.making(s) || s.Generation < m.generations.lowest(s) {
		return true
	}
	tokens, err := s.Tokens()
	due := err == nil && tokens.RefreshToken != "" &&
		!tokens.Expiry.IsZero() && !tokens.Expiry.After(now.Add(refreshSoon))
	return due && now.Sub(s.Seen) < m.config.Idle/2
}

// refreshSoon is how long before its expiry an access token is likely to be refreshed.
const refreshSoon = time.Minute

// endedHere returns an error if a cookie session has ended in this process.
func (m *Manager) endedHere(s *Session) error {
	if m.generations.lowest(s) == allEnded {
		return errEnded
	}
	return nil
}
