package handlers

import (
	"crypto/sha256"
	"math"
	"sync"
	"time"
)

// spentFlows remembers used flows, so that a repeated callback reaches the token endpoint only once
// in this process. (The deleted cookie stops later repeats, and the provider's one-time code those
// in other processes.)
//
// A used flow is never accepted again. Anyone can use up flows of their own, so the memory for each
// provider is limited. Beyond the limit, all flows that began up to some minute are treated as
// used. This ends logins that have taken minutes, with this provider only, and only during an
// attack with hundreds of flows per second. The zero value is ready for use.
type spentFlows struct {
	mu     sync.Mutex
	spent  map[string]*spentAt
	count  int   // of flows
	swept  int64 // the minute in which old ones were last dropped
	limits spentLimits
}

// spentLimits limit how many flows are remembered. Zero means the default.
type spentLimits struct{ own, all int }

const (
	maxSpent    = 1 << 16 // of one provider
	maxAllSpent = 1 << 18
)

// spentAt are the used flows of one provider, by the minute in which they began.
type spentAt struct {
	minutes map[int64]map[spentKey]struct{}
	count   int
	floor   int64 // flows that began in this minute or before it count as used
}

type spentKey [16]byte

func keyOf(state string) spentKey {
	sum := sha256.Sum256([]byte(state))
	return spentKey(sum[:16])
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// used reports whether the flow with this state, which began at this time, has been used.
func (s *spentFlows) used(provider, state string, began time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.spent[provider]
	return at != nil && at.has(keyOf(state), minuteOf(began))
}

func (at *spentAt) has(key spentKey, minute int64) bool {
	_, used := at.minutes[minute][key]
	return used || minute <= at.floor
}

// first records the use of the flow with this state, which began at this time, and reports whether
// it is the first one.
func (s *spentFlows) first(provider, state string, began, now time.Time) bool {
	key, minute := keyOf(state), minuteOf(began)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	at := s.spent[provider]
	if at == nil {
		at = &spentAt{minutes: map[int64]map[spentKey]struct{}{}, floor: math.MinInt64}
		if s.spent == nil {
			s.spent = map[string]*spentAt{}
		}
		s.spent[provider] = at
	}
	if at.has(key, minute) {
		return false
	}
	if at.minutes[minute] == nil {
		at.minutes[minute] = map[spentKey]struct{}{}
	}
	at.minutes[minute][key] = struct{}{}
	at.count++
	s.count++
	s.collapse(at)
	return true
}

// collapse enforces the limits.
func (s *spentFlows) collapse(at *spentAt) {
	own, total := maxSpent, maxAllSpent
	if s.limits != (spentLimits{}) {
		own, total = s.limits.own, s.limits.all
	}
	for at.count > own {
		s.forget(at, at.oldest())
	}
	for s.count > total {
		largest := at
		for _, other := range s.spent {
			if other.count > largest.count {
				largest = other
			}
		}
		s.forget(largest, largest.oldest())
	}
}

func (at *spentAt) oldest() int64 {
	oldest := int64(math.MaxInt64)
	for minute := range at.minutes {
		oldest = min(oldest, minute)
	}
	return oldest
}

// forget drops the flows of a minute, which are all treated as used from then on.
func (s *spentFlows) forget(at *spentAt, minute int64) {
	at.floor = max(at.floor, minute)
	s.drop(at, minute)
}

func (s *spentFlows) drop(at *spentAt, minute int64) {
	n := len(at.minutes[minute])
	delete(at.minutes, minute)
	at.count -= n
	s.count -= n
}

// expire drops flows that are too old to be finished.
func (s *spentFlows) expire(now time.Time) {
	if minuteOf(now) == s.swept {
		return
	}
	s.swept = minuteOf(now)
	over := minuteOf(now.Add(-flowLifetime)) - 2 // a clock may be a minute behind
	for name, at := range s.spent {
		for minute := range at.minutes {
			if minute < over {
				s.drop(at, minute)
			}
		}
		if at.count == 0 && at.floor < over {
			delete(s.spent, name)
		}
	}
}
