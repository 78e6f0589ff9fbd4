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

// NewMemoryRevocations returns Revocations for one process, which may be shared by several managers in it. A restart forgets
// them. They take less than a hundred bytes each; beyond four million, Revoke returns an error. now is the clock; nil
// means time.Now.
func NewMemoryRevocations(now func() time.Time) Revocations {
	if now == nil {
		now = time.Now
	}
	return &memoryRevocations{now: now, epoch: 1, marks: map[RevocationKey]keptMark{}}
}

type memoryRevocations struct {
	now func() time.Time

	mu    sync.RWMutex
	epoch uint64
	marks map[RevocationKey]keptMark
}

// A keptMark is a Mark with the second in which it may be forgotten, in a form without holes.
type keptMark struct {
	all, some     uint64
	before, until uint32
}

func (k keptMark) mark() Mark { return Mark{k.all, k.some, k.before} }

// Epoch implements Revocations.
func (v *memoryRevocations) Epoch(context.Context) (uint64, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.epoch, nil
}

// Revoke implements Revocations.
func (v *memoryRevocations) Revoke(_ context.Context, keys []RevocationKey, issuedBefore time.Time, keep time.Duration) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	v.sweep(now)
	if len(v.marks)+len(keys) > maxMarks {
		return errTooManyMarks
	}
	v.epoch = max(v.epoch+1, uint64(now.UnixMicro()))
	for _, key := range keys {
		if key == (RevocationKey{}) {
			continue
		}
		old := v.marks[key]
		merged := old.mark().Merge(v.epoch, issuedBefore)
		until := max(old.until, uint32(now.Add(keep).Unix()))
		v.marks[key] = keptMark{merged.All, merged.Some, merged.Before, until}
	}
	return nil
}

// sweep drops some of what is too old. A map is walked from a random place, so in time every mark is looked at.
func (v *memoryRevocations) sweep(now time.Time) {
	looked := 0
	for key, mark := range v.marks {
		if int64(mark.until) <= now.Unix() {
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
