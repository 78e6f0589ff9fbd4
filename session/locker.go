package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/internal/recovered"
)

// A Locker makes sure that something is done once although several want it done, at the same time or a little
// later, and gives all of them the result. The library uses it for refreshing tokens: a refresh token that
// rotates may be sent once only; and for what a provider says once ([Manager.Once]).
//
// The contract: Do calls f for a key unless a call for the same key is under way or has ended well
// during the last keep; then it waits for that call, and returns its result. f runs with a context of
// its own, so it goes on when the caller of Do goes away, and ends within a minute. An error of f goes
// to all who wait in this process and is not kept; who waits in another process then runs its own f. Do returns early with the
// cause of ctx when that ends first. When the process that runs f dies, another may run its f within a minute. Results are sealed;
// they may be stored anywhere, and must not outlive keep by much. storetest.TestLocker runs the contract.
//
// A Locker that several processes share makes refreshing safe across them. Within one process,
// [NewMemoryLocker] is enough, and is the default.
type Locker interface {
	Do(ctx context.Context, key string, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error)
}

// lockerTimeout bounds what a Locker runs.
const lockerTimeout = time.Minute

const (
	// maxKept and maxKeptBytes bound the results of one kind that a memory locker keeps.
	maxKept      = 10_000
	maxKeptBytes = 16 << 20

	// largeResult is more than what fits into cookies. Sessions that large are of a kind of their own,
	// so that a few of them do not displace thousands of others.
	largeResult = 32 << 10
)

// kindOf tells results apart that must not displace each other.
func kindOf(result []byte) string {
	switch {
	case len(result) <= len(onceDone):
		return "mark"
	case len(result) > largeResult:
		return "large"
	}
	return "result"
}

// NewMemoryLocker returns a Locker for one process, which may be shared by several managers in it. now is the
// clock; nil means time.Now. It keeps up to ten thousand results and 16 MiB, and as much of results above
// 32 KiB; the oldest go first.
func NewMemoryLocker(now func() time.Time) Locker {
	if now == nil {
		now = time.Now
	}
	return &memoryLocker{
		now: now, running: map[string]*call{}, once: newOnceMemory(now),
		kept: bounded.New[string, []byte](bounded.Limits{OwnCount: maxKept, OwnBytes: maxKeptBytes}),
	}
}

type memoryLocker struct {
	now  func() time.Time
	once *onceMemory // for Manager.Once, which must not forget

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
func (l *memoryLocker) Do(ctx context.Context, key string, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error) {
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

func (l *memoryLocker) run(ctx context.Context, c *call, keep time.Duration, f func(context.Context) ([]byte, error)) {
	var result []byte
	var ended time.Time
	err := errNotFinished
	defer func() { l.finish(c, result, err, keep, ended) }() // however f ends, or callers would wait forever
	ctx, cancel := context.WithTimeout(ctx, lockerTimeout)
	defer cancel()
	result, err = recovered.Get(func() ([]byte, error) {
		result, err := f(ctx)
		ended = l.now()
		return result, err
	})
}

// errNotFinished is the result of an f that has ended its goroutine instead of returning.
var errNotFinished = errors.New("session: the function did not return")

// finish keeps a result and wakes the callers.
func (l *memoryLocker) finish(c *call, result []byte, err error, keep time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.result, c.err = result, err
	delete(l.running, c.key)
	if err == nil && keep > 0 {
		l.kept.Put(kindOf(result), c.key, result, len(c.key)+len(result), keep, now)
	}
	close(c.done)
}
