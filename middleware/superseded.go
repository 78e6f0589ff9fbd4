package middleware

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxSuperseded bounds how many generations are remembered; beyond that, all are forgotten.
const maxSuperseded = 10_000

// superseded remembers generations of sessions after which there is a later one, for a little less long than that
// is kept. The zero value is ready for use. While it is empty, asking costs one load.
type superseded struct {
	filled atomic.Bool
	mu     sync.RWMutex
	until  map[generation]time.Time
}

type generation struct {
	id     string
	number uint64
}

func (s *superseded) has(id string, number uint64, now time.Time) bool {
	if !s.filled.Load() {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return now.Before(s.until[generation{id, number}])
}

func (s *superseded) add(id string, number uint64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := generation{id, number}
	if _, known := s.until[key]; known {
		return // counted from the first time
	}
	for old, until := range s.until {
		if len(s.until) < maxSuperseded && now.Before(until) {
			break // some of the old ones, in no order, are enough
		}
		delete(s.until, old)
	}
	if s.until == nil {
		s.until = map[generation]time.Time{}
	}
	s.until[key] = now.Add(keepRefreshed - time.Minute)
	s.filled.Store(true)
}
