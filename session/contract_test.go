package session_test

import (
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/storetest"
)

// A clock moves only when Advance is called.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func TestMemoryBackend_Contract(t *testing.T) {
	c := newClock()
	storetest.TestBackend(t, func(*testing.T) (one, other session.Backend) {
		b := session.NewMemoryBackend(session.MemoryLimits{}, c.Now)
		return b, b
	}, storetest.Options{Advance: c.Advance})
}

func TestMemoryRevocations_Contract(t *testing.T) {
	c := newClock()
	const share = 100
	var size func() int
	storetest.TestRevocations(t, func(*testing.T) (one, other session.Revocations) {
		one, size = session.NewSmallRevocations(c.Now, share)
		return one, one
	}, storetest.Options{
		Advance: c.Advance, PerProvider: share, Size: func() int { return size() },
	})
}

func TestMemoryLocker_Contract(t *testing.T) {
	c := newClock()
	storetest.TestLocker(t, func(*testing.T) (one, other session.Locker) {
		l := session.NewMemoryLocker(c.Now)
		return l, l
	}, storetest.Options{Advance: c.Advance})
}
