// Package bounded provides a cache with limits on count, bytes and lifetime, in total and per
// owner. Use it for data that outsiders can make grow and that may be evicted. Security marks
// (revocations, replay memory) must not be evicted and do not belong in it.
//
// Keep entries that anyone can create at will, such as invalid tokens, in a separate cache, so that
// they cannot displace entries that were expensive to obtain.
package bounded

import (
	"math/bits"
	"time"
)

// Limits bound a cache. Zero means no limit.
type Limits struct {
	Count, Bytes       int // all entries together
	OwnCount, OwnBytes int // the entries of one owner

	// TTL is the maximum lifetime of an entry. If it is set, entries made before the clock was set
	// back are dropped rather than kept longer.
	TTL time.Duration
}

// A Cache stores values by key. A full cache evicts the least recently used entry: of the same
// owner if that owner has reached its limits, otherwise of one of the largest owners. No owner can
// therefore displace the entries of smaller ones. Every operation takes constant time, not
// including evictions; each entry is evicted at most once.
//
// A Cache is not safe for concurrent use; the caller holds a lock.
type Cache[K comparable, V any] struct {
	limits  Limits
	entries map[K]*entry[K, V]
	owners  map[string]*owner[K, V]
	used    list[K, V] // all entries, most recently used first
	bytes   int

	// classes[n] links the owners whose weight (count + bytes) has n bits. Bit n-1 of heavy is set
	// if that class is not empty, so the highest bit finds the largest owners.
	heavy   uint64
	classes [65]*owner[K, V]
}

// New returns an empty cache.
func New[K comparable, V any](l Limits) *Cache[K, V] {
	return &Cache[K, V]{limits: l, entries: map[K]*entry[K, V]{}, owners: map[string]*owner[K, V]{}}
}

// An entry is in two lists: all entries, and those of its owner.
type entry[K comparable, V any] struct {
	key   K
	value V
	owner *owner[K, V]
	size  int
	until int64 // Unix time in nanoseconds
	links [2]link[K, V]
}

// An owner is what the entries belong to: a provider, a tenant or a user.
type owner[K comparable, V any] struct {
	name       string
	used       list[K, V]
	bytes      int
	count      int32
	class      uint8        // small fields: a memory store has as many of these as users
	prev, next *owner[K, V] // in the same class
}

// Get returns the value of a key and marks it as used.
func (c *Cache[K, V]) Get(key K, now time.Time) (value V, ok bool) {
	e := c.entries[key]
	if e == nil {
		return value, false
	}
	if c.expired(e, now) {
		c.remove(e)
		return value, false
	}
	c.used.moveToFront(e, all)
	e.owner.used.moveToFront(e, own)
	return e.value, true
}

// Put stores a value of about size bytes for ttl. It replaces any previous value of the key, even
// one of another owner. It returns the number of live entries evicted, and kept false if the value
// alone exceeds a limit and was not stored.
func (c *Cache[K, V]) Put(name string, key K, value V, size int, ttl time.Duration,
	now time.Time) (evicted int, kept bool) {
	c.Delete(key)
	if beyond(size, c.limits.Bytes) || beyond(size, c.limits.OwnBytes) {
		return 0, false
	}
	o := c.owners[name]
	if o == nil {
		o = &owner[K, V]{name: name}
		c.owners[name] = o
	}
	e := &entry[K, V]{key: key, value: value, owner: o, size: size, until: now.Add(ttl).UnixNano()}
	c.entries[key] = e
	c.used.pushFront(e, all)
	o.used.pushFront(e, own)
	c.weigh(o, 1, size)
	return c.makeRoom(e, now), true
}

// Delete removes a key.
func (c *Cache[K, V]) Delete(key K) {
	if e := c.entries[key]; e != nil {
		c.remove(e)
	}
}

// Len returns the number of entries, including expired ones that have not been removed yet.
func (c *Cache[K, V]) Len() int { return len(c.entries) }

// Bytes returns the sum of the sizes of all entries.
func (c *Cache[K, V]) Bytes() int { return c.bytes }

// All returns the live keys and values, most recently used first.
func (c *Cache[K, V]) All(now time.Time) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		for e := c.used.front; e != nil; e = e.links[all].next {
			if !c.expired(e, now) && !yield(e.key, e.value) {
				return
			}
		}
	}
}

// Owned returns the live keys and values of an owner, most recently used first.
func (c *Cache[K, V]) Owned(name string, now time.Time) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		o := c.owners[name]
		if o == nil {
			return
		}
		for e := o.used.front; e != nil; e = e.links[own].next {
			if !c.expired(e, now) && !yield(e.key, e.value) {
				return
			}
		}
	}
}

func (c *Cache[K, V]) expired(e *entry[K, V], now time.Time) bool {
	at := now.UnixNano()
	return at >= e.until || c.limits.TTL > 0 && e.until-at > int64(c.limits.TTL)
}

// makeRoom evicts entries until the cache is within its limits. The added entry stays.
func (c *Cache[K, V]) makeRoom(added *entry[K, V], now time.Time) (evicted int) {
	drop := func(e *entry[K, V]) {
		if !c.expired(e, now) {
			evicted++
		}
		c.remove(e)
	}
	// Always remove expired entries at the back, to free their memory.
	for e := c.used.back; e != added && c.expired(e, now); e = c.used.back {
		c.remove(e)
	}
	o := added.owner
	for o.used.back != added && (beyond(int(o.count), c.limits.OwnCount) ||
		beyond(o.bytes, c.limits.OwnBytes)) {
		drop(o.used.back)
	}
	for c.used.back != added && (beyond(len(c.entries), c.limits.Count) ||
		beyond(c.bytes, c.limits.Bytes)) {
		victim := c.classes[bits.Len64(c.heavy)].used.back
		if victim == added {
			victim = c.used.back
		}
		drop(victim)
	}
	return evicted
}

func beyond(n, limit int) bool { return limit > 0 && n > limit }

func (c *Cache[K, V]) remove(e *entry[K, V]) {
	delete(c.entries, e.key)
	c.used.remove(e, all)
	e.owner.used.remove(e, own)
	c.weigh(e.owner, -1, -e.size)
}

// weigh adds to the count and size of an owner, and moves it to the class of its new weight.
func (c *Cache[K, V]) weigh(o *owner[K, V], count, size int) {
	c.bytes += size
	if o.count > 0 {
		c.leave(o)
	}
	o.count, o.bytes = o.count+int32(count), o.bytes+size
	if o.count == 0 {
		delete(c.owners, o.name)
		return
	}
	c.join(o)
}

func (c *Cache[K, V]) join(o *owner[K, V]) {
	// The count keeps the class above 0, and decides in a cache without sizes.
	o.class = uint8(bits.Len(uint(int(o.count) + o.bytes)))
	first := c.classes[o.class]
	o.prev, o.next = nil, first
	if first != nil {
		first.prev = o
	}
	c.classes[o.class] = o
	c.heavy |= 1 << (o.class - 1)
}

func (c *Cache[K, V]) leave(o *owner[K, V]) {
	if o.next != nil {
		o.next.prev = o.prev
	}
	if o.prev != nil {
		o.prev.next = o.next
		return
	}
	c.classes[o.class] = o.next
	if o.next == nil {
		c.heavy &^= 1 << (o.class - 1)
	}
}
