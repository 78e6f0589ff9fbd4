package redisstore_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// twoProcesses runs a test with one server and with a cluster, with sessions in Redis and in
// cookies.
func twoProcesses(t *testing.T, test func(t *testing.T, st *site), change ...func(*rig.Setup)) {
	for where, url := range map[string]string{"one server": startServer(t).url(),
		"cluster": startCluster(t, 0).url()} {
		t.Run(where, func(t *testing.T) {
			eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
				test(t, newSite(t, keep, func() *redisstore.Store {
					return patient(t, url)
				}, change...))
			})
		})
	}
}

// R95: a sign-out in one process ends the session in all, including copies of the cookie.
func TestProcesses_R95_SignOut(t *testing.T) {
	twoProcesses(t, func(t *testing.T, st *site) {
		_, alice := st.signIn(t, "alice")
		_, elsewhere := st.signIn(t, "alice")
		_, bob := st.signIn(t, "bob")
		for _, p := range []process{st.one, st.two} {
			st.want(t, p, alice, "alice")
			st.want(t, p, bob, "bob")
		}
		if w := st.signOut(st.two, alice); w.Code != http.StatusSeeOther {
			t.Fatalf("signing out: status %d", w.Code)
		}
		for _, p := range []process{st.one, st.two} {
			st.want(t, p, alice, "sign in") // with a copy of the cookie
			st.want(t, p, elsewhere, "alice")
			st.want(t, p, bob, "bob")
		}
	})
}

// R95: "sign out everywhere".
func TestProcesses_R95_EndAll(t *testing.T) {
	twoProcesses(t, func(t *testing.T, st *site) {
		_, alice := st.signIn(t, "alice")
		_, elsewhere := st.signIn(t, "alice")
		_, bob := st.signIn(t, "bob")
		if err := st.one.Sessions.EndAll(t.Context(), st.session(t, st.one, alice)); err != nil {
			t.Fatal(err)
		}
		for _, p := range []process{st.two, st.one} {
			st.want(t, p, alice, "sign in")
			st.want(t, p, elsewhere, "sign in")
			st.want(t, p, bob, "bob")
		}
		_, again := st.signIn(t, "alice")
		st.want(t, st.one, again, "alice")
		st.want(t, st.two, again, "alice")
	})
}

// A user's sessions can be listed and ended, from any process.
func TestProcesses_ListAndEndOne(t *testing.T) {
	url := startServer(t).url()
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return patient(t, url)
	})
	_, alice := st.signIn(t, "alice")
	_, elsewhere := st.signIn(t, "alice")
	_, bob := st.signIn(t, "bob")
	here := st.session(t, st.two, alice)
	entries, err := st.one.Sessions.List(t.Context(), here)
	if err != nil || len(entries) != 2 {
		t.Fatalf("List = %v, %v", entries, err)
	}
	for _, e := range entries {
		if e.Current {
			continue
		}
		// bob must not
		if err := st.two.Sessions.EndOne(t.Context(), st.session(t, st.one, bob),
			e.Handle); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.one, elsewhere, "alice")
		if err := st.two.Sessions.EndOne(t.Context(), here, e.Handle); err != nil {
			t.Fatal(err)
		}
	}
	st.want(t, st.one, elsewhere, "sign in")
	st.want(t, st.one, alice, "alice")
	if entries, err = st.one.Sessions.List(t.Context(), here); err != nil || len(entries) != 1 ||
		!entries[0].Current {
		t.Errorf("List after EndOne = %v, %v", entries, err)
	}
}

