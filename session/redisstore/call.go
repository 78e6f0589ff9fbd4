package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// errSlow is the cause of a call that times out.
var errSlow = fmt.Errorf("no answer within Store.Timeout: %w", context.DeadlineExceeded)

type outcome[T any] struct {
	value T
	err   error
}

// call runs f and returns when f does, when ctx ends, or after Timeout. A client may exceed the
// deadline: by default, go-redis ignores context deadlines while it reads. Goroutines left behind
// are limited in number (maxCalls) and in time (by the client's own limits), and their answers are
// discarded.
//
// call returns ErrNoRecord and ErrChanged unchanged; any other error means that the answer is
// unknown (R100).
func call[T any](ctx context.Context, s *Store, what string, f func(context.Context) (T, error)) (T,
	error) {
	var none T
	if err := s.ready(); err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, errSlow)
	defer cancel()
	select {
	case s.calls <- struct{}{}:
	case <-ctx.Done():
		return judge(ctx, s, what, outcome[T]{err: ctx.Err()})
	}
	answer := make(chan outcome[T], 1)
	recovered.Go(func() {
		defer func() { <-s.calls }()
		answer <- attempt(ctx, f)
	}, nil)
	select {
	case got := <-answer:
		return judge(ctx, s, what, got)
	case <-ctx.Done():
		return judge(ctx, s, what, outcome[T]{err: ctx.Err()})
	}
}

// read is like call, but faster, for the calls that every request makes. If the client respects
// context deadlines, f runs in this goroutine: starting another takes as long as a nearby Redis
// needs to answer. Cancellation of the context then takes effect only at the deadline.
func read[T any](ctx context.Context, s *Store, what string, f func(context.Context) (T, error)) (T,
	error) {
	if err := s.ready(); err != nil || !s.punctual {
		return call(ctx, s, what, f)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, errSlow)
	defer cancel()
	return judge(ctx, s, what, attempt(ctx, f))
}

// attempt runs f and turns a panic, such as one in a hook of the client, into an error.
func attempt[T any](ctx context.Context, f func(context.Context) (T, error)) outcome[T] {
	value, err := recovered.Get(func() (T, error) { return f(ctx) })
	return outcome[T]{value, err}
}

// judge returns definite answers unchanged, and turns every other error into an unknown one.
func judge[T any](ctx context.Context, s *Store, what string, got outcome[T]) (T, error) {
	if got.err == nil || got.err == session.ErrNoRecord || got.err == session.ErrChanged {
		return got.value, got.err
	}
	if ctx.Err() != context.Canceled {
		s.reloadCluster(ctx) // the caller did not cancel, so Redis may be the reason
	}
	if ctx.Err() != nil {
		got.err = context.Cause(ctx) // more specific than the client's error
	}
	var none T
	return none, unknown(what, got.err)
}

// unknown returns an error for an unknown answer. It must never match ErrNoRecord or ErrChanged.
func unknown(what string, err error) error {
	if errors.Is(err, redis.Nil) {
		return fmt.Errorf("redisstore: %s: an unexpected empty answer", what)
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}

// reloadCluster makes a cluster client reload the topology soon. Otherwise, after a failover it
// would continue to use the failed node.
func (s *Store) reloadCluster(ctx context.Context) {
	if c, ok := s.Client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
}
