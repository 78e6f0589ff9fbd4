package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

var (
	someKey    = session.Key{Owner: "AAAAAAAAAAAAAAAAAAAAAA", ID: "BBBBBBBBBBBBBBBBBBBBBB"}
	someMark   = session.RevocationKey{1}
	someMarks  = session.RevocationKeys{{}, {2}, someMark}
	someRecord = session.Record{Version: 2, Data: "data", TTL: time.Minute}

	someRevocation = session.Revocation{
		Keys:      []session.RevocationKey{someMark},
		Providers: []session.RevocationKey{{3}, {4}},
		Keep:      time.Hour,
	}
)

// everyCall returns a call of each method of a store. If the answer is unknown, the call must
// return an error.
func everyCall(s *redisstore.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Get": func(ctx context.Context) error {
			_, err := s.Get(ctx, someKey)
			return err
		},
		"GetAndLookup": func(ctx context.Context) error {
			_, _, err := s.GetAndLookup(ctx, someKey, someMarks)
			return err
		},
		"Put": func(ctx context.Context) error {
			return s.Put(ctx, someKey, someRecord, session.IfOlder)
		},
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, someKey) },
		"List": func(ctx context.Context) error {
			_, err := s.List(ctx, someKey.Owner)
			return err
		},
		"Epoch": func(ctx context.Context) error { _, err := s.Epoch(ctx); return err },
		"Revoke": func(ctx context.Context) error {
			_, err := s.Revoke(ctx, someRevocation)
			return err
		},
		"Lookup": func(ctx context.Context) error {
			_, err := s.Lookup(ctx, someMarks)
			return err
		},
		"Do": func(ctx context.Context) error {
			_, err := s.Do(ctx, "key", time.Minute, func(context.Context) ([]byte, error) {
				return nil, errors.New("it ran")
			})
			return err
		},
		"Ready": func(ctx context.Context) error { return s.Ready(ctx) },
	}
}

// wantUnknown checks that a call ends in time, with an error for an unknown answer.
func wantUnknown(t *testing.T, name string, within time.Duration,
	call func(context.Context) error) {
	t.Helper()
	begin := time.Now()
	err := call(t.Context())
	if took := time.Since(begin); took > within {
		t.Errorf("%s took %v, want at most %v", name, took, within)
	}
	if err == nil || errors.Is(err, session.ErrNoRecord) || errors.Is(err, session.ErrChanged) ||
		errors.Is(err, redis.Nil) || strings.Contains(err.Error(), "it ran") {
		t.Errorf("%s = %v; want an error for an unknown answer", name, err)
	}
}

// fast returns a store with a short timeout, and a client that ignores context deadlines.
func fast(t *testing.T, addr string) *redisstore.Store {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { client.Close() })
	s := redisstore.New(client)
	s.Timeout = 500 * time.Millisecond
	return s
}

// punctual returns a store with a short timeout, and a client of Open, which respects deadlines.
func punctual(t *testing.T, addr string) *redisstore.Store {
	t.Helper()
	s := open(t, "redis://"+addr)
	s.Timeout = 500 * time.Millisecond
	return s
}

