package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// errSlow is why a call ends before Redis has answered it.
var errSlow = fmt.Errorf("no answer within Store.Timeout: %w", context.DeadlineExceeded)

type outcome[T any] struct {
	value T
	err   error
}

// call runs f and returns when it does, when ctx ends, or after Timeout. A client may go on longer than it should: by default, go-redis does not look at
// the deadline of a context while it reads. What is left behind then is bounded in number (maxCalls) and in time (by the client's own
// limits), and its answer is nobody's.
//
// Errors are ErrNoRecord and ErrChanged as f returns them; any other means that the answer is unknown (R100).
func call[T any](ctx context.Context, s *Store, what string, f func(context.Context) (T, error)) (T, error) {
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

// read is call for what every request waits for. If the client keeps the deadline of its context, f runs right here: a second goroutine
// would take as long as the answer of a Redis nearby. A context that is cancelled while Redis does not answer is then noticed at
// the deadline only.
func read[T any](ctx context.Context, s *Store, what string, f func(context.Context) (T, error)) (T, error) {
	if err := s.ready(); err != nil || !s.punctual {
		return call(ctx, s, what, f)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.Timeout, errSlow)
	defer cancel()
	return judge(ctx, s, what, attempt(ctx, f))
}

// attempt turns a panic, for example of a hook of the client, into an error.
func attempt[T any](ctx context.Context, f func(context.Context) (T, error)) outcome[T] {
	value, err := recovered.Get(func() (T, error) { return f(ctx) })
	return outcome[T]{value, err}
}

// judge tells the answers that count from all others.
func judge[T any](ctx context.Context, s *Store, what string, got outcome[T]) (T, error) {
	if got.err == nil || got.err == session.ErrNoRecord || got.err == session.ErrChanged {
		return got.value, got.err
	}
	if ctx.Err() != context.Canceled {
		s.lookAround(ctx) // it is not that the caller has gone away
	}
	if ctx.Err() != nil {
		got.err = context.Cause(ctx) // says more than the client does
	}
	var none T
	return none, unknown(what, got.err)
}

// unknown says that something could not be found out. It must not be taken for one of the two answers that count.
func unknown(what string, err error) error {
	if errors.Is(err, redis.Nil) {
		return fmt.Errorf("redisstore: %s: an unexpected empty answer", what)
	}
	return fmt.Errorf("redisstore: %s: %w", what, err)
}

// lookAround makes a cluster's client look who is who, soon. After a failover it would otherwise go on asking the node that is gone.
func (s *Store) lookAround(ctx context.Context) {
	if c, ok := s.Client.(*redis.ClusterClient); ok {
		c.ReloadState(ctx)
	}
}
