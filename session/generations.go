package session

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	// maxGenerations bounds the marks of one process, at about 50 MB.
	maxGenerations = 1 << 20

	// maxSuccessors bounds the sealed sessions kept for browsers with older cookies.
	maxSuccessors = 32 << 20

	// allEnded is higher than any generation: every generation of the session has ended.
	allEnded = math.MaxUint64
)

// generations records, for sessions that live only in cookies, which ones ended in this process,
// and which of their generations are superseded because their refresh token is spent. A slow
// response can restore old cookies in the browser; they no longer open such a session.
//
// Nothing here requires an order between processes. The zero value is ready for use. While it is
// empty, a check costs one load.
type generations struct {
	filled atomic.Bool
	seed   maphash.Seed
	limit  int                   // of marks
	full   func(provider string) // called when a provider has too many marks

	mu    sync.RWMutex
	marks map[uint64]generationMark // by a hash of the session's ID
	count map[string]int            // of marks, by provider or tenant
	until map[string]time.Time      // of providers with too many marks: older sessions have ended
	later *bounded.Cache[uint64, []byte]
	saves map[uint64]*saving
}

// A generationMark is the lowest valid generation of a session, kept until the session expires.
type generationMark struct {
	lowest   uint64
	expires  int64 // Unix time
	provider string
}

// A saving is the latest saved change to a session while its next generation is being created.
type saving struct {
	makers int
	latest *Session
}

// lowest returns the lowest valid generation of a session.
func (g *generations) lowest(s *Session) uint64 {
	if !g.filled.Load() {
		return 0
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if len(g.until) > 0 && !s.Created.After(g.until[s.Provider]) {
		return allEnded
	}
	return g.marks[g.key(s)].lowest
}

func (g *generations) key(s *Session) uint64 { return maphash.String(g.seed, s.ID) }

// end marks a session as ended.
func (g *generations) end(s *Session, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	g.mark(s, allEnded, now)
	g.later.Delete(g.key(s))
}

// supersede invalidates all generations before s, and keeps s for browsers that still send one of
// them. It returns false if the session has ended.
func (g *generations) supersede(s *Session, sealed []byte, now time.Time, keep time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	if g.marks[g.key(s)].lowest > s.Generation {
		return g.marks[g.key(s)].lowest != allEnded // a later generation is known
	}
	g.mark(s, s.Generation, now)
	g.later.Put(s.User.Key(), g.key(s), sealed, len(sealed), keep, now)
	return true
}

// successor returns the latest generation of a session, sealed, or nil if it is no longer in
// memory.
func (g *generations) successor(s *Session, now time.Time) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	sealed, _ := g.later.Get(g.key(s), now)
	return sealed
}

// mark records the lowest valid generation of a session. The caller holds the lock.
func (g *generations) mark(s *Session, lowest uint64, now time.Time) {
	key := g.key(s)
	if _, known := g.marks[key]; !known {
		g.sweep(now)
		if len(g.marks) >= g.limit {
			g.collapse(now)
		}
		g.count[s.Provider]++
	}
	g.marks[key] = generationMark{lowest, s.Expires.Unix(), s.Provider}
}

func (g *generations) prepare() {
	if g.filled.Load() {
		return
	}
	g.seed = maphash.MakeSeed()
	g.marks, g.count, g.until = map[uint64]generationMark{}, map[string]int{},
		map[string]time.Time{}
	g.saves = map[uint64]*saving{}
	g.later = bounded.New[uint64, []byte](bounded.Limits{Bytes: maxSuccessors})
	g.filled.Store(true)
}

// sweep drops some marks of expired sessions. Map iteration starts at a random place, so every mark
// is checked eventually.
func (g *generations) sweep(now time.Time) {
	looked := 0
	for key, m := range g.marks {
		if now.Unix() >= m.expires {
			g.drop(key)
		}
		if looked++; looked == swept {
			return
		}
	}
}

func (g *generations) drop(key uint64) {
	provider := g.marks[key].provider
	if g.count[provider]--; g.count[provider] == 0 {
		delete(g.count, provider)
	}
	delete(g.marks, key)
}

// collapse replaces the marks of the provider or tenant with the most by a single one that ends all
// its earlier sessions in this process. It loses no mark.
func (g *generations) collapse(now time.Time) {
	most := ""
	for provider, n := range g.count {
		if n > g.count[most] {
			most = provider
		}
	}
	for key, m := range g.marks {
		if m.provider == most {
			g.drop(key)
		}
	}
	g.until[most] = now
	g.full(most)
}

// make records that a later generation of a session is being created, until done is called.
func (g *generations) make(s *Session) (done func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	key := g.key(s)
	if g.saves[key] == nil {
		g.saves[key] = &saving{}
	}
	g.saves[key].makers++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.saves[key].makers--; g.saves[key].makers == 0 {
			delete(g.saves, key)
		}
	}
}

// making reports whether a later generation of a session is being created.
func (g *generations) making(s *Session) bool {
	if !g.filled.Load() {
		return false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.saves[g.key(s)] != nil
}

// saved records a saved session for the generation that is being created.
func (g *generations) saved(s *Session) {
	if !g.making(s) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if saving := g.saves[g.key(s)]; saving != nil {
		saving.latest = s.Clone()
	}
}

// savedMeanwhile returns the session saved since make, or nil.
func (g *generations) savedMeanwhile(s *Session) *Session {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if saving := g.saves[g.key(s)]; saving != nil {
		return saving.latest
	}
	return nil
}
