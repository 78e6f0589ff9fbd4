package session

import "time"

// NewSmallRevocations is NewMemoryRevocations with a small share for each provider.
func NewSmallRevocations(now func() time.Time, perProvider int) (v Revocations, size func() int) {
	small := NewMemoryRevocations(now).(*memoryRevocations)
	small.limit = 2 * perProvider
	return small, func() int { return len(small.marks) }
}
