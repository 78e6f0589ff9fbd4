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
	// maxOnce bounds the remembered keys of one owner, maxAllOnce those of all owners. Each takes
	// about fifty bytes.
	maxOnce    = 10_000
	maxAllOnce = 200_000
)

var errTooManyOnce = errors.New("session: too many messages to remember: " +
	"this one is rejected until others expire")

// onceMemory remembers for Manager.Once which messages have been processed. It drops none early:
// when an owner has used up its share, further messages are rejected until others expire.
type onceMemory struct {
	now    func() time.Time
	locker Locker

	// shared means that the locker remembers the keys for all processes; this one only bounds them.
	shared bool

	mu     sync.Mutex
	owners map[string]onceKeys
	count  int
	swept  time.Time // when all keys were last checked for expiry
}

// onceKeys maps hashes of the keys of one owner to their expiry (Unix time in nanoseconds).
type onceKeys map[[16]byte]int64

func newOnceMemory(now func() time.Time) *onceMemory {
	return &onceMemory{now: now, owners: map[string]onceKeys{}, locker: &memoryLocker{
		now: now, running: map[string]*call{}, kept: bounded.New[string, []byte](bounded.Limits{}),
	}}
}

// onceOf returns the onceMemory of a memory locker, which its managers share, or a new one that
// bounds what this process stores in another locker.
func onceOf(locker Locker, now func() time.Time) *onceMemory {
	if memory, ok := locker.(*memoryLocker); ok {
		return memory.once
	}
	return &onceMemory{now: now, owners: map[string]onceKeys{}, locker: locker, shared: true}
}

// Do implements Locker for results without content: for a message already processed, it returns
// nil.
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

// ownerOfKey returns the part of a key before its first dot, and the hash of the key.
func ownerOfKey(key string) (owner string, hash [16]byte) {
	owner, _, found := strings.Cut(key, ".")
	if !found {
		owner = ""
	}
	sum := sha256.Sum256([]byte(key))
	return owner, [16]byte(sum[:16])
}

// done reports whether a key is remembered. It returns an error if there is no room for another
// key.
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

// full reports whether an owner may not add another key: its share is full, or all memory is full
// and the owner has more than the average.
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
	// iteration starts at a random place: every key is checked eventually
	for old, until := range keys {
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

// sweep drops all expired keys.
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
