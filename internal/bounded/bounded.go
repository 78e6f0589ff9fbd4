// Package bounded holds the cache for everything that outsiders can make grow: bounded in count,
// in bytes and in time, for all owners together and for each one. It is for what may be forgotten.
// Marks that must not be (revocations, replayed messages) have other rules.
//
// Junk that anyone can make up, such as tokens that turn out to be invalid, goes into a cache of its
// own, so that it cannot displace entries that were hard to come by.
package bounded

import (
	"math/bits"
	"time"
)

// Limits bound a cache. Zero means no limit.
type Limits struct {
	Count, Bytes       int // of all entries
	OwnCount, OwnBytes int // of the entries of one owner

	// TTL is the longest that any entry lives. With it, entries from before the clock was set back
	// are dropped instead of living longer.
	TTL time.Duration
}

// A Cache keeps values by key. When there is no room, the entry that has not been used for the
// longest time goes: of the same owner if that has reached its limits, else of an owner that takes
// about the most room, so that nobody can displace the entries of owners with less. Every operation
// takes constant time, apart from evictions, of which there are no more than there were entries.
//
// A Cache is not safe for concurrent use: what holds it has a lock already.
type Cache[K comparable, V any] struct {
	limits  Limits
	entries map[K]*entry[K, V]
	owners  map[string]*owner[K, V]
	used    list[K, V] // all entries, the one used last in front
	bytes   int

	// heavy finds owners that take much room: classes[n] links those with a weight of n bits, and
	// bit n-1 of heavy is set if there are any.
	heavy   uint64
	classes [65]*owner[K, V]
}

// New returns an empty cache.
func New[K comparable, V any](l Limits) *Cache[K, V] {
	return &Cache[K, V]{limits: l, entries: map[K]*entry[K, V]{}, owners: map[string]*owner[K, V]{}}
}

// An entry is linked into two lists: that of all entries, and that of its owner's.
type entry[K comparable, V any] struct {
	key   K
	value V
	owner *owner[K, V]
	size  int
	until int64 // Unix time in nanoseconds
	links [2]link[K, V]
}

// An owner is whoever the entries are kept for: a provider, a tenant, a user.
type owner[K comparable, V any] struct {
	name       string
	used       list[K, V]
	bytes      int
	count      int32
	class      uint8        // small fields: a memory store has as many of these as users
	prev, next *owner[K, V] // of the same class
}

// Get returns the value of a key, and counts as use.
func (c *Cache[K, V]) Get(key K, now time.Time) (value V, ok bool) {
	e := c.entries[key]
	if e == nil {
		return value, false
	}
	if c.over(e, now) {
		c.remove(e)
		return value, false
	}
	c.used.moveToFront(e, all)
	e.owner.used.moveToFront(e, own)
	return e.value, true
}

// Put keeps a value of about size bytes for ttl. It replaces the value of the key, whoever owned
// that. It returns how many live entries had to go, and false if the value alone is beyond a limit
// and was not kept.
func (c *Cache[K, V]) Put(name string, key K, value V, size int, ttl time.Duration, now time.Time) (evicted int, kept bool) {
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

// Delete forgets a key.
func (c *Cache[K, V]) Delete(key K) {
	if e := c.entries[key]; e != nil {
		c.remove(e)
	}
}

// Len returns the number of entries, with those that are over and have not been dropped yet.
func (c *Cache[K, V]) Len() int { return len(c.entries) }

// Bytes returns the sum of the sizes.
func (c *Cache[K, V]) Bytes() int { return c.bytes }

// All returns the live keys and values, those used last first.
func (c *Cache[K, V]) All(now time.Time) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		for e := c.used.front; e != nil; e = e.links[all].next {
			if !c.over(e, now) && !yield(e.key, e.value) {
				return
			}
		}
	}
}

// Owned returns the live keys and values of an owner, those used last first.
func (c *Cache[K, V]) Owned(name string, now time.Time) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		o := c.owners[name]
		if o == nil {
			return
		}
		for e := o.used.front; e != nil; e = e.links[own].next {
			if !c.over(e, now) && !yield(e.key, e.value) {
				return
			}
		}
	}
}

func (c *Cache[K, V]) over(e *entry[K, V], now time.Time) bool {
	at := now.UnixNano()
	return at >= e.until || c.limits.TTL > 0 && e.until-at > int64(c.limits.TTL)
}

// makeRoom brings the cache back within its limits. The entry that was just put stays.
func (c *Cache[K, V]) makeRoom(added *entry[K, V], now time.Time) (evicted int) {
	drop := func(e *entry[K, V]) {
		if !c.over(e, now) {
			evicted++
		}
		c.remove(e)
	}
	// What is over at the end of the line goes in any case, so that memory comes back.
	for e := c.used.back; e != added && c.over(e, now); e = c.used.back {
		c.remove(e)
	}
	o := added.owner
	for o.used.back != added && (beyond(int(o.count), c.limits.OwnCount) || beyond(o.bytes, c.limits.OwnBytes)) {
		drop(o.used.back)
	}
	for c.used.back != added && (beyond(len(c.entries), c.limits.Count) || beyond(c.bytes, c.limits.Bytes)) {
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

// weigh changes what an owner has, and moves it to the class of its new weight.
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
	o.class = uint8(bits.Len(uint(int(o.count) + o.bytes))) // never 0; in a cache that has no sizes the count decides
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