// R100: only a nil from Redis means that a record does not exist.
func TestStore_R100_UnexpectedAnswers(t *testing.T) {
	rig.Slow(t)
	for name, answer := range map[string]string{
		"loading":   "-LOADING Redis is loading the dataset in memory\r\n",
		"read-only": "-READONLY You can't write against a read only replica.\r\n",
		"full":      "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
		"not saved": "-MISCONF Redis is configured to save RDB snapshots, but it is " +
			"currently unable to persist to disk.\r\n",
		"busy": "-BUSY Redis is busy running a script.\r\n",
		"master gone": "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data " +
			"is set to 'no'.\r\n",
		"moved":        "-MOVED 1234 127.0.0.1:1\r\n",
		"asked":        "-ASK 1234 127.0.0.1:1\r\n",
		"cluster down": "-CLUSTERDOWN The cluster is down\r\n",
		"another type": "-WRONGTYPE Operation against a key holding the wrong kind of " +
			"value\r\n",
		"no password":       "-NOAUTH Authentication required.\r\n",
		"no rights":         "-NOPERM this user has no permissions\r\n",
		"no script, ever":   "-NOSCRIPT No matching script. Please use EVAL.\r\n",
		"an error of ours":  "-ERR sallyport: not a record\r\n",
		"too many clients":  "-ERR max number of clients reached\r\n",
		"empty text":        "$0\r\n\r\n",
		"short text":        "$3\r\nabc\r\n",
		"long text":         "$60\r\n" + strings.Repeat("x", 60) + "\r\n",
		"a number":          ":7\r\n",
		"OK":                "+OK\r\n",
		"a list of nothing": "*1\r\n$-1\r\n",
		"half an answer":    "$100\r\nabc",
		"no answer":         hang,
		"the end":           hangUp,
		"a web page":        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
		"noise":             "\x00\xff\x17\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := startFake(t, func([]string) string { return answer })
			beginsWell := startFake(t, func(args []string) string {
				if strings.EqualFold(args[0], "ZRANGE") {
					return "*1\r\n$1\r\na\r\n"
				}
				return answer
			})
			for _, client := range []func(*testing.T, string) *redisstore.Store{fast, punctual} {
				s := client(t, fake)
				var wg sync.WaitGroup
				for call, do := range everyCall(s) {
					wg.Go(func() { wantUnknown(t, call, 3*time.Second, do) })
				}
				wg.Wait()
				wantUnknown(t, "List", 3*time.Second, everyCall(client(t, beginsWell))["List"])
			}
		})
	}
}

// R100: a nil from Redis means no record or no mark. As the answer of a script it is unknown.
func TestStore_R100_Nil(t *testing.T) {
	s := fast(t, startFake(t, func([]string) string { return "$-1\r\n" }))
	calls := everyCall(s)
	for _, name := range []string{"Get", "GetAndLookup"} {
		if err := calls[name](t.Context()); !errors.Is(err, session.ErrNoRecord) {
			t.Errorf("%s = %v, want ErrNoRecord", name, err)
		}
		delete(calls, name)
	}
	if marks, err := s.Lookup(t.Context(), someMarks); err != nil || marks != ([4]session.Mark{}) {
		t.Errorf("Lookup = %v, %v", marks, err)
	}
	delete(calls, "Lookup")
	for name, call := range calls {
		wantUnknown(t, name, 3*time.Second, call)
	}
}

// R100: a record whose revocations cannot be read is not a session.
func TestStore_R100_RecordWithoutItsMarks(t *testing.T) {
	for _, mark := range []string{"-LOADING x\r\n", "$3\r\nabc\r\n", hang, hangUp, ":1\r\n"} {
		s := fast(t, startFake(t, func(args []string) string {
			if strings.HasSuffix(args[1], ":revoked") {
				return mark
			}
			return "$40\r\n" + strings.Repeat("0", 36) + "data\r\n"
		}))
		wantUnknown(t, fmt.Sprintf("with a mark %q", mark), 3*time.Second,
			everyCall(s)["GetAndLookup"])
		if record, err := s.Get(t.Context(), someKey); err != nil || record.Data != "data" {
			t.Errorf("Get = %v, %v, so the test is void", record, err)
		}
	}
}

// A cluster whose nodes redirect forever.
func TestStore_R100_EndlessRedirects(t *testing.T) {
	var addr string
	addr = startFake(t, func(args []string) string {
		host, port, _ := net.SplitHostPort(addr)
		if strings.EqualFold(args[0], "CLUSTER") {
			return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$" + fmt.Sprint(len(host)) + "\r\n" + host +
				"\r\n:" + port + "\r\n"
		}
		return "-MOVED 1 " + addr + "\r\n"
	})
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}})
	t.Cleanup(func() { client.Close() })
	s := redisstore.New(client)
	s.Timeout = 500 * time.Millisecond
	for name, call := range everyCall(s) {
		wantUnknown(t, name, 3*time.Second, call)
	}
}

func TestStore_R100_ConnectionRefused(t *testing.T) {
	rig.Slow(t)
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	for _, s := range []*redisstore.Store{
		fast(t, addr), open(t, "redis://"+addr), open(t, "redis+cluster://"+addr),
		open(t, "redis+sentinel://"+addr+"?master_name=main"),
	} {
		for name, call := range everyCall(s) {
			wantUnknown(t, name, 4*time.Second, call)
		}
	}
}

