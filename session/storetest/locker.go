package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// TestLocker tests a session.Locker against its contract.
func TestLocker(t *testing.T, open func(t *testing.T) (one, other session.Locker), o Options) {
	for name, test := range map[string]func(*testing.T, session.Locker, session.Locker, Options){
		"one run for all callers": lockerOnce,
		"results are kept":        lockerKeep,
		"canceled caller":         lockerOutlives,
		"errors are not kept":     lockerErrors,
		"independent keys":        lockerKeys,
		"binary results":          lockerResults,
	} {
		t.Run(name, func(t *testing.T) {
			one, other := open(t)
			test(t, one, other, o)
		})
	}
}

// R106
func lockerOnce(t *testing.T, one, other session.Locker, _ Options) {
	const callers = 50
	var runs atomic.Int32
	var wg, calling sync.WaitGroup
	calling.Add(callers)
	key := rand.Text()
	work := func(context.Context) ([]byte, error) {
		calling.Wait()
		return []byte(strconv.Itoa(int(runs.Add(1)))), nil
	}
	for i := range callers {
		l := []session.Locker{one, other}[i%2]
		wg.Go(func() {
			calling.Done()
			if got, err := l.Do(t.Context(), key, time.Minute, work); err != nil ||
				string(got) != "1" {
				t.Errorf("Do = %q, %v", got, err)
			}
		})
	}
	wg.Wait()
	for _, l := range []session.Locker{one, other} {
		if got, err := l.Do(t.Context(), key, time.Minute, work); err != nil || string(got) != "1" {
			t.Errorf("later, Do = %q, %v", got, err)
		}
	}
	if runs.Load() != 1 {
		t.Errorf("the function ran %d times, want 1", runs.Load())
	}
}

func lockerKeep(t *testing.T, one, other session.Locker, o Options) {
	var runs atomic.Int32
	key := rand.Text()
	count := func(context.Context) ([]byte, error) {
		return []byte(strconv.Itoa(int(runs.Add(1)))), nil
	}
	want := func(l session.Locker, want string) {
		t.Helper()
		if got, err := l.Do(t.Context(), key, 4*time.Second, count); err != nil ||
			string(got) != want {
			t.Errorf("Do = %q, %v; want %q", got, err, want)
		}
	}
	want(one, "1")
	o.pass(2 * time.Second)
	want(other, "1")
	// longer than keep since the run, but not since other received the result
	o.pass(3 * time.Second)
	want(other, "2")
	want(one, "2")
}

func lockerOutlives(t *testing.T, one, other session.Locker, _ Options) {
	key, release := rand.Text(), make(chan struct{})
	work := func(ctx context.Context) ([]byte, error) {
		select {
		case <-release:
			return []byte("done"), ctx.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	started := make(chan struct{})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("browser disconnected")
	go func() { <-started; cancel(gone) }()
	_, err := one.Do(ctx, key, time.Minute, func(ctx context.Context) ([]byte, error) {
		close(started)
		return work(ctx)
	})
	if !errors.Is(err, gone) {
		t.Errorf("the canceled caller gets %v, want %v", err, gone)
	}
	go close(release)
	never := func(context.Context) ([]byte, error) { return nil, errors.New("ran again") }
	if got, err := other.Do(t.Context(), key, time.Minute, never); err != nil ||
		string(got) != "done" {
		t.Errorf("the next caller: %q, %v", got, err)
	}
}

func lockerErrors(t *testing.T, one, other session.Locker, _ Options) {
	key, fault := rand.Text(), errors.New("x")
	for range 3 {
		if _, err := one.Do(t.Context(), key, time.Minute, func(context.Context) ([]byte, error) {
			return nil, fault
		}); !errors.Is(err, fault) {
			t.Errorf("error %v", err)
		}
	}
	if got, err := other.Do(t.Context(), key, time.Minute, func(context.Context) ([]byte, error) {
		return []byte("ok"), nil
	}); err != nil || string(got) != "ok" {
		t.Errorf("after errors, Do = %q, %v", got, err)
	}
}

func lockerKeys(t *testing.T, one, other session.Locker, _ Options) {
	release := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		one.Do(t.Context(), rand.Text(), time.Minute, func(context.Context) ([]byte, error) {
			<-release
			return nil, nil
		})
	})
	for _, l := range []session.Locker{one, other} {
		if _, err := l.Do(t.Context(), rand.Text(), time.Minute,
			func(context.Context) ([]byte, error) {
				return nil, nil
			}); err != nil {
			t.Error(err)
		}
	}
	close(release)
	wg.Wait()
}

func lockerResults(t *testing.T, one, other session.Locker, _ Options) {
	for _, result := range []string{"", "\x00\xff", "l:like a lock", "r:like a result"} {
		key := rand.Text()
		for _, l := range []session.Locker{one, other} {
			got, err := l.Do(t.Context(), key, time.Minute, func(context.Context) ([]byte, error) {
				return []byte(result), nil
			})
			if err != nil || string(got) != result {
				t.Errorf("Do = %q, %v; want %q", got, err, result)
			}
		}
	}
}
