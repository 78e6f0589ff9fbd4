package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxMarks bounds the memory of revocations, about a quarter of a gigabyte. They are written by users who sign out and by providers
// with a valid signature only, so nobody else can fill it.
const maxMarks = 4 << 20

// swept is how many marks each Revoke looks at, to drop what has become too old.
const swept = 16

var errTooManyMarks = errors.New("session: too many revocations to remember")

// NewMemoryRevocations returns Revocations for an application that runs as one process, which may be shared by several managers in it. A restart forgets
// them. They take less than a hundred bytes each; beyond four million, Revoke returns an error. now is the clock; nil
// means time.Now.
func NewMemoryRevocations(now func() time.Time) Revocations {
	if now == nil {
		now = time.Now
	}
	return &memoryRevocations{now: now, limit: maxMarks, epoch: 1, marks: map[RevocationKey]keptMark{}, quick: newQuick(now())}
}

type memoryRevocations struct {
	now   func() time.Time
	limit int

	mu    sync.RWMutex
	epoch uint64
	keep  time.Duration // the longest that was asked for
	marks map[RevocationKey]keptMark
	quick quick
}

// A keptMark is a Mark in the twenty bytes that it needs; a struct would be padded. When it may be forgotten follows from its epochs,
// which are times in microseconds.
type keptMark [5]uint32

func keep(m Mark) keptMark {
	return keptMark{uint32(m.All >> 32), uint32(m.All), uint32(m.Some >> 32), uint32(m.Some), m.Before}
}

func (k keptMark) mark() Mark {
	return Mark{All: uint64(k[0])<<32 | uint64(k[1]), Some: uint64(k[2])<<32 | uint64(k[3]), Before: k[4]}
}

func (k keptMark) made() time.Time {
	m := k.mark()
	return time.UnixMicro(int64(max(m.All, m.Some)))
}

// Epoch implements Revocations. Only a time is comparable with the epochs of other processes.
func (v *memoryRevocations) Epoch(context.Context) (uint64, error) {
	now := uint64(max(v.now().UnixMicro(), 1))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epoch = max(v.epoch, now)
	return v.epoch, nil
}

// Revoke implements Revocations.
func (v *memoryRevocations) Revoke(_ context.Context, keys []RevocationKey, issuedBefore time.Time, keepFor time.Duration) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quick.nameless = true
	return v.revoke(keys, issuedBefore, keepFor)
}

// revokeNamed is Revoke of the keys of one name that is known.
func (v *memoryRevocations) revokeNamed(by endedBy, about *Session, keys []RevocationKey, issuedBefore time.Time, keepFor time.Duration) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.revoke(keys, issuedBefore, keepFor); err != nil {
		return err
	}
	v.quick.add(by, about, v.keep, v.now())
	return nil
}

// concerned reports whether a mark may be about a session.
func (v *memoryRevocations) concerned(s *Session) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.quick.concerned(s)
}

func (v *memoryRevocations) revoke(keys []RevocationKey, issuedBefore time.Time, keepFor time.Duration) error {
	now := v.now()
	v.keep = max(v.keep, keepFor)
	v.sweep(now)
	if len(v.marks)+len(keys) > v.limit {
		return errTooManyMarks
	}
	v.epoch = max(v.epoch+1, uint64(now.UnixMicro()))
	for _, key := range keys {
		if key != (RevocationKey{}) {
			v.marks[key] = keep(v.marks[key].mark().Merge(v.epoch, issuedBefore))
		}
	}
	return nil
}

// sweep drops some of what is too old. A map is walked from a random place, so in time every mark is looked at.
func (v *memoryRevocations) sweep(now time.Time) {
	looked := 0
	for key, mark := range v.marks {
		if !now.Before(mark.made().Add(v.keep)) {
			delete(v.marks, key)
		}
		if looked++; looked == swept {
			return
		}
	}
}

// Lookup implements Revocations.
func (v *memoryRevocations) Lookup(_ context.Context, keys RevocationKeys) (Marks, error) {
	var marks Marks
	v.mu.RLock()
	defer v.mu.RUnlock()
	for i, key := range keys {
		if key != (RevocationKey{}) {
			marks[i] = v.marks[key].mark() // one that is too old ends nothing that is still alive
		}
	}
	return marks, nil
}
