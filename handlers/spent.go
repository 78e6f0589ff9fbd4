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

// used reports whether the flow with this state has been used in this process.
func (s *spentFlows) used(state string) bool {
	key := spentKey(state)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.has(key)
}

func (s *spentFlows) has(key [16]byte) bool {
	_, young := s.young[key]
	_, older := s.older[key]
	return young || older
}

func spentKey(state string) [16]byte {
	sum := sha256.Sum256([]byte(state))
	return [16]byte(sum[:16])
}

// first reports whether this is the first use of the flow with this state.
func (s *spentFlows) first(state string) bool {
	key := spentKey(state)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(key) {
		return false
	}
	if s.young == nil || len(s.young) >= spentPerGeneration {
		s.older, s.young = s.young, make(map[[16]byte]struct{})
	}
	s.young[key] = struct{}{}
	return true
}
