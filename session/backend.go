package session

import (
	"context"
	"errors"
	"time"
)

// A Backend keeps the records of a [ServerStore]: in memory ([NewMemoryBackend]), in Redis (package
// redisstore), or in a storage of your own.
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
	GetAndLookup(ctx context.Context, key Key, keys RevocationKeys) (Record, Marks, error)
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

// Check returns nil if a Put may write version next. found reports whether a record exists, and
// current is its version.
func (c Condition) Check(found bool, current, next uint64) error {
	switch {
	case c == Always, c == IfAbsent && !found:
		return nil
	case c != IfAbsent && !found:
		return ErrNoRecord
	case c == IfOlder && current < next, c == IfNotNewer && current <= next:
		return nil
	}
	return ErrChanged
}

// ErrNoRecord means that a Backend has no record for a key.
var ErrNoRecord = errors.New("session: no such record")