// If Redis accepts commands but never answers, calls end in time with any client, and the
// goroutines left behind are bounded and end.
func TestStore_HangingRedis(t *testing.T) {
	rig.Slow(t)
	for name, deadlines := range map[string]bool{"client with deadlines": true,
		"client without deadlines": false} {
		t.Run(name, func(t *testing.T) { hangingRedis(t, deadlines) })
	}
}

func hangingRedis(t *testing.T, deadlines bool) {
	before := runtime.NumGoroutine()
	down := make(chan struct{})
	addr := startFake(t, func([]string) string { <-down; return hangUp })
	client := redis.NewClient(&redis.Options{Addr: addr, ReadTimeout: time.Hour,
		PoolTimeout: time.Hour, PoolSize: 50, ContextTimeoutEnabled: deadlines})
	t.Cleanup(func() { client.Close() })
	s := redisstore.New(client)
	s.Timeout = 300 * time.Millisecond
	for round := range 3 {
		begin := time.Now()
		var wg sync.WaitGroup
		for range 2000 {
			wg.Go(func() {
				if _, err := s.Get(t.Context(), someKey); !errors.Is(err,
					context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Get = %v", err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("round %d took %v", round, took)
		}
		if n := runtime.NumGoroutine() - before; n > 1500 {
			t.Errorf("%d goroutines are left after round %d", n, round)
		}
	}
	// connections of the test and of the client
	if n := runtime.NumGoroutine() - before; deadlines && n > 500 {
		t.Errorf("%d goroutines are left", n)
	}
	close(down)
	until(t, "all goroutines have ended", func() bool {
		return runtime.NumGoroutine()-before < 150
	})
}

// A context deadline ends a call, with any client.
func TestStore_DeadlineEndsCalls(t *testing.T) {
	rig.Slow(t)
	addr := startFake(t, func([]string) string { return hang })
	for _, s := range []*redisstore.Store{fast(t, addr), punctual(t, addr)} {
		s.Timeout = time.Minute
		for name, call := range everyCall(s) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			wantUnknown(t, name, 5*time.Second, func(context.Context) error { return call(ctx) })
			cancel()
		}
	}
}

// Cancellation ends a call immediately, with its cause as the error. (Reads with a client that
// respects deadlines end at the deadline.)
func TestStore_ContextEndsCalls(t *testing.T) {
	arrived := make(chan bool, 100)
	s := fast(t, startFake(t, func([]string) string { arrived <- true; return hang }))
	s.Timeout = time.Minute
	for name, call := range everyCall(s) {
		gone := errors.New("browser disconnected")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { <-arrived; cancel(gone) }()
		begin := time.Now()
		if err := call(ctx); !errors.Is(err, gone) || time.Since(begin) > 3*time.Second {
			t.Errorf("%s = %v after %v", name, err, time.Since(begin))
		}
	}
}

// If the client itself hangs, for example in a hook, the number of goroutines is limited.
func TestStore_HangingClient(t *testing.T) {
	before := runtime.NumGoroutine()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { client.Close() })
	release := make(chan struct{})
	client.AddHook(waiting{release})
	s := redisstore.New(client)
	s.Timeout = 200 * time.Millisecond
	var wg sync.WaitGroup
	for range 3000 {
		wg.Go(func() { wantUnknown(t, "Get", 10*time.Second, everyCall(s)["Get"]) })
	}
	wg.Wait()
	if n := runtime.NumGoroutine() - before; n < 500 || n > 1100 {
		t.Errorf("%d goroutines are left; the limit of the store is 1000", n)
	}
	close(release)
	until(t, "all goroutines have ended", func() bool {
		return runtime.NumGoroutine()-before < 100
	})
}

type waiting struct{ until chan struct{} }

func (waiting) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (waiting) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (w waiting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { <-w.until; return next(ctx, cmds) }
}

// A panic in a hook of the client must not end the process.
func TestStore_PanicIsAnError(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { client.Close() })
	client.AddHook(panicking{})
	s := redisstore.New(client)
	for name, call := range everyCall(s) {
		wantUnknown(t, name, 3*time.Second, call)
	}
}

type panicking struct{}

func (panicking) DialHook(next redis.DialHook) redis.DialHook { return next }
func (panicking) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { panic("a hook") }
}
func (panicking) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { panic("a hook") }
}
