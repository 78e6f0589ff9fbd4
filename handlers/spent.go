package handlers

import (
	"crypto/sha256"
	"sync"
)

// spentFlows remembers which flows have been used, so that the same callback sent twice at once
// reaches the token endpoint only once in this process. (The deleted cookie stops later
// repeats, and the provider's one-time code those in other processes.)
//
// It is bounded: two generations of at most spentPerGeneration entries, the older dropped when
// the newer is full. The zero value is ready for use.
type spentFlows struct {
	mu           sync.Mutex
	young, older map[[16]byte]struct{}
}

const spentPerGeneration = 1 << 14

// first reports whether this is the first use of the flow with this state.
func (s *spentFlows) first(state string) bool {
	sum := sha256.Sum256([]byte(state))
	key := [16]byte(sum[:16])
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.young[key]; used {
		return false
	}
	if _, used := s.older[key]; used {
		return false
	}
	if s.young == nil || len(s.young) >= spentPerGeneration {
		s.older, s.young = s.young, make(map[[16]byte]struct{})
	}
	s.young[key] = struct{}{}
	return true
}
