package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// R106: the contract of a Locker.
func TestMemoryLocker_RunsOncePerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewMemoryLocker(nil)
		var runs atomic.Int32
		slow := func(context.Context) ([]byte, error) {
			<-time.After(5 * time.Second)
			return []byte(fmt.Sprint(runs.Add(1))), nil
		}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got, err := l.Do(t.Context(), "a", time.Minute, slow); err != nil ||
					string(got) != "1" {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		if got, _ := l.Do(t.Context(), "b", time.Minute, func(context.Context) ([]byte, error) {
			return []byte("other"), nil
		}); string(got) != "other" {
			t.Errorf("another key waits: %q", got)
		}
		wg.Wait()
		<-time.After(59 * time.Second)
		if got, _ := l.Do(t.Context(), "a", time.Minute, slow); string(got) != "1" {
			t.Errorf("within the time: %q", got)
		}
		<-time.After(2 * time.Second)
		if got, _ := l.Do(t.Context(), "a", time.Minute, slow); string(got) != "2" {
			t.Errorf("after the time: %q", got)
		}
	})
}

// R110: the work continues when the caller goes away, but not forever.
func TestMemoryLocker_OutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewMemoryLocker(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		work := func(ctx context.Context) ([]byte, error) {
			select {
			case <-time.After(10 * time.Second):
				return []byte("done"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		if _, err := l.Do(ctx, "a", time.Minute, work); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the canceled caller: %v", err)
		}
		if got, err := l.Do(t.Context(), "a", time.Minute, work); string(got) != "done" ||
			err != nil {
			t.Errorf("the next caller: %q, %v", got, err)
		}
		begin := time.Now()
		_, err := l.Do(t.Context(), "endless", time.Minute, func(ctx context.Context) ([]byte,
			error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if err == nil || time.Since(begin) > 2*lockerTimeout {
			t.Errorf("endless work: %v after %v", err, time.Since(begin))
		}
	})
}

func TestMemoryLocker_ErrorsAreNotKept(t *testing.T) {
	l, fault := NewMemoryLocker(nil), errors.New("x")
	for range 3 {
		if _, err := l.Do(t.Context(), "a", time.Minute, func(context.Context) ([]byte, error) {
			return nil, fault
		}); !errors.Is(err, fault) {
			t.Errorf("error %v", err)
		}
	}
	if got, err := l.Do(t.Context(), "a", time.Minute, func(context.Context) ([]byte, error) {
		return []byte("ok"), nil
	}); err != nil || string(got) != "ok" {
		t.Errorf("after the errors: %q, %v", got, err)
	}
}

// A result expires at its own time, even behind one that is kept longer.
func TestMemoryLocker_EachResultHasItsOwnExpiry(t *testing.T) {
	now := start
	l := NewMemoryLocker(func() time.Time { return now })
	n := 0
	count := func(context.Context) ([]byte, error) { n++; return []byte(fmt.Sprint(n)), nil }
	l.Do(t.Context(), "long", time.Hour, count)
	l.Do(t.Context(), "short", time.Minute, count)
	now = now.Add(2 * time.Minute)
	if got, _ := l.Do(t.Context(), "short", time.Minute, count); string(got) != "3" {
		t.Errorf("the short one: %q, want a new one", got)
	}
	if got, _ := l.Do(t.Context(), "long", time.Hour, count); string(got) != "1" {
		t.Errorf("the long one: %q", got)
	}
	now = now.Add(2 * time.Hour)
	if got, _ := l.Do(t.Context(), "short", time.Minute, count); string(got) != "4" {
		t.Errorf("much later: %q", got)
	}
}

func TestMemoryLocker_IsBounded(t *testing.T) {
	l := NewMemoryLocker(nil).(*memoryLocker)
	for i := range maxKept + 500 {
		l.Do(t.Context(), fmt.Sprint(i), time.Hour, func(context.Context) ([]byte, error) {
			return nil, nil
		})
	}
	if l.kept.Len() > maxKept || len(l.running) != 0 {
		t.Errorf("%d results are kept, want at most %d; %d calls are running", l.kept.Len(),
			maxKept, len(l.running))
	}
}

// F8: the results of refreshes are bounded in bytes, too, and large ones displace only large ones.
func TestMemoryLocker_F8_Bytes(t *testing.T) {
	l := NewMemoryLocker(nil).(*memoryLocker)
	n := 0
	small := func(context.Context) ([]byte, error) { n++; return make([]byte, 3000), nil }
	for i := range 1000 {
		l.Do(t.Context(), fmt.Sprint("small ", i), time.Hour, small)
	}
	for i := range 150 {
		l.Do(t.Context(), fmt.Sprint("large ", i), time.Hour,
			func(context.Context) ([]byte, error) {
				return make([]byte, 800<<10), nil
			})
	}
	if got := l.kept.Bytes(); got > 20<<20 {
		t.Errorf("%d bytes are kept", got)
	}
	for i := range 1000 {
		l.Do(t.Context(), fmt.Sprint("small ", i), time.Hour, small)
	}
	if n != 1000 {
		t.Errorf("%d small results were displaced", n-1000)
	}
}
