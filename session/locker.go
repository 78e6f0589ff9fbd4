package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/internal/recovered"
)

// lockerTimeout bounds each run of f.
const lockerTimeout = time.Minute

const (
	// maxKept and maxKeptBytes bound the results of each kind in a memory locker.
	maxKept      = 10_000
	maxKeptBytes = 16 << 20

	// largeResult exceeds what fits into cookies. Larger sessions form a separate kind, so that a
	// few of them do not displace thousands of others.
	largeResult = 32 << 10
)

// kindOf returns the kind of a result. Results displace only others of their kind.
func kindOf(result []byte) string {
	switch {
	case len(result) <= len(onceDone):
		return "mark"
	case len(result) > largeResult:
		return "large"
	}
	return "result"
}

// NewMemoryLocker returns a Locker for one process, which several managers may share. now is the
// clock; nil means time.Now. It keeps up to ten thousand results and 16 MiB, and the same amount
// again of results above 32 KiB, and evicts the oldest first.
func NewMemoryLocker(now func() time.Time) Locker {
	if now == nil {
		now = time.Now
	}
	return &memoryLocker{
		now: now, running: map[string]*call{}, once: newOnceMemory(now),
		kept: bounded.New[string, []byte](bounded.Limits{OwnCount: maxKept,
			OwnBytes: maxKeptBytes}),
	}
}

type memoryLocker struct {
	now  func() time.Time
	once *onceMemory // for Manager.Once, which must not evict

	mu      sync.Mutex
	running map[string]*call
	kept    *bounded.Cache[string, []byte]
}

// A call is one run of an f.
type call struct {
	key    string
	done   chan struct{}
	result []byte
	err    error
}

// Do implements Locker.
func (l *memoryLocker) Do(ctx context.Context, key string, keep time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	now := l.now()
	l.mu.Lock()
	result, known := l.kept.Get(key, now)
	if known {
		l.mu.Unlock()
		return result, nil
	}
	c := l.running[key]
	if c == nil {
		c = &call{key: key, done: make(chan struct{})}
		l.running[key] = c
		recovered.Go(func() { l.run(context.WithoutCancel(ctx), c, keep, f) }, nil)
	}
	l.mu.Unlock()
	select {
	case <-c.done:
		return c.result, c.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (l *memoryLocker) run(ctx context.Context, c *call, keep time.Duration,
	f func(context.Context) ([]byte, error)) {
	var result []byte
	var ended time.Time
	err := errNotFinished
	// even if f ends its goroutine, so that callers never wait forever
	defer func() { l.finish(c, result, err, keep, ended) }()
	ctx, cancel := context.WithTimeout(ctx, lockerTimeout)
	defer cancel()
	result, err = recovered.Get(func() ([]byte, error) {
		result, err := f(ctx)
		ended = l.now()
		return result, err
	})
}

// errNotFinished is the error of an f that ended its goroutine without returning.
var errNotFinished = errors.New("session: the function did not return")

// finish stores the result and wakes the callers.
func (l *memoryLocker) finish(c *call, result []byte, err error, keep time.Duration,
	now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.result, c.err = result, err
	delete(l.running, c.key)
	if err == nil && keep > 0 {
		l.kept.Put(kindOf(result), c.key, result, len(c.key)+len(result), keep, now)
	}
	close(c.done)
}
