package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

const (
	// lease is how long a lock stays after its process has died.
	lease = 5 * time.Second
	// prolongEvery allows several attempts to extend a lock within its lease.
	prolongEvery = time.Second

	firstPause, longestPause = 5 * time.Millisecond, 250 * time.Millisecond

	// The first letter of the value of a lock's key.
	lockMark, resultMark = "l", "r"
)

// errNotHere means that this process has no result for a key.
var errNotHere = errors.New("redisstore: no result in this process")

// Do implements [session.Locker]. One of the callers in a process talks to Redis: it takes the lock
// and runs f, or returns an existing result, or polls while another process has the lock, first
// every few milliseconds and later four times a second. The lock is extended while f runs, and
// expires five seconds after its process has died. The callers get the result of f even if Redis
// does not accept it.
func (s *Store) Do(ctx context.Context, key string, keep time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	return s.flights.Do(ctx, key, 0, func(ctx context.Context) ([]byte, error) {
		l := &lock{store: s, name: key, key: s.lockKey(key), own: lockMark + rand.Text()}
		return l.do(ctx, keep, f)
	})
}

// A lock is the state of one call of Do.
type lock struct {
	store     *Store
	name, key string
	own       string // the value of the key while this call has the lock
}

func (l *lock) do(ctx context.Context, keep time.Duration, f func(context.Context) ([]byte,
	error)) ([]byte, error) {
	// Results of this process are known here, even if Redis did not accept them.
	result, err := l.store.results.Do(ctx, l.name, keep, func(context.Context) ([]byte, error) {
		return nil, errNotHere
	})
	if err == nil {
		return result, nil
	}
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		there, err := l.hold(ctx)
		switch {
		case err != nil:
			return nil, err
		case there == l.own:
			return l.store.results.Do(ctx, l.name, keep, func(ctx context.Context) ([]byte, error) {
				return l.run(ctx, keep, f)
			})
		case there[:1] == resultMark:
			return []byte(there[1:]), nil
		}
		select {
		case <-time.After(pause/2 + mathrand.N(pause)): // spreads the processes
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// hold takes the lock if it is free, extends it if this call has it, and returns the value of the
// key.
func (l *lock) hold(ctx context.Context) (string, error) {
	return call(ctx, l.store, "take lock", func(ctx context.Context) (string, error) {
		there, err := l.store.run(ctx, holdScript, []string{l.key}, l.own, milliseconds(lease))
		if err == nil && (len(there) == 0 || there[:1] != lockMark && there[:1] != resultMark) {
			err = errForeign
		}
		return there, err
	})
}

// run runs f while holding the lock, and replaces the lock with the result.
func (l *lock) run(ctx context.Context, keep time.Duration, f func(context.Context) ([]byte,
	error)) ([]byte, error) {
	// they have their own limit, and follow even if f used up its time
	calls := context.WithoutCancel(ctx)
	stop := l.prolong(calls)
	result, err := recovered.Get(func() ([]byte, error) { return f(ctx) })
	stop()
	text := resultMark + string(result)
	if err != nil {
		text = ""
	}
	if l.release(calls, text, keep) != nil && err == nil {
		recovered.Go(func() { l.insist(calls, text, keep) }, nil)
	}
	return result, err
}

// prolong extends the lock until stop is called. stop waits for a running extension, because one
// that reached Redis after the release would take the lock again.
func (l *lock) prolong(ctx context.Context) (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	recovered.Go(func() {
		defer close(done)
		ticker := time.NewTicker(prolongEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				// on error, the next attempt may succeed; f continues even if the lock is lost
				l.hold(ctx)
			case <-stopped:
				return
			}
		}
	}, nil)
	return func() {
		close(stopped)
		<-done
	}
}

// release replaces the lock with a result, or deletes it if text is empty.
func (l *lock) release(ctx context.Context, text string, keep time.Duration) error {
	_, err := call(ctx, l.store, "release lock", func(ctx context.Context) (string, error) {
		return l.store.run(ctx, releaseScript, []string{l.key}, l.own, text, milliseconds(keep))
	})
	return err
}

// insist retries for up to a minute to store a result that Redis did not accept, so that other
// processes do not run f again: a refresh token can be used only once.
func (l *lock) insist(ctx context.Context, text string, keep time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, min(keep, time.Minute))
	defer cancel()
	ticker := time.NewTicker(longestPause)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if l.release(ctx, text, keep) == nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
