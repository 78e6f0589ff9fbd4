package bounded

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestCache_F8_OneOwnerDoesNotDisplaceOthers(t *testing.T) {
	c := New[string, int](Limits{Count: 1000, Bytes: 100_000})
	for i := range 100 {
		c.Put("owner "+strconv.Itoa(i), "one of "+strconv.Itoa(i), i, 100, time.Hour, noon)
	}
	for i := range 10_000 {
		c.Put("greedy", "greedy "+strconv.Itoa(i), i, 100+i%1000, time.Hour, noon)
	}
	for i := range 100 {
		if _, ok := c.Get("one of "+strconv.Itoa(i), noon); !ok {
			t.Errorf("the entry of owner %d was evicted", i)
		}
	}
	if c.Len() > 1000 || c.Bytes() > 100_000 {
		t.Errorf("%d entries with %d bytes", c.Len(), c.Bytes())
	}
	if _, ok := c.Get("greedy 9999", noon); !ok {
		t.Error("the newest entry was evicted")
	}
}

func TestCache_F8_OwnLimits(t *testing.T) {
	c := New[int, int](Limits{Count: 100, OwnCount: 3, OwnBytes: 50})
	for i := range 5 {
		c.Put("a", i, i, 1, time.Hour, noon)
	}
	c.Get(2, noon) // used, so 3 is evicted first
	if n, kept := c.Put("a", 5, 5, 1, time.Hour, noon); n != 1 || !kept {
		t.Errorf("%d evicted, kept %v", n, kept)
	}
	if got := ofOwner(c, "a"); !slices.Equal(got, []int{5, 2, 4}) {
		t.Errorf("the owner has %v", got)
	}
	if n, kept := c.Put("a", 6, 6, 49, time.Hour, noon); n != 2 || !kept {
		t.Errorf("%d evicted, kept %v", n, kept)
	}
	if n, kept := c.Put("a", 7, 7, 51, time.Hour, noon); n != 0 || kept || c.Len() != 2 {
		t.Errorf("an entry above the limit: %d evicted, kept %v, %d left", n, kept, c.Len())
	}
}

func ofOwner(c *Cache[int, int], name string) (keys []int) {
	for key := range c.Owned(name, noon) {
		keys = append(keys, key)
	}
	return keys
}

func TestCache_Time(t *testing.T) {
	c := New[string, int](Limits{Count: 10, TTL: time.Minute})
	c.Put("", "a", 1, 1, time.Minute, noon)
	for name, row := range map[string]struct {
		at   time.Time
		want bool
	}{
		"before the end":     {noon.Add(time.Minute - 1), true},
		"at the end":         {noon.Add(time.Minute), false},
		"clock set back":     {noon.Add(-time.Second), false},
		"clock a minute off": {noon, true},
	} {
		c.Put("", "a", 1, 1, time.Minute, noon)
		if _, ok := c.Get("a", row.at); ok != row.want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	for i := range 5 {
		c.Put("", strconv.Itoa(i), i, 1, time.Minute, noon)
	}
	if n, _ := c.Put("", "late", 1, 1, time.Minute, noon.Add(time.Hour)); n != 0 || c.Len() != 1 {
		t.Errorf("%d live entries evicted, %d left", n, c.Len())
	}
}

// F8: Put takes the same time in a full cache, regardless of the number of owners.
func BenchmarkPutFull_F8(b *testing.B) {
	for _, size := range []int{1000, 100_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			c := New[int, int](Limits{Count: size})
			for i := range size {
				c.Put(strconv.Itoa(i), i, i, 1, time.Hour, noon)
			}
			owners := []string{"a", "b", "c"}
			b.ResetTimer()
			for i := range b.N {
				c.Put(owners[i%3], size+i, i, 1, time.Hour, noon)
			}
		})
	}
}

// Compares the cache with a plain map: every value it returns was stored and has not expired, and
// the cache stays within its limits.
func FuzzCache(f *testing.F) {
	f.Add(uint64(1), uint16(100))
	f.Add(uint64(7), uint16(1000))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := Limits{Count: 1 + r.IntN(20), Bytes: r.IntN(500), OwnCount: r.IntN(8),
			OwnBytes: r.IntN(200), TTL: time.Minute}
		c := New[int, string](l)
		type put struct {
			value string
			until time.Time
		}
		all, now := map[int]put{}, noon
		for range steps {
			key, owner := r.IntN(30), strconv.Itoa(r.IntN(5))
			switch r.IntN(10) {
			case 0:
				c.Delete(key)
				delete(all, key)
			case 1:
				now = now.Add(time.Duration(r.IntN(30)) * time.Second)
			case 2, 3, 4:
				value, ok := c.Get(key, now)
				want, there := all[key]
				if ok && (!there || want.value != value || !now.Before(want.until)) {
					t.Fatalf("Get(%d) = %q at %v, stored %v", key, value, now, want)
				}
			default:
				value, ttl := fmt.Sprint(r.Uint64()), time.Duration(1+r.IntN(60))*time.Second
				delete(all, key)
				if _, kept := c.Put(owner, key, value, r.IntN(100), ttl, now); kept {
					all[key] = put{value, now.Add(ttl)}
					if got, ok := c.Get(key, now); !ok || got != value {
						t.Fatalf("Get directly after Put: %q, %v", got, ok)
					}
				}
			}
			check(t, c)
		}
	})
}

// check verifies that the internal structures of the cache agree.
func check(t *testing.T, c *Cache[int, string]) {
	t.Helper()
	l := c.limits
	counts, sizes, bytes := map[string]int{}, map[string]int{}, 0
	listed := 0
	for e := c.used.front; e != nil; e = e.links[all].next {
		if c.entries[e.key] != e || c.owners[e.owner.name] != e.owner {
			t.Fatal("an entry of the list is missing from the maps")
		}
		listed++
		bytes += e.size
		counts[e.owner.name]++
		sizes[e.owner.name] += e.size
	}
	if listed != len(c.entries) || bytes != c.bytes || len(counts) != len(c.owners) {
		t.Fatalf("listed %d entries, map has %d; listed %d bytes, want %d; listed %d owners, "+
			"map has %d",
			listed, len(c.entries), bytes, c.bytes, len(counts), len(c.owners))
	}
	if beyond(listed, l.Count) || beyond(bytes, l.Bytes) {
		t.Fatalf("%d entries with %d bytes, limits %+v", listed, bytes, l)
	}
	classed := 0
	for class, first := range c.classes {
		if (first != nil) != (class > 0 && c.heavy&(1<<(class-1)) != 0) {
			t.Fatalf("class %d does not match its bit", class)
		}
		for o := first; o != nil; o = o.next {
			classed++
			if int(o.class) != class || counts[o.name] != int(o.count) || sizes[o.name] != o.bytes {
				t.Fatalf("owner %+v has the wrong class, count or size", o)
			}
		}
	}
	if classed != len(c.owners) {
		t.Fatalf("%d owners in classes, map has %d", classed, len(c.owners))
	}
	for name := range maps.Keys(counts) {
		if beyond(counts[name], l.OwnCount) || beyond(sizes[name], l.OwnBytes) {
			t.Fatalf("owner %s has %d entries with %d bytes, limits %+v", name, counts[name],
				sizes[name], l)
		}
	}
}
