package session

import (
	"context"
	"errors"
	"sync"
	"time"

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

// maxKept bounds how many results a memory locker keeps; the oldest go first.
const maxKept = 10_000

// NewMemoryLocker returns a Locker for one process, which may be shared by several managers in it. now is the
// clock; nil means time.Now.
func NewMemoryLocker(now func() time.Time) Locker {
	if now == nil {
		now = time.Now
	}
	once := &memoryLocker{now: now, calls: map[string]*call{}}
	return &memoryLocker{now: now, calls: map[string]*call{}, once: once}
}

type memoryLocker struct {
	now  func() time.Time
	once *memoryLocker // for Manager.Once: the one must not push results of the other out

	mu    sync.Mutex
	calls map[string]*call
	order []*call // those that have ended well, in the order of their ends
}

// A call is one run of an f.
type call struct {
	key    string
	done   chan struct{}
	result []byte
	err    error
	until  time.Time // when the result is forgotten; zero while it runs
}

func (c *call) over(now time.Time) bool { return !c.until.IsZero() && !now.Before(c.until) }

// Do implements Locker.
func (l *memoryLocker) Do(ctx context.Context, key string, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error) {
	now := l.now()
	l.mu.Lock()
	l.forget(now)
	c := l.calls[key]
	if c == nil || c.over(now) {
		c = &call{key: key, done: make(chan struct{})}
		l.calls[key] = c
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
	var until time.Time
	err := errNotFinished
	defer func() { l.finish(c, result, err, until) }() // however f ends, or callers would wait forever
	ctx, cancel := context.WithTimeout(ctx, lockerTimeout)
	defer cancel()
	result, err = recovered.Get(func() ([]byte, error) {
		result, err := f(ctx)
		until = l.now().Add(keep)
		return result, err
	})
}

// errNotFinished is the result of an f that has ended its goroutine instead of returning.
var errNotFinished = errors.New("session: the function did not return")

// finish keeps a result and wakes the callers.
func (l *memoryLocker) finish(c *call, result []byte, err error, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.result, c.err, c.until = result, err, until
	if err != nil {
		delete(l.calls, c.key) // still this call: a running one is not replaced
	} else {
		l.order = append(l.order, c)
	}
	close(c.done)
}

// forget drops what is too much, and what is too old as far as it stands in front.
func (l *memoryLocker) forget(now time.Time) {
	for len(l.order) > 0 && (len(l.order) > maxKept || l.order[0].over(now)) {
		oldest := l.order[0]
		l.order = l.order[1:]
		if l.calls[oldest.key] == oldest {
			delete(l.calls, oldest.key)
		}
	}
}
