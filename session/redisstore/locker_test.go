package redisstore_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session/redisstore"
)

func text(s string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(s), nil }
}

// holding calls Do, waits until its function runs, and lets it return result when release is
// called.
func holding(t *testing.T, s *redisstore.Store, key, result string) (release func() (string,
	error)) {
	t.Helper()
	running, finish := make(chan struct{}), make(chan struct{})
	var got []byte
	var err error
	var wg sync.WaitGroup
	wg.Go(func() {
		got, err = s.Do(t.Context(), key, time.Minute, func(context.Context) ([]byte, error) {
			close(running)
			<-finish
			return []byte(result), nil
		})
	})
	<-running
	return func() (string, error) {
		close(finish)
		wg.Wait()
		return string(got), err
	}
}

const holderURL = "SALLYPORT_TEST_HOLDER"

// TestMain also runs the process that TestDo_R106_KilledProcess kills.
func TestMain(m *testing.M) {
	url := os.Getenv(holderURL)
	if url == "" {
		os.Exit(m.Run())
	}
	s, err := redisstore.Open(url)
	if err != nil {
		os.Exit(2)
	}
	s.Do(context.Background(), "key", time.Minute, func(context.Context) ([]byte, error) {
		os.Stdout.WriteString("it runs\n")
		select {}
	})
}

// R106: a process extends its lock while it runs. When it is killed, the lock expires and another
// process takes over.
func TestDo_R106_KilledProcess(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderURL+"="+server.url())
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { holder.Process.Kill(); holder.Wait() })
	for lines := bufio.NewScanner(output); lines.Scan() && lines.Text() != "it runs"; {
	}
	var ran atomic.Bool
	done := make(chan error)
	s := open(t, server.url())
	go func() {
		got, err := s.Do(context.Background(), "key", time.Minute,
			func(context.Context) ([]byte, error) {
				ran.Store(true)
				return []byte("second"), nil
			})
		if err == nil && string(got) != "second" {
			err = errors.New("the result is " + string(got))
		}
		done <- err
	}()
	client := server.client(t)
	key := client.Keys(t.Context(), "*lock*").Val()[0]
	const lease, step = 5 * time.Second, 2 * time.Second
	for range 3 { // longer than a lease
		server.advance(t, step)
		until(t, "the first process extends its lock", func() bool {
			return client.PTTL(t.Context(), key).Val() > lease-step
		})
	}
	if ran.Load() {
		t.Error("a second process ran the function while the first had the lock")
	}
	holder.Process.Kill()
	holder.Wait()
	if left := client.PTTL(t.Context(), key).Val(); left <= 0 || left > lease {
		t.Errorf("the lock of the killed process expires in %v, want at most %v", left, lease)
	}
	server.advance(t, lease)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// R106: a process that has lost its lock does not release that of another process.
func TestDo_R106_OnlyTheOwnerReleases(t *testing.T) {
	server := startServer(t)
	one, other, client := open(t, server.url()), open(t, server.url()), server.client(t)
	releaseOne := holding(t, one, "key", "one")
	key := client.Keys(t.Context(), "*lock*").Val()[0]
	client.Del(t.Context(), key)
	releaseOther := holding(t, other, "key", "other")
	lock := client.Get(t.Context(), key).Val()
	if got, err := releaseOne(); err != nil || got != "one" {
		t.Errorf("the first process got %q, %v", got, err)
	}
	if now := client.Get(t.Context(), key).Val(); now != lock || !strings.HasPrefix(now, "l") {
		t.Errorf("the second process's lock changed from %q to %q", lock, now)
	}
	if got, err := releaseOther(); err != nil || got != "other" {
		t.Errorf("the second process got %q, %v", got, err)
	}
	third := open(t, server.url())
	if got, err := third.Do(t.Context(), "key", time.Minute, text("third")); err != nil ||
		string(got) != "other" {
		t.Errorf("a third process got %q, %v", got, err)
	}
}

