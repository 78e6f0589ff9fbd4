package provider

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// shared is a document of the provider that all logins use: the metadata, or the keys. It is read
// when needed, once for all who wait, and what is known stays in use while newer cannot be had. The
// zero value is ready for use.
type shared[T any] struct {
	// usable reports whether what is known may be used although newer cannot be had. Nil: it may.
	usable func(*T) bool

	current  atomic.Pointer[T]
	flight   singleflight.Group
	fetching atomic.Int32

	mu      sync.Mutex
	backoff backoff
}

// A fetcher reads the document at the provider.
type fetcher[T any] func(context.Context) (*T, error)

// get returns what is known if it is young enough, and otherwise reads it again. What is known stays
// in use if that fails.
func (s *shared[T]) get(
	ctx context.Context, now func() time.Time, young func(*T) bool, read fetcher[T],
) (*T, error) {
	newest, err := s.newest(ctx, now, young, read)
	if known := s.current.Load(); err != nil && known != nil && (s.usable == nil || s.usable(known)) {
		return known, nil
	}
	return newest, err
}

// newest is get without falling back on what is known.
func (s *shared[T]) newest(
	ctx context.Context, now func() time.Time, young func(*T) bool, read fetcher[T],
) (*T, error) {
	if known := s.current.Load(); known != nil && young(known) {
		return known, nil
	}
	if err := s.wait(now()); err != nil {
		return nil, err
	}
	return s.fetch(ctx, now, read)
}

// wait reports whether the provider failed so recently that it is left alone for now.
func (s *shared[T]) wait(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.backoff.wait(now)
}

// fetch reads the document. Concurrent callers share one request, which goes on when one of them
// goes away, and has its own time limit. No lock is held meanwhile.
func (s *shared[T]) fetch(ctx context.Context, now func() time.Time, read fetcher[T]) (*T, error) {
	result := s.flight.DoChan("", func() (any, error) {
		return recovered.Get(func() (any, error) { return s.refetch(ctx, now, read) })
	})
	select {
	case <-ctx.Done():
		return nil, &unavailable{err: context.Cause(ctx)}
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*T), nil
	}
}

// refetch reads the document and keeps it. It does not end with the caller that has caused it.
func (s *shared[T]) refetch(ctx context.Context, now func() time.Time, read fetcher[T]) (*T, error) {
	s.fetching.Add(1)
	defer s.fetching.Add(-1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outboundTimeout)
	defer cancel()
	fresh, err := recovered.Get(func() (*T, error) { return read(ctx) })
	at := now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return nil, s.backoff.failed(at, err)
	}
	s.backoff.reset()
	s.current.Store(fresh)
	return fresh, nil
}

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 5 * time.Second
)

// A backoff keeps a provider that is down from being asked by every visitor. The first failure
// is ignored: most are over at once. After that the pauses double, up to a few seconds, so that
// logins work again as soon as the provider does.
type backoff struct {
	failures int
	until    time.Time
	last     error
}

// wait returns the last failure while the pause after it lasts.
func (b *backoff) wait(now time.Time) error {
	// A clock that was set back must not make the pause longer.
	if rest := b.until.Sub(now); rest > 0 && rest <= maxPause {
		return &unavailable{retryAfter: rest, err: b.last}
	}
	return nil
}

// failed notes a failure and returns it as an error that wraps ErrUnavailable.
func (b *backoff) failed(now time.Time, err error) error {
	b.failures++
	b.last = err
	pause := time.Duration(0)
	if b.failures > 1 {
		pause = min(firstPause<<min(b.failures-2, 10), maxPause)
	}
	b.until = now.Add(pause)
	return &unavailable{retryAfter: pause, err: err}
}

func (b *backoff) reset() { *b = backoff{} }
