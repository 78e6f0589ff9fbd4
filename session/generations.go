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
	// maxGenerations bounds the marks of one process: about 50 MB.
	maxGenerations = 1 << 20

	// maxSuccessors bounds the sealed sessions that wait for browsers with older cookies.
	maxSuccessors = 32 << 20

	// over is the generation that no session has: all of them have ended.
	over = math.MaxUint64
)

// generations is what one process remembers of sessions that live in cookies alone: which have
// ended here, and which of their generations are superseded because their refresh token is spent. A
// slow response can bring old cookies back into the browser; they do not open such a session any
// more.
//
// Nothing in here needs an order between processes. The zero value is ready for use. While it is
// empty, asking costs one load.
type generations struct {
	filled atomic.Bool
	seed   maphash.Seed
	limit  int                   // of marks
	full   func(provider string) // told when those of a provider were too many

	mu    sync.RWMutex
	marks map[uint64]generationMark // by a hash of the session's ID
	count map[string]int            // of marks, by provider or tenant
	until map[string]time.Time      // of providers with too many marks: older sessions are over
	later *bounded.Cache[uint64, []byte]
	saves map[uint64]*saving
}

// A generationMark says from which generation on a session counts, until it expires.
type generationMark struct {
	lowest   uint64
	expires  int64 // Unix time
	provider string
}

// A saving is what is saved of a session while its next generation is being made.
type saving struct {
	makers int
	latest *Session
}

// lowest returns the lowest generation of a session that counts.
func (g *generations) lowest(s *Session) uint64 {
	if !g.filled.Load() {
		return 0
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if len(g.until) > 0 && !s.Created.After(g.until[s.Provider]) {
		return over
	}
	return g.marks[g.key(s)].lowest
}

func (g *generations) key(s *Session) uint64 { return maphash.String(g.seed, s.ID) }

// end marks a session as over.
func (g *generations) end(s *Session, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	g.mark(s, over, now)
	g.later.Delete(g.key(s))
}

// supersede marks all generations before s, and keeps s for browsers that come with one of them. It
// reports false if the session is over.
func (g *generations) supersede(s *Session, sealed []byte, now time.Time, keep time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prepare()
	if g.marks[g.key(s)].lowest > s.Generation {
		return g.marks[g.key(s)].lowest != over // a later one is known
	}
	g.mark(s, s.Generation, now)
	g.later.Put(s.User.Key(), g.key(s), sealed, len(sealed), keep, now)
	return true
}

// successor returns the latest generation of a session, sealed, or nil if it is not known any more.
func (g *generations) successor(s *Session, now time.Time) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	sealed, _ := g.later.Get(g.key(s), now)
	return sealed
}

// mark notes the lowest generation of a session. The lock is held.
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

// sweep drops some marks of sessions that have expired. A map is walked from a random place, so in
// time every mark is looked at.
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

// collapse replaces the marks of the provider or tenant that has the most by a single one: all
// sessions that began there before now are over in this process. No mark is forgotten.
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

// make notes that a later generation of a session is being made, until done is called.
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

// making reports whether a later generation of a session is being made.
func (g *generations) making(s *Session) bool {
	if !g.filled.Load() {
		return false
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.saves[g.key(s)] != nil
}

// saved notes that a session has been saved, for the generation that is being made.
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

// savedMeanwhile returns what has been saved of a session since make, or nil.
func (g *generations) savedMeanwhile(s *Session) *Session {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if saving := g.saves[g.key(s)]; saving != nil {
		return saving.latest
	}
	return nil
}