// R106, R107: a result that Redis did not accept is not lost: this process keeps it, and the others
// get it when Redis is back.
func TestDo_R107_RedisGoesDownMeanwhile(t *testing.T) {
	server := startServer(t)
	one, other := open(t, server.url()), open(t, server.url())
	release := holding(t, one, "key", "one")
	server.kill()
	if got, err := release(); err != nil || got != "one" {
		t.Errorf("the caller got %q, %v", got, err)
	}
	if got, err := one.Do(t.Context(), "key", time.Minute, text("ran again")); err != nil ||
		string(got) != "one" {
		t.Errorf("the next caller in this process got %q, %v", got, err)
	}
	wantUnknown(t, "the other process", 4*time.Second, func(ctx context.Context) error {
		_, err := other.Do(ctx, "key", time.Minute, text("ran again"))
		return err
	})
	server.start(t) // without its data
	client := server.client(t)
	until(t, "the result is in Redis", func() bool {
		return len(client.Keys(t.Context(), "*lock*").Val()) == 1
	})
	if got, err := other.Do(t.Context(), "key", time.Minute, text("ran again")); err != nil ||
		string(got) != "one" {
		t.Errorf("the other process got %q, %v", got, err)
	}
}

// A waiting caller can be canceled without affecting the lock.
func TestDo_CanceledWaiter(t *testing.T) {
	server := startServer(t)
	p := startProxy(t, server.addr())
	one, other := open(t, server.url()), open(t, p.url())
	release := holding(t, one, "key", "one")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone, done := errors.New("gone"), make(chan error)
	go func() {
		_, err := other.Do(ctx, "key", time.Minute, text("other"))
		done <- err
	}()
	until(t, "the other process polls", func() bool { return p.trips.Load() > 8 })
	cancel(gone)
	if err := <-done; !errors.Is(err, gone) {
		t.Errorf("the canceled caller got %v", err)
	}
	if got, err := release(); err != nil || got != "one" {
		t.Errorf("the first caller got %q, %v", got, err)
	}
	if got, err := other.Do(t.Context(), "key", time.Minute, text("other")); err != nil ||
		string(got) != "one" {
		t.Errorf("a later caller got %q, %v", got, err)
	}
}

// R106: one of many processes at a time runs the function. After an error, the next one runs it
// immediately.
func TestDo_R106_ManyProcesses(t *testing.T) {
	server := startServer(t)
	var running, runs, failures atomic.Int32
	var wg sync.WaitGroup
	begin := time.Now()
	for range 8 {
		s := open(t, server.url())
		for range 20 {
			wg.Go(func() {
				got, err := s.Do(t.Context(), "key", time.Minute,
					func(context.Context) ([]byte, error) {
						if running.Add(1) > 1 {
							t.Error("two processes ran the function concurrently")
						}
						defer running.Add(-1)
						if runs.Add(1) < 4 {
							return nil, errors.New("not yet")
						}
						return []byte("done"), nil
					})
				if err != nil {
					failures.Add(1)
				} else if string(got) != "done" {
					t.Errorf("got %q", got)
				}
			})
		}
	}
	wg.Wait()
	if runs.Load() != 4 || failures.Load() == 0 || failures.Load() > 60 {
		t.Errorf("%d runs, %d callers of 160 with an error", runs.Load(), failures.Load())
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v: a lock was not released", took)
	}
}

// Any text is valid as a key, and Redis does not see it.
func TestDo_AnyKey(t *testing.T) {
	server := startServer(t)
	s, client := open(t, server.url()), server.client(t)
	for _, key := range []string{"", "{}", "a b\r\n", "alice@example.com",
		strings.Repeat("x", 1<<16)} {
		if got, err := s.Do(t.Context(), key, time.Minute, text("x")); err != nil ||
			string(got) != "x" {
			t.Errorf("%.20q: %q, %v", key, got, err)
		}
	}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		if len(key) > 70 || strings.Contains(key, "alice") {
			t.Errorf("key %.100q", key)
		}
	}
}
