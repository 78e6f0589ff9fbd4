package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// maxMarks bounds the memory of revocations at about a quarter of a gigabyte. Only sign-outs and
// signed messages of providers add marks, so unauthenticated requests cannot fill it.
const maxMarks = 4 << 20

// swept is how many marks each Revoke checks for expiry.
const swept = 16

var errTooManyMarks = errors.New("session: too many revocations to remember")

// NewMemoryRevocations returns Revocations for an application that runs as one process; several
// managers in it may share them. A restart loses them. Each takes less than a hundred bytes. Beyond
// two million of one provider or tenant, or four million in total, the revocations of the provider
// with the most are replaced by one that ends all its sessions begun until then. now is the clock;
// nil means time.Now.
func NewMemoryRevocations(now func() time.Time) Revocations {
	if now == nil {
		now = time.Now
	}
	return &memoryRevocations{
		now: now, limit: maxMarks, epoch: 1, marks: map[RevocationKey]keptMark{},
		quick:  newQuick(now()),
		shares: newShares(),
	}
}

type memoryRevocations struct {
	now   func() time.Time
	limit int

	mu    sync.RWMutex
	epoch uint64
	keep  time.Duration // the longest Revocation.Keep so far
	marks map[RevocationKey]keptMark
	quick quick
	shares
}

// A keptMark packs a Mark and the number of its owner into twenty bytes; a struct would be padded.
// Epochs are times in microseconds, which need 52 bits until the year 2112: the upper bits hold the
// owner, and the expiry follows from the epochs.
type keptMark [5]uint32

const (
	epochBits = 20 // of the upper half of an epoch
	ownerBits = 2 * (32 - epochBits)
)

func keep(m Mark, owner uint32) keptMark {
	return keptMark{
		uint32(m.All>>32) | owner<<epochBits, uint32(m.All),
		uint32(m.Some>>32) | owner>>(ownerBits/2)<<epochBits, uint32(m.Some), m.Before,
	}
}

func (k keptMark) mark() Mark {
	const upper = 1<<epochBits - 1
	return Mark{
		All: uint64(k[0]&upper)<<32 | uint64(k[1]), Some: uint64(k[2]&upper)<<32 | uint64(k[3]),
		Before: k[4],
	}
}

func (k keptMark) owner() uint32 { return k[0]>>epochBits | k[2]>>epochBits<<(ownerBits/2) }

func (k keptMark) made() time.Time {
	m := k.mark()
	return time.UnixMicro(int64(max(m.All, m.Some)))
}

// Epoch implements Revocations. It is at least the current time, to be comparable with the epochs
// of other processes.
func (v *memoryRevocations) Epoch(context.Context) (uint64, error) {
	now := uint64(max(v.now().UnixMicro(), 1))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epoch = max(v.epoch, now)
	return v.epoch, nil
}

// Revoke implements Revocations.
func (v *memoryRevocations) Revoke(_ context.Context, r Revocation) (collapsed bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.quick.nameless = true
	return v.revoke(v.shares.of("", r.Providers), r)
}

// revokeNamed is Revoke for one name of a known session.
func (v *memoryRevocations) revokeNamed(by endedBy, about *Session, r Revocation) (
	collapsed bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if collapsed, err = v.revoke(v.shares.of(about.Provider, r.Providers), r); err == nil {
		v.quick.add(by, about, v.keep, v.now())
	}
	return collapsed, err
}

// revoke makes room first: it collapses the marks of an owner that exceeds its share, or else those
// of the owner with the most.
func (v *memoryRevocations) revoke(owner uint32, r Revocation) (collapsed bool, err error) {
	now := v.now()
	v.keep = max(v.keep, r.Keep)
	v.sweep(now)
	switch {
	case owner != noOwner && v.shares.all[owner].count >= v.limit/2:
		v.collapse(owner)
		collapsed = true
	case len(v.marks)+len(r.Keys) > v.limit:
		most := v.shares.largest()
		v.collapse(most)
		collapsed = most == owner && owner != noOwner
	}
	if len(v.marks)+len(r.Keys) > v.limit {
		return collapsed, errTooManyMarks
	}
	v.moveEpoch()
	for _, key := range r.Keys {
		v.mark(key, owner, r.IssuedBefore)
	}
	return collapsed, nil
}

// collapse replaces the marks of one provider or tenant by a single one that ends all its sessions
// begun until now. It forgets no revocation.
func (v *memoryRevocations) collapse(owner uint32) {
	if owner == noOwner {
		return
	}
	for key, mark := range v.marks {
		if mark.owner() == owner {
			v.drop(key)
		}
	}
	v.moveEpoch()
	share := v.shares.all[owner]
	for _, key := range share.providers {
		v.mark(key, noOwner, time.Time{})
	}
	v.quick.collapse(share.name)
}

func (v *memoryRevocations) moveEpoch() {
	v.epoch = max(v.epoch+1, uint64(v.now().UnixMicro()))
}

// mark merges the current epoch into the mark of a key.
func (v *memoryRevocations) mark(key RevocationKey, owner uint32, issuedBefore time.Time) {
	if key == (RevocationKey{}) {
		return
	}
	old, known := v.marks[key]
	if known {
		owner = old.owner()
	} else {
		v.shares.all[owner].count++
	}
	v.marks[key] = keep(old.mark().Merge(v.epoch, issuedBefore), owner)
}

func (v *memoryRevocations) drop(key RevocationKey) {
	v.shares.all[v.marks[key].owner()].count--
	delete(v.marks, key)
}

// mayApply reports whether a mark may apply to a session.
func (v *memoryRevocations) mayApply(s *Session) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.quick.mayApply(s)
}

// sweep drops some expired marks. Map iteration starts at a random place, so every mark is checked
// eventually.
func (v *memoryRevocations) sweep(now time.Time) {
	looked := 0
	for key, mark := range v.marks {
		if !now.Before(mark.made().Add(v.keep)) {
			v.drop(key)
		}
		if looked++; looked == swept {
			return
		}
	}
}

// Lookup implements Revocations.
func (v *memoryRevocations) Lookup(_ context.Context, keys RevocationKeys) ([4]Mark, error) {
	var marks [4]Mark
	v.mu.RLock()
	defer v.mu.RUnlock()
	for i, key := range keys {
		if key != (RevocationKey{}) {
			marks[i] = v.marks[key].mark() // an expired mark ends no active session
		}
	}
	return marks, nil
}
