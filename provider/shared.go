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
