package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Revocations remember which sessions are over before their time, also those that live in cookies
// only: a copy of such a cookie is refused although it opens. Nothing is written at a login; what
// is written at a logout is kept for as long as a session can live.
//
// The contract: epochs order revocations against logins without comparing clocks. Every Revoke gets
// a number that is higher than any that Epoch has returned before. Epoch returns at least 1, and no
// less than the number of any Revoke that has returned and whose mark may still be there. Both hold
// also after a restart that lost the count, with or without the marks. Epochs are times in
// microseconds, if need be increased, so that processes that do not share their revocations accept
// each other's logins: one that begins after a Revoke elsewhere has a higher epoch than its mark.
// Revoke merges what it is told with what is known about the same key ([Mark.Merge]), and returns
// when every process that shares the revocations will see it. Lookup returns a mark for each key,
// in order, and the zero Mark for those that are not known or not kept any more, and for the zero
// key. Keys look random and hold no secret. An error means that the answer is unknown.
//
// Marks are never forgotten early, and those of one provider or tenant are bounded in number. When
// a Revoke makes them too many, it also leaves its number as Mark.All with each of
// Revocation.Providers, and reports collapsed: all sessions of the provider begun until then are
// over. Its earlier marks say nothing more than that and may go.
//
// Implementations are safe for concurrent use. storetest.TestRevocations runs the contract.
type Revocations interface {
	Epoch(ctx context.Context) (uint64, error)
	Revoke(ctx context.Context, r Revocation) (collapsed bool, err error)
	Lookup(ctx context.Context, keys RevocationKeys) (Marks, error)
}

// A Revocation says what has ended.
type Revocation struct {
	Keys []RevocationKey // the names of what has ended

	// Providers are the names of the provider or tenant. Its marks are counted under the first one.
	// Without any, the marks are not counted.
	Providers []RevocationKey

	IssuedBefore time.Time     // see Mark.Before; zero: every session up to now
	Keep         time.Duration // how long the marks are needed
}

// A RevocationKey names what was ended: one session, one session of a provider, all sessions of a
// user, or all of a provider. It is a hash with a key, and says nothing about them. The zero key
// names nothing.
type RevocationKey [16]byte

// RevocationKeys are all names by which one session can be ended, the provider's last.
type RevocationKeys [4]RevocationKey

// Marks are what is known about the keys, in their order.
type Marks [4]Mark

// A Mark says which sessions of a key are over. The zero Mark ends none.
type Mark struct {
	// All ends sessions whose login began in an earlier epoch.
	All uint64
	// Some ends, of those whose login began in an earlier epoch than it, the ones for which the
	// provider issued the ID token in second Before (Unix time) or earlier: a provider's logout
	// does not end logins after it, although word of it may come late.
	Some   uint64
	Before uint32
}

// ends reports whether a session is over.
func (m Mark) ends(s *Session) bool {
	return s.Epoch < m.All || s.Epoch < m.Some && s.Issued.Unix() <= int64(m.Before)
}

// Merge adds a revocation with the given number to the mark. A zero issuedBefore means: every
// session up to now. Of two revocations with a time, the later time counts for both.
func (m Mark) Merge(epoch uint64, issuedBefore time.Time) Mark {
	if issuedBefore.IsZero() {
		m.All = max(m.All, epoch)
		return m
	}
	m.Some = max(m.Some, epoch)
	m.Before = max(m.Before, uint32(min(max(issuedBefore.Unix(), 0), 1<<32-1)))
	return m
}

// ErrNoRevocations is returned by calls that need [Config.Revocations] when there are none.
var ErrNoRevocations = errors.New("session: Config.Revocations is not set")

// Revocable reports whether sessions can be ended from elsewhere: by the provider, in another
// browser, by an administrator.
func (m *Manager) Revocable() bool { return m.config.Revocations != nil }

// Epoch is the current epoch of the revocations, or zero when there are none. Whoever obtains an
// identity over some time asks before and puts it into Session.Epoch, so that a logout that arrives
// meanwhile counts (R119). The error wraps [ErrStore].
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

// unrevoked returns nil if the session has not been ended from elsewhere.
func (m *Manager) unrevoked(ctx context.Context, s *Session) error {
	return m.unrevokedBut(ctx, s, nil)
}

// unrevokedBut leaves out a namer, under whose names the session has been looked up already.
func (m *Manager) unrevokedBut(ctx context.Context, s *Session, lookedUp *namer) error {
	if m.config.Revocations == nil {
		return nil
	}
	if v, ok := m.config.Revocations.(*memoryRevocations); ok && !v.concerned(s) {
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

// check refuses a session that has been ended. What ends one session by its ID needs no order
// between epochs, which may be those of another process.
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

// over notes that a session has ended here: in the revocations, and without any in this process.
func (m *Manager) over(ctx context.Context, s *Session) error {
	m.watchers.end(sessionKey(s.ID))
	if m.config.Revocations != nil {
		return m.revoke(ctx, byItself, s, time.Time{})
	}
	if m.inCookies() {
		m.generations.end(s, m.config.Now())
	}
	return nil
}

// endedBy is one of the names by which a session can be ended, in the order of RevocationKeys.
type endedBy int

const (
	byItself endedBy = iota
	byProviderSession
	byUser
	byProvider
)

// revoke ends the sessions that have this name of s, under each secret.
func (m *Manager) revoke(ctx context.Context, by endedBy, s *Session,
	issuedBefore time.Time) error {
	r := Revocation{
		IssuedBefore: issuedBefore,
		// A session that begins now lives this long; the clocks of two processes may be apart.
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
			"session: too many revocations to remember: all sessions of a provider are over",
			"provider", s.Provider)
		m.watchers.wake(r.Providers)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	m.watchers.wake(r.Keys)
	return nil
}

// A ProviderLogout is what a provider says has ended: one of its sessions, or all of a user's if
// SID is empty.
type ProviderLogout struct {
	Provider string // configured name
	Issuer   string
	Subject  string
	SID      string
	// IssuedAt is when the provider said so. Sessions whose ID token it issued later are not meant.
	IssuedAt time.Time
}

// EndProviderSessions ends the sessions that a provider has ended (OpenID Connect Back-Channel
// Logout 1.0 section 2.7): with a SID the one session, else all of the user at that issuer. There
// need not be any. The error wraps [ErrStore], or is [ErrNoRevocations].
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
