package session

import (
	"context"
	"errors"
	"time"
)

// This file is the contract for authors of stores. Package storetest tests it.

// A Backend keeps the records of a [ServerStore]: in memory ([NewMemoryBackend]), in Redis (package
// redisstore), or in your own storage.
//
// The contract: Get returns the last record that was put, or [ErrNoRecord] if there is none: it was
// never put, was deleted, or its TTL has elapsed (at most a second ago). Put checks the condition
// and writes in one atomic step across all processes. If the condition fails, Put writes nothing
// and returns [ErrChanged], or [ErrNoRecord] if the condition needs a record and there is none.
// Delete of a missing record is not an error. List returns the records of an owner in any order; it
// may omit one that is being written. After Put returns, Get and List see the record in every
// process.
//
// Any other error means that the outcome is unknown, never that the record is missing: the user
// then sees 503 and stays signed in. A call must return by the deadline of its context, and in any
// case within a few seconds, even when the context is canceled.
//
// Keys consist of letters, digits, '-' and '_', and reveal nothing about users. Data is sealed, but
// its version is not. Implementations are safe for concurrent use. storetest.TestBackend tests this
// contract.
//
// A Backend that also implements [Revocations] or [Locker] is used for those as well, unless Config
// sets others.
type Backend interface {
	Get(ctx context.Context, key Key) (Record, error)
	Put(ctx context.Context, key Key, record Record, condition Condition) error
	Delete(ctx context.Context, key Key) error
	List(ctx context.Context, owner string) ([]Record, error)
}

// A JointBackend looks up revocations in the same round trip as the record. It is used if the same
// value is Config.Revocations.
type JointBackend interface {
	Backend
	Revocations
	GetAndLookup(ctx context.Context, key Key, keys RevocationKeys) (Record, [4]Mark, error)
}

// A Key identifies a record. The records of one owner can be listed, and may be stored together.
type Key struct{ Owner, ID string }

// A Record is one entry in a Backend.
type Record struct {
	Version uint64
	Data    string
	TTL     time.Duration // starts at the Put; Get and List need not return it
}

// A Condition is the precondition of a Put.
type Condition int

// The conditions.
const (
	Always     Condition = iota // no condition
	IfAbsent                    // no record
	IfOlder                     // a record with a lower version
	IfNotNewer                  // a record with a lower version or the same
)

// ErrNoRecord means that a Backend has no record for a key.
var ErrNoRecord = errors.New("session: no such record")

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
	Lookup(ctx context.Context, keys RevocationKeys) ([4]Mark, error)
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

// A Locker runs a function once for concurrent and closely following callers, and gives all of them
// the result. The library uses it to refresh tokens, because a rotating refresh token may be sent
// only once, and to process provider messages once ([Manager.Once]).
//
// The contract: Do calls f for a key unless a call for the same key is running or has succeeded
// within the last keep; then Do waits for that call and returns its result. f runs with its own
// context: it continues when the caller of Do goes away, and is canceled after a minute. All
// waiting callers in this process get an error of f; the error is not kept, and waiting callers in
// other processes run their own f. Do returns early with the cause of ctx when ctx ends. If the
// process that runs f dies, another process may run its f within a minute. Results are sealed: they
// may be stored anywhere, but not for much longer than keep. storetest.TestLocker tests this
// contract.
//
// A Locker shared by several processes makes token refresh safe across them. Within one process,
// [NewMemoryLocker] is enough, and is the default.
type Locker interface {
	Do(ctx context.Context, key string, keep time.Duration,
		f func(context.Context) ([]byte, error)) ([]byte, error)
}
