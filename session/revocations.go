package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Revocations end sessions before they expire, including sessions that live only in cookies: a copy
// of a revoked cookie is rejected although its seal is valid. A login writes nothing; a logout
// writes a mark that is kept for the maximum lifetime of a session.
//
// The contract: epochs order revocations and logins without comparing clocks. Every Revoke gets a
// number higher than any that Epoch has returned before. Epoch returns at least 1, and at least the
// number of every Revoke that has returned and whose mark may still exist. Both hold even after a
// restart that lost the counter, with or without the marks. Epochs are times in microseconds,
// increased if necessary, so processes that do not share their revocations accept each other's
// logins: a login that begins after a Revoke in another process has a higher epoch than its mark.
// Revoke merges a revocation with the existing mark of each key ([Mark.Merge]), and returns once
// every process that shares the revocations sees it. Lookup returns a mark for each key, in order,
// and the zero Mark for unknown or expired keys and for the zero key. Keys look random and hold no
// secret. An error means that the outcome is unknown.
//
// Marks are never dropped early, and the number of marks of one provider or tenant is bounded. A
// Revoke that exceeds this bound also stores its number as Mark.All under each key in
// Revocation.Providers, and returns collapsed: this ends all sessions of the provider begun until
// then. The provider's earlier marks are then redundant and may be dropped.
//
// Implementations are safe for concurrent use. storetest.TestRevocations tests this contract.
type Revocations interface {
	Epoch(ctx context.Context) (uint64, error)
	Revoke(ctx context.Context, r Revocation) (collapsed bool, err error)
	Lookup(ctx context.Context, keys RevocationKeys) (Marks, error)
}

// A Revocation names the sessions to end.
type Revocation struct {
	Keys []RevocationKey // the names of the sessions to end

	// Providers are the names of the provider or tenant. The marks are charged to the first one.
	// Without any, the marks are not bounded.
	Providers []RevocationKey

	IssuedBefore time.Time     // see Mark.Before; zero: every session begun until now
	Keep         time.Duration // how long to keep the marks
}

// A RevocationKey names one session, one session of a provider, all sessions of a user, or all
// sessions of a provider. It is a keyed hash and reveals nothing about them. The zero key names
// nothing.
type RevocationKey [16]byte

// RevocationKeys are all names of one session, the provider's last.
type RevocationKeys [4]RevocationKey

// Marks are the marks of RevocationKeys, in the same order.
type Marks [4]Mark

// A Mark defines which sessions of a key have ended. The zero Mark ends none.
type Mark struct {
	// All ends sessions whose login began in an earlier epoch.
	All uint64
	// Some ends sessions whose login began in an earlier epoch and whose ID token the provider
	// issued at Before (Unix time in seconds) or earlier: a delayed logout message does not end
	// logins that followed the logout.
	Some   uint64
	Before uint32
}

// ends reports whether the mark ends a session.
func (m Mark) ends(s *Session) bool {
	return s.Epoch < m.All || s.Epoch < m.Some && s.Issued.Unix() <= int64(m.Before)
}

// Merge returns the mark with a revocation of the given number added. A zero issuedBefore ends
// every session begun until now. Of two revocations with a time, the later time applies to both.
func (m Mark) Merge(epoch uint64, issuedBefore time.Time) Mark {
	if issuedBefore.IsZero() {
		m.All = max(m.All, epoch)
		return m
	}
	m.Some = max(m.Some, epoch)
	m.Before = max(m.Before, uint32(min(max(issuedBefore.Unix(), 0), 1<<32-1)))
	return m
}

// ErrNoRevocations is returned by calls that need [Config.Revocations] if it is not set.
var ErrNoRevocations = errors.New("session: Config.Revocations is not set")

// Revocable reports whether sessions can be ended from outside their browser: by the provider, in
// another browser, or by an administrator.
func (m *Manager) Revocable() bool { return m.config.Revocations != nil }

// Epoch returns the current epoch of the revocations, or zero without revocations. Code that takes
// time to obtain an identity calls Epoch first and sets Session.Epoch, so that a logout in the
// meantime applies to the new session (R119). The error wraps [ErrStore].
func (m *Manager) Epoch(ctx context.Context) (uint64, error) {
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
		if err := marks.check(s); err != nil {
			return err
		}
	}
	return nil
}

// check rejects a session that has been ended. A mark on the session ID applies whatever its epoch,
// which may be that of another process.
func (marks Marks) check(s *Session) error {
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

// A ProviderLogout is a logout at the provider: of one provider session, or of all sessions of a
// user if SID is empty.
type ProviderLogout struct {
	Provider string // configured name
	Issuer   string
	Subject  string
	SID      string
	// IssuedAt is when the provider issued the logout. Sessions with a later ID token are not
	// affected.
	IssuedAt time.Time
}

// EndProviderSessions ends the sessions that a provider has ended (OpenID Connect Back-Channel
// Logout 1.0 section 2.7): one provider session if SID is set, otherwise all sessions of the user
// at that issuer. It is not an error if there are none. The error wraps [ErrStore], or is
// [ErrNoRevocations].
func (m *Manager) EndProviderSessions(ctx context.Context, l ProviderLogout) error {
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
