package session

import (
	"context"
	"errors"
	"time"
)

// A Backend keeps the records of a [ServerStore]: in memory ([NewMemoryBackend]), in Redis (package redisstore), or wherever you like.
//
// The contract: Get returns the record that was put last, or [ErrNoRecord] when there is none, because it never was, was deleted, or
// its TTL is over (up to a second late). Put writes if the condition holds, checking and writing as one step, whatever other
// processes do; when it does not hold, nothing is written and the error is [ErrChanged], or [ErrNoRecord] if there is no record
// but has to be one. Delete of a record that is not there is no error. List returns the records of an owner that are there, in
// no order; it may leave out one that is being written. What Put has written, later calls of Get and List see, in
// every process.
//
// Any other error means that the answer is unknown, never that there is no record: the user then sees 503 and stays signed in. A call
// must end at the deadline of its context, and within a few seconds in any case, so also when the context is cancelled.
//
// Keys consist of letters, digits, '-' and '_', and say nothing about users. Data is sealed, except its version. Implementations are
// safe for concurrent use. storetest.TestBackend runs the contract.
//
// A Backend that is also [Revocations] or a [Locker] takes these parts too, unless Config names others.
type Backend interface {
	Get(ctx context.Context, key Key) (Record, error)
	Put(ctx context.Context, key Key, record Record, condition Condition) error
	Delete(ctx context.Context, key Key) error
	List(ctx context.Context, owner string) ([]Record, error)
}

// A JointBackend can look up revocations in the round trip that gets the record. It is used when the same value is Config.Revocations.
type JointBackend interface {
	Backend
	Revocations
	GetAndLookup(ctx context.Context, key Key, keys RevocationKeys) (Record, Marks, error)
}

// A Key names a record. The records of one owner can be listed, and may be kept together.
type Key struct{ Owner, ID string }

// A Record is what a Backend keeps.
type Record struct {
	Version uint64
	Data    string
	TTL     time.Duration // from the Put on; not needed in what Get and List return
}

// A Condition says what must be there for a Put to write.
type Condition int

// The conditions.
const (
	Always     Condition = iota // whatever is there
	IfAbsent                    // no record
	IfOlder                     // a record with a lower version
	IfNotNewer                  // a record with a lower version or the same
)

// Check returns nil if a Put may write a record of version next. There is a record of version current if found.
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
