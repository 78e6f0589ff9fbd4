package provider

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-go/sallyport/internal/backoff"
	"github.com/sallyport-go/sallyport/internal/recovered"
)

// shared is a document of the provider that all logins use: the metadata or the keys. It is fetched
// when needed, once for all concurrent callers. If a fetch fails, the known document stays in use.
// The zero value is ready for use.
type shared[T any] struct {
	// usable reports whether the known document may be used after a failed fetch. Nil: always.
	usable func(*T) bool

	current  atomic.Pointer[T]
	flight   singleflight.Group
	fetching atomic.Int32

	mu     sync.Mutex
	outage outage
}

// A fetcher fetches the document from the provider.
type fetcher[T any] func(context.Context) (*T, error)

// get returns the known document if it is recent enough, and otherwise fetches it. If that fails,
// it returns the known one.
func (s *shared[T]) get(
	ctx context.Context, now func() time.Time, young func(*T) bool, read fetcher[T],
) (*T, error) {
	newest, err := s.newest(ctx, now, young, read)
	if known := s.current.Load(); err != nil && known != nil &&
		(s.usable == nil || s.usable(known)) {
		return known, nil
	}
	return newest, err
}

// newest is get without the fallback to the known document.
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

// wait returns the last failure if it was too recent for another request.
func (s *shared[T]) wait(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outage.wait(now)
}

// fetch fetches the document. Concurrent callers share one request, which continues if one of them
// is canceled, and has its own timeout. No lock is held meanwhile.
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

// refetch fetches the document and keeps it. It is not canceled with its caller.
func (s *shared[T]) refetch(ctx context.Context, now func() time.Time, read fetcher[T]) (*T,
	error) {
	s.fetching.Add(1)
	defer s.fetching.Add(-1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outboundTimeout)
	defer cancel()
	fresh, err := recovered.Get(func() (*T, error) { return read(ctx) })
	at := now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return nil, s.outage.failed(at, err)
	}
	s.outage = outage{}
	s.current.Store(fresh)
	return fresh, nil
}

// pauses limits the requests to an unavailable provider. They are short, so that logins work again
// soon after the provider recovers.
var pauses = backoff.Limits{Free: 1, First: 500 * time.Millisecond, Longest: 5 * time.Second}

// An outage is the state of a provider's failed fetches.
type outage struct {
	backoff backoff.Backoff
	last    error
}

// wait returns the last failure during the pause after it.
func (o *outage) wait(now time.Time) error {
	if rest := o.backoff.Rest(now); rest > 0 {
		return &unavailable{retryAfter: rest, err: o.last}
	}
	return nil
}

// failed records a failure and returns it as an error that wraps ErrUnavailable.
func (o *outage) failed(now time.Time, err error) error {
	o.last = err
	return &unavailable{retryAfter: o.backoff.Failed(now, pauses, 0), err: err}
}
