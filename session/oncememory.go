package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	// maxOnce bounds the keys of one owner that are remembered, maxAllOnce those of all. Each takes
	// about fifty bytes.
	maxOnce    = 10_000
	maxAllOnce = 200_000
)

var errTooManyOnce = errors.New("session: too many messages to remember: " +
	"this one is not accepted before the time of others is over")

// onceMemory remembers for Manager.Once what has been done. It never forgets that early: when an
// owner has used up its share, what else comes is rejected until the time of something is over.
type onceMemory struct {
	now    func() time.Time
	locker Locker

	// shared means that the locker remembers, for all processes, what this one bounds.
	shared bool

	mu     sync.Mutex
	owners map[string]onceKeys
	count  int
	swept  time.Time // when all keys were last looked at
}

// onceKeys are hashes of the keys of one owner, with the end of their time (Unix, in nanoseconds).
type onceKeys map[[16]byte]int64

func newOnceMemory(now func() time.Time) *onceMemory {
	return &onceMemory{now: now, owners: map[string]onceKeys{}, locker: &memoryLocker{
		now: now, running: map[string]*call{}, kept: bounded.New[string, []byte](bounded.Limits{}),
	}}
}

// onceOf is that of a memory locker, which its managers share, or one that bounds what this process
// leaves with another locker.
func onceOf(locker Locker, now func() time.Time) *onceMemory {
	if memory, ok := locker.(*memoryLocker); ok {
		return memory.once
	}
	return &onceMemory{now: now, owners: map[string]onceKeys{}, locker: locker, shared: true}
}

// Do implements Locker for results that say nothing: what has been done returns nil.
func (o *onceMemory) Do(
	ctx context.Context, key string, keep time.Duration, f func(context.Context) ([]byte, error),
) ([]byte, error) {
	if o.shared {
		if _, err := o.done(key); err != nil {
			return nil, err
		}
		return o.locker.Do(ctx, key, keep, func(ctx context.Context) ([]byte, error) {
			result, err := f(ctx)
			if err == nil {
				o.remember(key, keep)
			}
			return result, err
		})
	}
	return o.locker.Do(ctx, key, 0, func(ctx context.Context) ([]byte, error) {
		if done, err := o.done(key); done || err != nil {
			return nil, err
		}
		result, err := f(ctx)
		if err == nil {
			o.remember(key, keep)
		}
		return result, err
	})
}

// ownerOfKey is what stands before the first dot of a key.
func ownerOfKey(key string) (owner string, hash [16]byte) {
	owner, _, found := strings.Cut(key, ".")
	if !found {
		owner = ""
	}
	sum := sha256.Sum256([]byte(key))
	return owner, [16]byte(sum[:16])
}

// done reports whether a key is remembered. It is an error if there is no room for another one.
func (o *onceMemory) done(key string) (bool, error) {
	owner, hash := ownerOfKey(key)
	now := o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	keys := o.owners[owner]
	if until, known := keys[hash]; known && now.UnixNano() < until {
		return true, nil
	}
	if o.full(keys) && now.Sub(o.swept).Abs() >= time.Second {
		o.swept = now
		o.sweep(now.UnixNano())
	}
	if o.full(o.owners[owner]) {
		return false, errTooManyOnce
	}
	return false, nil
}

// full reports whether an owner must not have another key: it has its share, or all have and it has more
// than most.
func (o *onceMemory) full(keys onceKeys) bool {
	return len(keys) >= maxOnce || o.count >= maxAllOnce && len(keys) >= maxAllOnce/len(o.owners)
}

func (o *onceMemory) remember(key string, keep time.Duration) {
	owner, hash := ownerOfKey(key)
	now := o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	keys := o.owners[owner]
	if keys == nil {
		keys = onceKeys{}
		o.owners[owner] = keys
	}
	before := len(keys)
	looked := 0
	for old, until := range keys { // a map is walked from a random place: in time every key is looked at
		if now.UnixNano() >= until {
			delete(keys, old)
		}
		if looked++; looked == swept {
			break
		}
	}
	keys[hash] = now.Add(keep).UnixNano()
	o.count += len(keys) - before
}

// sweep drops all keys whose time is over.
func (o *onceMemory) sweep(now int64) {
	for owner, keys := range o.owners {
		before := len(keys)
		for hash, until := range keys {
			if now >= until {
				delete(keys, hash)
			}
		}
		o.count += len(keys) - before
		if len(keys) == 0 {
			delete(o.owners, owner)
		}
	}
}
