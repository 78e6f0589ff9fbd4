package redisstore_test

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// R100: Redis is killed and started again under load. Users see their own pages or 503, never those of others, and nobody is asked to
// sign in. Afterwards all is as before.
func TestOutage_R100_KilledAndBack(t *testing.T) {
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
		st := newSite(t, keep, func() *redisstore.Store { return open(t, server.url()) })
		browser, alice := st.signIn(t, "alice")
		_, bob := st.signIn(t, "bob")
		_, gone := st.signIn(t, "bob")
		st.signOut(st.one, gone)
		c := st.newCrowd(t, 10, map[string][]*http.Cookie{"alice": alice, "bob": bob})
		for range 2 {
			c.goOn(t, 500)
			server.kill()
			c.suffer(t, 100)
			right := c.right.Load()
			c.suffer(t, 100)
			if c.right.Load() != right {
				t.Error("pages come although Redis is away")
			}
			server.start(t)
			c.goOn(t, 500)
		}
		c.stop()
		st.want(t, st.one, alice, "alice")
		st.want(t, st.two, bob, "bob")
		st.want(t, st.two, gone, "sign in")
		if who := st.Visit(t, browser, "/"); who != st.Is("alice") {
			t.Errorf("the browser is signed in as %s", who)
		}
		st.signIn(t, "alice")
	})
}

// R100: nobody is signed in, out or up while Redis is away, and nobody is told so.
func TestOutage_R100_SigningInAndOut(t *testing.T) {
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
		st := newSite(t, keep, func() *redisstore.Store { return open(t, server.url()) })
		_, alice := st.signIn(t, "alice")
		server.kill()
		if w := st.signOut(st.one, alice); w.Code != http.StatusServiceUnavailable {
			t.Errorf("signing out: status %d, want 503", w.Code)
		}
		b := rig.Browser(t)
		callback := st.Callback(t, b, "bob", "/auth/login")
		if resp := st.Get(t, b, callback.String()); resp.StatusCode != http.StatusServiceUnavailable || len(st.SessionCookies(b)) != 0 {
			t.Errorf("signing in: status %d, %d cookies; want 503 and none", resp.StatusCode, len(st.SessionCookies(b)))
		}
		if resp := st.Get(t, rig.Browser(t), "/me"); resp.StatusCode != http.StatusFound {
			t.Errorf("a stranger: status %d, want the challenge, for which Redis is not needed", resp.StatusCode)
		}
		server.start(t)
		until(t, "alice has her page", func() bool { return st.page(st.open(st.two, "/me", alice)) == "alice" })
		if w := st.signOut(st.one, alice); w.Code != http.StatusSeeOther {
			t.Errorf("signing out afterwards: status %d", w.Code)
		}
		st.want(t, st.two, alice, "sign in")
	})
}

// A Redis that comes back empty: who had a session there signs in again, and that works. Sessions in cookies go on.
func TestOutage_EverythingLost(t *testing.T) {
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		server := startServer(t)
		st := newSite(t, keep, func() *redisstore.Store { return open(t, server.url()) })
		browser, alice := st.signIn(t, "alice")
		server.kill()
		st.want(t, st.one, alice, "away")
		server.start(t)
		until(t, "Redis is found again", func() bool { return st.page(st.open(st.one, "/me", alice)) != "away" })
		if st.Auth.Sessions.Lists() { // sessions in Redis
			w := st.open(st.one, "/me", alice)
			if got := st.page(w); got != "sign in" {
				t.Errorf("the page is for %q", got)
			}
			for _, c := range w.Result().Cookies() {
				if c.Name == alice[0].Name && c.MaxAge >= 0 {
					t.Error("the cookie that leads nowhere stays")
				}
			}
			if resp := st.Get(t, browser, "/me"); resp.StatusCode != http.StatusFound || len(st.SessionCookies(browser)) != 0 {
				t.Errorf("the browser: status %d, %d cookies left", resp.StatusCode, len(st.SessionCookies(browser)))
			}
			if resp := st.SignIn(t, browser, "alice", "/me"); resp.StatusCode != http.StatusOK {
				t.Errorf("signing in again: status %d", resp.StatusCode)
			}
			alice = st.SessionCookies(browser)
		}
		st.want(t, st.two, alice, "alice")
		// Later revocations count, also for sessions that began before the loss.
		if err := st.two.Sessions.EndAll(t.Context(), st.session(t, st.one, alice)); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.one, alice, "sign in")
		st.signIn(t, "alice")
	})
}

// A Redis whose answers take 5 seconds: 503 in about Store.Timeout, with a bound on what piles up, and all is well afterwards.
func TestOutage_R100_SlowRedis(t *testing.T) {
	server := startServer(t)
	for name, client := range map[string]func(addr string) *redisstore.Store{
		"a client of Open": func(addr string) *redisstore.Store { return open(t, "redis://"+addr) },
		"a plain client": func(addr string) *redisstore.Store {
			client := redis.NewClient(&redis.Options{Addr: addr})
			t.Cleanup(func() { client.Close() })
			return redisstore.New(client)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, server.addr())
			st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
				s := client(p.addr())
				s.Timeout = time.Second
				return s
			})
			_, alice := st.signIn(t, "alice")
			for range 20 {
				st.want(t, st.one, alice, "alice")
			}
			goroutines, memory := runtime.NumGoroutine(), heap()
			p.delay.Store(int64(5 * time.Second))
			for range 3 {
				begin := time.Now()
				var wg sync.WaitGroup
				for range 500 {
					wg.Go(func() { st.want(t, st.one, alice, "away") })
				}
				wg.Wait()
				if took := time.Since(begin); took >= 5*time.Second { // on a busy machine; a second on others
					t.Errorf("500 requests at once took %v", took)
				}
			}
			if n := runtime.NumGoroutine() - goroutines; n > 1500 {
				t.Errorf("%d goroutines more", n)
			}
			if n := heap() - memory; n > 64<<20 {
				t.Errorf("%d MB more", n>>20)
			}
			p.delay.Store(0)
			until(t, "alice has her page", func() bool { return st.page(st.open(st.one, "/me", alice)) == "alice" })
			until(t, "nothing is left behind", func() bool { return runtime.NumGoroutine()-goroutines < 100 })
			for range 100 {
				st.want(t, st.one, alice, "alice")
			}
		})
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapInuse)
}

// R100, R107: Redis goes away between a refresh and the saving of what it brought. That is nobody's fault but Redis', and nothing is
// lost: the refresh token that was spent is not sent again.
func TestOutage_R107_RefreshIsNotLost(t *testing.T) {
	server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	var kill func()
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store { return open(t, server.url()) }, func(s *rig.Setup) {
		s.Config.Hooks.Refresh = func(context.Context, *session.Session) error { kill(); return nil }
	})
	kill = server.kill
	_, alice := st.signIn(t, "alice")
	st.Clock.Advance(2 * time.Hour)
	if w := st.open(st.one, "/call", alice); w.Code != http.StatusServiceUnavailable {
		t.Errorf("when Redis goes away: status %d, want 503", w.Code)
	}
	kill = func() {}
	server.start(t)
	until(t, "alice has her page", func() bool { return st.page(st.open(st.one, "/me", alice)) == "alice" })
	for _, p := range []process{st.two, st.one} {
		if w := st.open(p, "/call", alice); w.Code != http.StatusOK {
			t.Errorf("when it is back: status %d: %s", w.Code, w.Body)
		}
	}
	if n := st.refreshes(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}
