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
	// lease is how long a lock outlives its process.
	lease = 5 * time.Second
	// prolongEvery leaves a lease several chances to be prolonged.
	prolongEvery = time.Second

	firstPause, longestPause = 5 * time.Millisecond, 250 * time.Millisecond

	// What a lock's key holds begins with a letter.
	lockMark, resultMark = "l", "r"
)

// errNotHere means that this process has no result for a key.
var errNotHere = errors.New("redisstore: no result in this process")

// Do implements [session.Locker]. Of the callers of one process, one goes to Redis. There it takes the lock and runs f, or finds the lock taken and looks
// again, every few milliseconds at first and four times a second later, or finds the result. A lock is prolonged while f runs, and ends five seconds
// after its process has died. What f has returned is given to the callers also when Redis does not take it.
func (s *Store) Do(ctx context.Context, key string, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	return s.flights.Do(ctx, key, 0, func(ctx context.Context) ([]byte, error) {
		l := &lock{store: s, name: key, key: s.lockKey(key), own: lockMark + rand.Text()}
		return l.do(ctx, keep, f)
	})
}

// A lock is what one call of Do has to do with a key.
type lock struct {
	store     *Store
	name, key string
	own       string // what the key holds while the lock is ours
}

func (l *lock) do(ctx context.Context, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error) {
	// What ran in this process is known here, even if Redis has not taken it.
	result, err := l.store.results.Do(ctx, l.name, keep, func(context.Context) ([]byte, error) { return nil, errNotHere })
	if err == nil {
		return result, nil
	}
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		there, err := l.hold(ctx)
		switch {
		case err != nil:
			return nil, err
		case there == l.own:
			return l.store.results.Do(ctx, l.name, keep, func(ctx context.Context) ([]byte, error) { return l.run(ctx, keep, f) })
		case there[:1] == resultMark:
			return []byte(there[1:]), nil
		}
		select {
		case <-time.After(pause/2 + mathrand.N(pause)): // so that many processes do not come at once
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// hold takes the lock if it is free, prolongs it if it is ours, and returns what is there.
func (l *lock) hold(ctx context.Context) (string, error) {
	return call(ctx, l.store, "take lock", func(ctx context.Context) (string, error) {
		there, err := l.store.run(ctx, holdScript, []string{l.key}, l.own, milliseconds(lease))
		if err == nil && (len(there) == 0 || there[:1] != lockMark && there[:1] != resultMark) {
			err = errForeign
		}
		return there, err
	})
}

// run runs f with the lock in hand, and leaves its result in the place of the lock.
func (l *lock) run(ctx context.Context, keep time.Duration, f func(context.Context) ([]byte, error)) ([]byte, error) {
	calls := context.WithoutCancel(ctx) // have their own limit, and must be made also when f has used up its time
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

// prolong keeps the lock ours until stop is called, which returns when nothing is under way any more: what came to Redis
// after the release would take the lock again.
func (l *lock) prolong(ctx context.Context) (stop func()) {
	stopped, done := make(chan struct{}), make(chan struct{})
	recovered.Go(func() {
		defer close(done)
		ticker := time.NewTicker(prolongEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.hold(ctx) // if that fails, the next one may not; a lock that is lost is no reason to stop f half-way
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

// release puts a result in the place of the lock, or nothing if text is empty.
func (l *lock) release(ctx context.Context, text string, keep time.Duration) error {
	_, err := call(ctx, l.store, "release lock", func(ctx context.Context) (string, error) {
		return l.store.run(ctx, releaseScript, []string{l.key}, l.own, text, milliseconds(keep))
	})
	return err
}

// insist tries for a minute to hand over a result that Redis has not taken, so that other processes need not run their own f: a refresh
// token that has been sent is spent.
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
