package session

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/internal/engine"
)

func onceManager(t *testing.T, change func(*Config)) internals {
	t.Helper()
	c := Config{Secret: "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0",
		Now: func() time.Time {
			return start
		}}
	change(&c)
	base, _ := url.Parse("https://app.example.com")
	m, err := New(c, engine.Site{BaseURL: base, Prefix: "/auth"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// R120: of many concurrent and later calls, exactly one runs f, until the time expires.
func TestOnce_R120_ExactlyOneRuns(t *testing.T) {
	now := start
	var mu sync.Mutex
	m := onceManager(t, func(c *Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	var runs, firsts atomic.Int32
	once := func(key string) {
		first, err := m.Once(t.Context(), key, time.Hour, func(context.Context) error {
			runs.Add(1)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if first {
			firsts.Add(1)
		}
	}
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() { once("a") })
	}
	wg.Wait()
	once("a")
	once("b")
	if runs.Load() != 2 || firsts.Load() != 2 {
		t.Errorf("%d runs and %d firsts, want one per key", runs.Load(), firsts.Load())
	}
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	if once("a"); runs.Load() != 3 || firsts.Load() != 3 {
		t.Errorf("after the time: %d runs, %d firsts, want 3", runs.Load(), firsts.Load())
	}
}

// R120: a failed message may be tried again.
func TestOnce_R120_FailureMayBeRetried(t *testing.T) {
	m := onceManager(t, func(*Config) {})
	fault := errors.New("no store")
	for range 3 {
		first, err := m.Once(t.Context(), "a", time.Hour, func(context.Context) error {
			return fault
		})
		if first || !errors.Is(err, fault) || !errors.Is(err, ErrStore) {
			t.Errorf("a failure: %v, %v", first, err)
		}
	}
	if first, err := m.Once(t.Context(), "a", time.Hour, func(context.Context) error {
		return nil
	}); !first || err != nil {
		t.Errorf("after the failures: %v, %v", first, err)
	}
}

// R120: a failing Locker is reported neither as success nor as replay.
func TestOnce_R120_LockerFails(t *testing.T) {
	fault := errors.New("no locker")
	m := onceManager(t, func(c *Config) { c.Locker = failingLocker{fault} })
	first, err := m.Once(t.Context(), "a", time.Hour, func(context.Context) error { return nil })
	if first || !errors.Is(err, ErrStore) || !errors.Is(err, fault) {
		t.Errorf("%v, %v", first, err)
	}
}

type failingLocker struct{ err error }

// Do implements Locker: it runs f and then fails.
func (l failingLocker) Do(ctx context.Context, _ string, _ time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	f(ctx)
	return nil, l.err
}

// R120, F8: a flood of messages does not displace the results of refreshes in a memory locker. The
// memory is bounded per owner, and drops no message early.
func TestOnce_R120_F8_MemoryIsBoundedAndDropsNothingEarly(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"default": func(*Config) {}, "explicit": func(c *Config) {
			c.Locker = NewMemoryLocker(c.Now)
		},
		"shared": func(c *Config) { c.Locker = &countingLocker{Locker: newKeptLocker(c.Now)} },
	} {
		m := onceManager(t, change)
		n := 0
		refresh := func(context.Context) ([]byte, error) { n++; return []byte("tokens"), nil }
		m.config.Locker.Do(t.Context(), "refresh", time.Hour, refresh)
		once := func(key string) (bool, error) {
			return m.Once(t.Context(), key, time.Hour, func(context.Context) error { return nil })
		}
		for i := range maxOnce + 500 {
			first, err := once(fmt.Sprint("noisy.", i))
			if want := i < maxOnce; first != want || (err == nil) != want || err != nil &&
				!errors.Is(err, ErrStore) {
				t.Fatalf("%s: key %d: %v, %v", name, i, first, err)
			}
		}
		if first, err := once("noisy.0"); first || err != nil {
			t.Errorf("%s: the first key, repeated: %v, %v", name, first, err)
		}
		if first, err := once("quiet.0"); !first || err != nil {
			t.Errorf("%s: a key of another owner: %v, %v", name, first, err)
		}
		if m.config.Locker.Do(t.Context(), "refresh", time.Hour, refresh); n != 1 {
			t.Errorf("%s: refreshed again after a flood", name)
		}
	}
}

// A shared Locker of the application is used, so that several processes process a message once.
func TestOnce_SharedLocker(t *testing.T) {
	shared := &countingLocker{Locker: NewMemoryLocker(nil)}
	one, other := onceManager(t, func(c *Config) {
		c.Locker = shared
	}), onceManager(t, func(c *Config) { c.Locker = shared })
	firsts := 0
	for _, m := range []internals{one, other, one} {
		if first, err := m.Once(t.Context(), "a", time.Hour, func(context.Context) error {
			return nil
		}); err != nil {
			t.Error(err)
		} else if first {
			firsts++
		}
	}
	if firsts != 1 || shared.calls != 3 {
		t.Errorf("%d firsts in two processes, want 1; %d calls of the Locker", firsts, shared.calls)
	}
}

type countingLocker struct {
	Locker
	calls int
}

// newKeptLocker returns a memory locker that keeps more results than one process may add.
func newKeptLocker(now func() time.Time) Locker {
	l := NewMemoryLocker(now).(*memoryLocker)
	l.kept = bounded.New[string, []byte](bounded.Limits{})
	return l
}

// Do implements Locker.
func (l *countingLocker) Do(ctx context.Context, key string, keep time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	l.calls++
	return l.Locker.Do(ctx, key, keep, f)
}

// F8: expired messages make room for others.
func TestOnce_F8_ExpiredKeysMakeRoom(t *testing.T) {
	now := start
	var mu sync.Mutex
	m := onceManager(t, func(c *Config) {
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	once := func(key string) bool {
		first, err := m.Once(t.Context(), key, time.Hour, func(context.Context) error {
			return nil
		})
		return first && err == nil
	}
	for i := range maxOnce {
		once(fmt.Sprint("op.", i))
	}
	if once("op.x") {
		t.Error("a key beyond the limit was accepted")
	}
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	for i := range maxOnce {
		if !once(fmt.Sprint("op.", i)) {
			t.Fatalf("key %d an hour later", i)
		}
	}
}
