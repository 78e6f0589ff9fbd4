package redisstore_test

import (
	"context"
	"errors"
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

// R100: Redis is killed and restarted under load. Users get their own pages or 503, never another
// user's page or the login. After the restart, all sessions continue.
func TestOutage_R100_Restart(t *testing.T) {
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
				t.Error("pages were served while Redis was down")
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

// R100: while Redis is down, signing in and out fails with 503.
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
		if resp := st.Get(t, b,
			callback.String()); resp.StatusCode != http.StatusServiceUnavailable ||
			len(st.SessionCookies(b)) != 0 {
			t.Errorf("signing in: status %d, %d cookies; want 503 and none", resp.StatusCode,
				len(st.SessionCookies(b)))
		}
		if resp := st.Get(t, rig.Browser(t), "/me"); resp.StatusCode != http.StatusFound {
			t.Errorf("an unauthenticated request: status %d, want a redirect to the login, which "+
				"needs no Redis", resp.StatusCode)
		}
		server.start(t)
		until(t, "alice has her page", func() bool {
			return st.page(st.open(st.two, "/me", alice)) == "alice"
		})
		if w := st.signOut(st.one, alice); w.Code != http.StatusSeeOther {
			t.Errorf("signing out after the restart: status %d", w.Code)
		}
		st.want(t, st.two, alice, "sign in")
	})
}

// Redis restarts without its data: users with sessions in Redis can sign in again, and sessions in
// cookies continue.
func TestOutage_DataLoss(t *testing.T) {
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		server := startServer(t)
		st := newSite(t, keep, func() *redisstore.Store { return open(t, server.url()) })
		browser, alice := st.signIn(t, "alice")
		server.kill()
		st.want(t, st.one, alice, "away")
		server.start(t)
		until(t, "Redis is reachable again", func() bool {
			return st.page(st.open(st.one, "/me", alice)) != "away"
		})
		someone := &session.Session{User: session.User{Issuer: "i", Subject: "s"}}
		if _, err := st.one.Sessions.List(t.Context(), someone); !errors.Is(err,
			session.ErrNoList) { // sessions in Redis
			w := st.open(st.one, "/me", alice)
			if got := st.page(w); got != "sign in" {
				t.Errorf("the page is for %q", got)
			}
			for _, c := range w.Result().Cookies() {
				if c.Name == alice[0].Name && c.MaxAge >= 0 {
					t.Error("the cookie of the lost session was not deleted")
				}
			}
			if resp := st.Get(t, browser, "/me"); resp.StatusCode != http.StatusFound ||
				len(st.SessionCookies(browser)) != 0 {
				t.Errorf("the browser: status %d, %d cookies left", resp.StatusCode,
					len(st.SessionCookies(browser)))
			}
			if resp := st.SignIn(t, browser, "alice", "/me"); resp.StatusCode != http.StatusOK {
				t.Errorf("signing in again: status %d", resp.StatusCode)
			}
			alice = st.SessionCookies(browser)
		}
		st.want(t, st.two, alice, "alice")
		// Later revocations end sessions, even those that began before the loss.
		if err := st.two.Sessions.EndAll(t.Context(), st.session(t, st.one, alice)); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.one, alice, "sign in")
		st.signIn(t, "alice")
	})
}

// If Redis takes 5 seconds to answer, requests get 503 after about Store.Timeout, goroutines and
// memory stay bounded, and the store recovers.
func TestOutage_R100_SlowRedis(t *testing.T) {
	server := startServer(t)
	for name, client := range map[string]func(addr string) *redisstore.Store{
		"client of Open": func(addr string) *redisstore.Store { return open(t, "redis://"+addr) },
		"plain client": func(addr string) *redisstore.Store {
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
				// a second, unless the machine is busy
				if took := time.Since(begin); took >= 5*time.Second {
					t.Errorf("500 concurrent requests took %v", took)
				}
			}
			if n := runtime.NumGoroutine() - goroutines; n > 1500 {
				t.Errorf("%d more goroutines", n)
			}
			if n := heap() - memory; n > 64<<20 {
				t.Errorf("%d MB more heap", n>>20)
			}
			p.delay.Store(0)
			until(t, "alice has her page", func() bool {
				return st.page(st.open(st.one, "/me", alice)) == "alice"
			})
			until(t, "all goroutines have ended", func() bool {
				return runtime.NumGoroutine()-goroutines < 100
			})
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

// R100, R107: Redis goes down between a refresh and storing its result. The response is 503, the
// new tokens are not lost, and the spent refresh token is not sent again.
func TestOutage_R107_RefreshIsNotLost(t *testing.T) {
	server := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	var kill func()
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return open(t, server.url())
	}, func(s *rig.Setup) {
		s.Config.Hooks.Refresh = func(context.Context, *session.Session) error {
			kill()
			return nil
		}
	})
	kill = server.kill
	_, alice := st.signIn(t, "alice")
	st.Clock.Advance(2 * time.Hour)
	if w := st.open(st.one, "/call", alice); w.Code != http.StatusServiceUnavailable {
		t.Errorf("while Redis is down: status %d, want 503", w.Code)
	}
	kill = func() {}
	server.start(t)
	until(t, "alice has her page", func() bool {
		return st.page(st.open(st.one, "/me", alice)) == "alice"
	})
	for _, p := range []process{st.two, st.one} {
		if w := st.open(p, "/call", alice); w.Code != http.StatusOK {
			t.Errorf("after the restart: status %d: %s", w.Code, w.Body)
		}
	}
	if n := st.refreshes(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}