// R118: a provider logout in one process ends the sessions in all, but not later logins or other
// users' sessions.
func TestProcesses_R118_ProviderEnds(t *testing.T) {
	twoProcesses(t, func(t *testing.T, st *site) {
		_, alice := st.signIn(t, "alice")
		_, elsewhere := st.signIn(t, "alice") // another session at the provider
		_, bob := st.signIn(t, "bob")
		s := st.session(t, st.one, alice)
		logout := engine.ProviderLogout{Provider: "op", Issuer: s.User.Issuer,
			Subject: s.User.Subject, SID: s.SID, IssuedAt: st.Clock.Now()}
		if s.SID == "" {
			t.Fatal("the session has no SID")
		}
		if err := st.two.engine.EndProviderSessions(t.Context(), logout); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.one, alice, "sign in")
		st.want(t, st.one, elsewhere, "alice")
		logout.SID = ""
		if err := st.one.engine.EndProviderSessions(t.Context(), logout); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.two, elsewhere, "sign in")
		st.want(t, st.two, bob, "bob")
		st.Clock.Advance(time.Second)
		_, again := st.signIn(t, "alice")
		// the old logout is repeated
		if err := st.one.engine.EndProviderSessions(t.Context(), logout); err != nil {
			t.Fatal(err)
		}
		st.want(t, st.two, again, "alice")
	})
}

// R119: a logout reaches another process during a callback, after the token response and before the
// session is written.
func TestProcesses_R119_LogoutDuringTheCallback(t *testing.T) {
	var during func(ctx context.Context, s *session.Session) error
	hook := func(s *rig.Setup) {
		s.Config.Hooks.Login = func(r *http.Request, s *handlers.Login) error {
			return during(r.Context(), s.Session)
		}
	}
	twoProcesses(t, func(t *testing.T, st *site) {
		of := func(s *session.Session, sid string) engine.ProviderLogout {
			return engine.ProviderLogout{Provider: "op", Issuer: s.User.Issuer,
				Subject: s.User.Subject, SID: sid, IssuedAt: st.Clock.Now()}
		}
		for name, end := range map[string]func(context.Context, *session.Session) error{
			"of this session": func(ctx context.Context, s *session.Session) error {
				return st.two.engine.EndProviderSessions(ctx, of(s, s.SID))
			},
			"of the user": func(ctx context.Context, s *session.Session) error {
				return st.two.engine.EndProviderSessions(ctx, of(s, ""))
			},
			"everywhere": func(ctx context.Context, s *session.Session) error {
				return st.two.Sessions.EndAll(ctx, s)
			},
		} {
			b := rig.Browser(t)
			ended := false
			during = func(ctx context.Context, s *session.Session) error {
				ended = true
				return end(ctx, s)
			}
			callback := st.Callback(t, b, "alice", "/auth/login")
			if resp := st.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther ||
				!ended {
				t.Fatalf("%s: the callback: status %d", name, resp.StatusCode)
			}
			cookies := st.SessionCookies(b)
			if len(cookies) == 0 {
				t.Fatalf("%s: no session was written, so the test is void", name)
			}
			for _, p := range []process{st.one, st.two} {
				st.want(t, p, cookies, "sign in")
			}
			during = func(context.Context, *session.Session) error { return nil }
			st.Clock.Advance(time.Second)
			if resp := st.SignIn(t, b, "alice", "/me"); resp.StatusCode != http.StatusOK {
				t.Errorf("%s: signing in again: status %d", name, resp.StatusCode)
			}
			st.want(t, st.one, st.SessionCookies(b), "alice")
		}
	}, hook)
}

