package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// R95, F16: a copy of the cookies is of no use after the sign-out: with a store, with revocations,
// and without either in the process that has seen the sign-out. Another process still takes it
// then, as the documentation says.
func TestStores_R95_CopyAfterSignOut(t *testing.T) {
	for name, row := range map[string]struct {
		config    func(*session.Config)
		elsewhere bool // in another process
	}{
		"store": {func(c *session.Config) {
			backend := session.NewMemoryBackend(session.MemoryLimits{}, c.Now)
			c.Store = session.NewServerStore(backend)
		}, false},
		"revocations": {func(c *session.Config) {
			c.Revocations = session.NewMemoryRevocations(c.Now)
		}, false},
		"neither": {func(*session.Config) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) { row.config(&s.Config.Session) })
			b, thief, elsewhere := rig.Browser(t), rig.Browser(t), rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.SignIn(t, elsewhere, "alice", "/me")
			app.SetCookies(thief, app.SessionCookies(b)...)
			if who := app.Visit(t, thief, "/"); who != app.Is("alice") {
				t.Fatalf("before: %s", who)
			}
			app.Post(t, b, "/auth/logout", nil)
			copied := app.SessionCookies(thief)
			resp := app.Get(t, thief, "/me")
			if resp.StatusCode != http.StatusFound || len(app.SessionCookies(thief)) != 0 {
				t.Errorf("status %d, cookies %v: want a sign-in, and the cookies gone",
					resp.StatusCode, app.SessionCookies(thief))
			}
			this := app.Server.Config.Handler
			app.Server.Config.Handler = app.Again(t, func(*session.Config) {})
			app.SetCookies(thief, copied...)
			if got := app.Get(t, thief, "/me").StatusCode; (got == http.StatusOK) != row.elsewhere {
				t.Errorf("in another process: status %d", got)
			}
			app.Server.Config.Handler = this
			if who := app.Visit(t, elsewhere, "/"); who != app.Is("alice") {
				t.Errorf("her other browser: %s", who)
			}
		})
	}
}

// R100: while the store does not answer, no request passes or is taken for anonymous, and no user
// is signed out.
func TestStores_R100_Down(t *testing.T) {
	store := &rig.FlakyBackend{}
	app := rig.New(t, func(s *rig.Setup) {
		store.Backend = session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now)
		s.Config.Session.Store = session.NewServerStore(store)
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	fresh := rig.Browser(t)
	pending := app.Callback(t, fresh, "bob", "/auth/login?return_to=/me")
	store.Down.Store(true)
	before := app.SessionCookies(b)
	for _, path := range []string{"/me", "/", "/admin"} {
		resp := app.Get(t, b, path)
		body := authtest.Body(t, resp)
		if resp.StatusCode != http.StatusServiceUnavailable ||
			resp.Header.Get("Retry-After") == "" || len(resp.Cookies()) != 0 ||
			strings.Contains(body, "hunter2") {
			t.Errorf("%s: status %d, cookies %v: %s", path, resp.StatusCode, resp.Cookies(), body)
		}
	}
	if resp := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors", "Accept",
		"application/json"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("fetch: status %d", resp.StatusCode)
	}
	if resp := app.Get(t, rig.Browser(t), "/"); resp.StatusCode != http.StatusOK {
		t.Errorf("without a cookie: status %d", resp.StatusCode)
	}
	if resp := app.Get(t, fresh,
		pending.String()); resp.StatusCode != http.StatusServiceUnavailable ||
		len(app.SessionCookies(fresh)) != 0 {
		t.Errorf("a login: status %d, cookies %v", resp.StatusCode, app.SessionCookies(fresh))
	}
	store.Down.Store(false)
	if got := app.SessionCookies(b); len(got) != len(before) || got[0].Value != before[0].Value ||
		app.Visit(t, b, "/") != app.Is("alice") {
		t.Errorf("afterwards: %s", app.Visit(t, b, "/"))
	}
	if resp := app.SignIn(t, fresh, "bob", "/me"); !strings.Contains(authtest.Body(t, resp),
		app.Is("bob")) {
		t.Error("the sign-in does not work again")
	}
	if !app.Happened("session", "store_unavailable") ||
		!app.Happened("login", "store_unavailable") {
		t.Errorf("events %v", app.Outcomes())
	}
}

// R100: signing out while the store is down does what can be done, and says so.
func TestStores_R100_SignOutWhileDown(t *testing.T) {
	store := &rig.FlakyBackend{}
	app := rig.New(t, func(s *rig.Setup) {
		store.Backend = session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now)
		s.Config.Session.Store = session.NewServerStore(store)
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	store.Down.Store(true)
	resp := app.Post(t, b, "/auth/logout", nil)
	if resp.StatusCode != http.StatusServiceUnavailable || len(app.SessionCookies(b)) != 0 ||
		!strings.Contains(authtest.Body(t, resp), "may still be signed in") {
		t.Errorf("status %d, cookies %v: %s", resp.StatusCode, app.SessionCookies(b),
			authtest.Body(t, resp))
	}
}

// R99: the ID of a stored session never comes from the request.
func TestStores_R99_PlantedReference(t *testing.T) {
	var backend *session.MemoryBackend
	app := rig.New(t, func(s *rig.Setup) {
		backend = session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now)
		s.Config.Session.Store = session.NewServerStore(backend)
	})
	b, attacker := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, attacker, "bob", "/me")
	planted := app.SessionCookies(attacker)[0]
	app.SetCookies(b, planted)
	app.SignIn(t, b, "alice", "/auth/login?return_to=/me")
	if got := app.SessionCookies(b); len(got) != 1 || got[0].Value == planted.Value {
		t.Errorf("the cookies after the sign-in: %v", got)
	}
	if who := app.Visit(t, attacker, "/"); who != "anonymous" {
		t.Errorf("the planted session is %s", who)
	}
	if backend.Len() != 1 {
		t.Errorf("%d records, want alice's", backend.Len())
	}
}

// R96: after a step-up the cookies of before do not work any more, nor those of before a refresh
// with a store.
func TestStores_R96_OldCookies(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	app.Mux.Handle("/safe", app.Auth.RequireRecent(time.Minute)(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {})))
	b, thief := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.SetCookies(thief, app.SessionCookies(b)...)
	app.Clock.Advance(10 * time.Minute)
	app.SignIn(t, b, "alice", "/safe")
	if resp := app.Get(t, b, "/safe"); resp.StatusCode != http.StatusOK {
		t.Fatalf("after the step-up: status %d", resp.StatusCode)
	}
	if who := app.Visit(t, thief, "/"); who != "anonymous" {
		t.Errorf("the cookies of before are %s", who)
	}
}
