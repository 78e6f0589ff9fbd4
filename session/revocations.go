package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// ends reports whether the mark ends a session.
func (m Mark) ends(s *Session) bool {
	return s.Epoch < m.All || s.Epoch < m.Some && s.Issued.Unix() <= int64(m.Before)
}

// ErrNoRevocations is returned by calls that need [Config.Revocations] if it is not set.
var ErrNoRevocations = errors.New("session: Config.Revocations is not set")

// Revocable reports whether sessions can be ended from outside their browser: by the provider, in
// another browser, or by an administrator.
func (m *Manager) Revocable() bool { return m.config.Revocations != nil }

// epoch returns the current epoch of the revocations, or zero without revocations. The error wraps
// [ErrStore].
func (m *Manager) epoch(ctx context.Context) (uint64, error) {
	if m.config.Revocations == nil {
		return 0, nil
	}
	epoch, err := fromStore(func() (uint64, error) { return m.config.Revocations.Epoch(ctx) })
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrStore, err)
	}
	return epoch, nil
}

// unrevoked returns nil if no revocation applies to the session.
func (m *Manager) unrevoked(ctx context.Context, s *Session) error {
	return m.unrevokedBut(ctx, s, nil)
}

// unrevokedBut skips one namer, whose names of the session have already been looked up.
func (m *Manager) unrevokedBut(ctx context.Context, s *Session, lookedUp *namer) error {
	if m.config.Revocations == nil {
		return nil
	}
	if v, ok := m.config.Revocations.(*memoryRevocations); ok && !v.mayApply(s) {
		return nil
	}
	for _, n := range m.keyring.namers {
		if n == lookedUp {
			continue
		}
		marks, err := m.config.Revocations.Lookup(ctx, n.keys(s))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrStore, err)
		}
		if err := checkMarks(marks, s); err != nil {
			return err
		}
	}
	return nil
}

// checkMarks rejects a session that has been ended. A mark on the session ID applies whatever its
// epoch, which may be that of another process.
func checkMarks(marks [4]Mark, s *Session) error {
	if marks[0] != (Mark{}) {
		return errEnded
	}
	for _, mark := range marks[1:] {
		if mark.ends(s) {
			return errEnded
		}
	}
	return nil
}

// recordEnd records that a session ended here: in the revocations or, without any, in this process.
func (m *Manager) recordEnd(ctx context.Context, s *Session) error {
	m.watchers.end(sessionKey(s.ID))
	if m.config.Revocations != nil {
		return m.revoke(ctx, bySessionID, s, time.Time{})
	}
	if m.inCookies() {
		m.generations.end(s, m.config.Now())
	}
	return nil
}

// endedBy is an index into RevocationKeys.
type endedBy int

const (
	bySessionID endedBy = iota
	byProviderSession
	byUser
	byProvider
)

// revoke ends the sessions that share this name with s, under each secret.
func (m *Manager) revoke(ctx context.Context, by endedBy, s *Session,
	issuedBefore time.Time) error {
	r := Revocation{
		IssuedBefore: issuedBefore,
		// A session that begins now lives this long; the clocks of two processes may differ.
		Keep: m.config.Lifetime + 2*skew,
	}
	for _, n := range m.keyring.namers {
		keys := n.keys(s)
		if key := keys[by]; !slices.Contains(r.Keys, key) {
			r.Keys = append(r.Keys, key)
		}
		r.Providers = append(r.Providers, keys[byProvider])
	}
	collapsed, err := fromStore(func() (bool, error) {
		if v, ok := m.config.Revocations.(*memoryRevocations); ok {
			return v.revokeNamed(by, s, r)
		}
		return m.config.Revocations.Revoke(ctx, r)
	})
	if collapsed {
		m.site.Logger.WarnContext(ctx,
			"session: too many revocations: all sessions of a provider have been ended",
			"provider", s.Provider)
		m.watchers.wake(r.Providers)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	m.watchers.wake(r.Keys)
	return nil
}

// EndProviderSessions ends the sessions that a provider has ended (OpenID Connect Back-Channel
// Logout 1.0 section 2.7): one provider session if SID is set, otherwise all sessions of the user
// at that issuer. It is not an error if there are none. The error wraps [ErrStore], or is
// [ErrNoRevocations].
func (m internals) EndProviderSessions(ctx context.Context, l engine.ProviderLogout) error {
	if m.config.Revocations == nil {
		return ErrNoRevocations
	}
	named := &Session{Provider: l.Provider, User: User{Issuer: l.Issuer, Subject: l.Subject},
		SID: l.SID}
	by := byProviderSession
	if l.SID == "" {
		by = byUser
	}
	return m.revoke(ctx, by, named, l.IssuedAt)
}