// R96: an older generation of a session never replaces a newer one, in any process.
func TestProcesses_R96_OlderStateIsRejected(t *testing.T) {
	url := startServer(t).url()
	st := newSite(t, keeps["sessions in Redis"], func() *redisstore.Store {
		return patient(t, url)
	})
	_, cookies := st.signIn(t, "alice")
	r := st.request("/", cookies)
	save := func(p process, s *session.Session, step string) error {
		s.Values = map[string]string{"step": step}
		return p.Sessions.Save(httptest.NewRecorder(), r, s)
	}
	step := func() string { return st.session(t, st.one, cookies).Values["step"] }
	older := st.session(t, st.one, cookies)
	if err := save(st.two, st.session(t, st.two, cookies), "two"); err != nil {
		t.Fatal(err)
	}
	if err := save(st.one, older, "older"); !errors.Is(err, session.ErrChanged) {
		t.Errorf("saving an older generation: %v", err)
	}
	if got := step(); got != "two" {
		t.Errorf("the session holds %q", got)
	}
	// Renewing an older generation does not restore its content.
	older, err := st.one.engine.Load(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := save(st.two, st.session(t, st.two, cookies), "three"); err != nil {
		t.Fatal(err)
	}
	st.Clock.Advance(5 * time.Hour)
	if _, err := st.one.engine.Renew(httptest.NewRecorder(), r, older); err != nil {
		t.Error(err)
	}
	if got := step(); got != "three" {
		t.Errorf("after renewing an older generation, the session holds %q", got)
	}
	// Of concurrent saves of one generation, one succeeds.
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	var all []*session.Session
	for i := range 20 {
		all = append(all, st.session(t, []process{st.one, st.two}[i%2], cookies))
	}
	for i, s := range all {
		p := []process{st.one, st.two}[i%2]
		wg.Go(func() {
			switch err := save(p, s, "many"); {
			case err == nil:
				mu.Lock()
				defer mu.Unlock()
				won++
			case !errors.Is(err, session.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 20 saves of one generation succeeded, want 1", won)
	}
	// Saving does not restore an ended session.
	late := st.session(t, st.one, cookies)
	st.signOut(st.two, cookies)
	if err := save(st.one, late, "late"); err == nil {
		t.Error("an ended session was saved")
	}
	st.want(t, st.one, cookies, "sign in")
}

// R106: a thousand requests with an expired access token, in two processes, cause one refresh and
// all get the same valid token. The provider revokes the login if a refresh token is used twice.
func TestProcesses_R106_OneRefresh(t *testing.T) {
	twoProcesses(t, func(t *testing.T, st *site) {
		_, cookies := st.signIn(t, "alice")
		for round := 1; round <= 2; round++ {
			st.Clock.Advance(2 * time.Hour)
			answers := make([]*httptest.ResponseRecorder, 1000)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() {
					answers[i] = st.open([]process{st.one, st.two}[i%2], "/token", cookies)
				})
			}
			wg.Wait()
			tokens := map[string]int{}
			for i, w := range answers {
				if w.Code != http.StatusOK {
					t.Fatalf("round %d, request %d: status %d: %s\n%s", round, i, w.Code, w.Body,
						st.Log())
				}
				tokens[w.Body.String()]++
			}
			if n := st.refreshes(); n != round || len(tokens) != 1 {
				t.Errorf("round %d: %d refreshes, %d tokens", round, n, len(tokens))
			}
			cookies = kept(cookies, answers[len(answers)-1].Result().Cookies())
			for _, p := range []process{st.one, st.two} {
				if w := st.open(p, "/call", cookies); w.Code != http.StatusOK {
					t.Errorf("round %d: a call with the new token: status %d", round, w.Code)
				}
			}
		}
	})
}

// kept returns a browser's cookies after a response.
func kept(had, set []*http.Cookie) (now []*http.Cookie) {
	byName := map[string]*http.Cookie{}
	for _, c := range append(had, set...) {
		byName[c.Name] = c
	}
	for _, c := range byName {
		if c.MaxAge >= 0 {
			now = append(now, c)
		}
	}
	return now
}

// R129: an open connection in one process ends when the session ends in the other.
func TestProcesses_R129_WatchEnds(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		t.Parallel()
		p := startProxy(t, server.addr())
		st := newSite(t, keep, func() *redisstore.Store {
			return patient(t, p.url())
		}, func(s *rig.Setup) { s.Config.Session.Watch = time.Second })
		_, cookies := st.signIn(t, "alice")
		watched := st.session(t, st.one, cookies)
		before := p.trips.Load()
		ctx, cancel := st.one.Sessions.Watch(t.Context(), watched)
		defer cancel()
		until(t, "the watch has checked", func() bool { return p.trips.Load() > before })
		if ctx.Err() != nil {
			t.Fatal("the watch ended early:", context.Cause(ctx))
		}
		st.signOut(st.two, cookies)
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), session.ErrEnded) {
			t.Errorf("the cause is %v", context.Cause(ctx))
		}
	})
}
