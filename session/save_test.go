package session_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// F16: what a handler saves while another request refreshes the tokens has the new tokens, and the
// new tokens come with what was saved, whichever response arrives last.
func TestSave_F16_DuringARefresh(t *testing.T) {
	for name, change := range rig.KeptIn {
		t.Run(name, func(t *testing.T) {
			app := rig.NewCalling(t, change)
			rig.ValuesPage(app)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.Clock.Advance(2 * time.Hour)

			// Loaded before the refresh, saved after it.
			g := rig.NewGate(t)
			rig.SlowPage(app, "/save1", g, rig.PutValue(app, "one", "1"))
			deliver := rig.BeginRequest(t, app, b, "/save1")
			<-g.Reached
			if got := rig.Call(t, app, b, "GET"); got != 200 {
				t.Fatalf("the refresh: status %d", got)
			}
			g.Open()
			if resp := deliver(); resp.StatusCode != 200 {
				t.Errorf("saving: status %d", resp.StatusCode)
			}
			rig.WantRefreshes(t, app, b)

			// Saved before the refresh is done.
			asked, answer := make(chan struct{}), make(chan struct{})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
					if endpoint == "token" {
						close(asked)
						<-answer
					}
					return false
				}
			})
			app.Mux.Handle("/save2", app.Auth.RequireAuth(rig.PutValue(app, "two", "2")))
			app.Clock.Advance(2 * time.Hour)
			refreshed := rig.BeginRequest(t, app, b, "/call")
			<-asked
			if got := app.Get(t, b, "/save2", "Sec-Fetch-Mode", "cors").StatusCode; got != 200 {
				t.Errorf("saving: status %d", got)
			}
			app.OP.Behave()
			close(answer)
			if resp := refreshed(); resp.StatusCode != 200 {
				t.Errorf("the refresh: status %d", resp.StatusCode)
			}
			if got := app.Visit(t, b, "/values"); got != "map[one:1 two:2]" {
				t.Errorf("values %s", got)
			}
			rig.WantRefreshes(t, app, b)
			if got := app.Visit(t, b, "/values"); got != "map[one:1 two:2]" {
				t.Errorf("values %s", got)
			}
		})
	}
}

// F16: a page that renews the session does not bring the spent refresh token back.
func TestRenew_F16_DuringARefresh(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) { s.Config.Session.Idle = 10 * time.Hour })
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	g := rig.NewGate(t)
	rig.SlowPage(app, "/slow", g, func(http.ResponseWriter, *http.Request) {})
	app.Clock.Advance(2 * time.Hour) // renewal and refresh are due
	deliver := rig.BeginRequest(t, app, b, "/slow")
	<-g.Reached
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Fatalf("the refresh: status %d", got)
	}
	g.Open()
	if resp := deliver(); len(resp.Cookies()) != 0 {
		t.Error("it renews a session whose tokens have run out")
	}
	rig.WantRefreshes(t, app, b)
}

// F16: a session with expired tokens that are not refreshed is valid as long as it is
// used.
func TestRenew_F16_WithoutARefresh(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) { s.Config.Session.Idle = 10 * time.Hour })
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for range 10 {
		app.Clock.Advance(4 * time.Hour)
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Fatalf("signed in as %s", who)
		}
	}
	if n := rig.Refreshes(app); n != 0 {
		t.Errorf("%d refreshes", n)
	}
}

// F16: two processes that share nothing. The page of one does not undo the refresh of the other.
func TestRenew_F16_TwoProcesses(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) { s.Config.Session.Idle = 10 * time.Hour })
	first := app.Server.Config.Handler
	second := app.Again(t, func(c *session.Config) { c.Locker = nil })
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	old := rig.Browser(t)
	app.SetCookies(old, app.SessionCookies(b)...)
	app.Server.Config.Handler = second
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Fatalf("the refresh: status %d", got)
	}
	app.Server.Config.Handler = first
	if resp := app.Get(t, old, "/me"); len(resp.Cookies()) != 0 {
		t.Error("a page with the old cookies sets them again")
	}
	app.Server.Config.Handler = second
	rig.WantRefreshes(t, app, b)
}

// F16: an old cookie is no way back to roles that are gone, however much later it comes.
func TestRefresh_F16_OldGenerations(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/admin")
	old := app.SessionCookies(b)
	app.OP.SetClaims("alice", map[string]any{"roles": []string{"staff"}})
	app.Clock.Advance(2 * time.Hour)
	rig.Call(t, app, b, "GET")
	for _, later := range []time.Duration{0, time.Minute, 12 * time.Hour, 11 * time.Hour} {
		app.Clock.Advance(later)
		copied := rig.Browser(t)
		app.SetCookies(copied, old...)
		if got := app.Get(t, copied, "/admin").StatusCode; got != 403 && got != 302 {
			t.Errorf("%v later: status %d", later, got)
		}
	}
}

// F16: a slow response with the cookies of before does not undo a sign-out, nor does what a handler
// saves or refreshes meanwhile.
func TestSignOut_F16_SlowResponse(t *testing.T) {
	for name, change := range rig.KeptIn {
		for _, path := range []string{"/renewing", "/saving", "/call"} {
			t.Run(name+path, func(t *testing.T) {
				app := rig.New(t, rig.Offline, change, func(s *rig.Setup) {
					s.Config.Session.Idle = 10 * time.Hour
				})
				g := rig.NewGate(t)
				rig.SlowPage(app, "/renewing", g, func(http.ResponseWriter, *http.Request) {})
				rig.SlowPage(app, "/saving", g, rig.PutValue(app, "a", "b"))
				rig.SlowPage(app, "/call", g, func(w http.ResponseWriter, r *http.Request) {
					rig.APIPage(app).ServeHTTP(w, r)
				})
				b := rig.Browser(t)
				app.SignIn(t, b, "alice", "/me")
				app.Clock.Advance(6 * time.Hour)
				before := app.SessionCookies(b)
				deliver := rig.BeginRequest(t, app, b, path)
				<-g.Reached
				app.Post(t, b, "/auth/logout", nil)
				g.Open()
				deliver()
				if who := app.Visit(t, b, "/"); who != "anonymous" {
					t.Errorf("signed in as %s", who)
				}
				app.SetCookies(b, before...)
				if who := app.Visit(t, b, "/"); who != "anonymous" {
					t.Errorf("with the cookies of before: %s", who)
				}
			})
		}
	}
}

// F16: "sign out everywhere" in one process does not refuse the logins of another one.
func TestRevocations_F16_TwoProcesses(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	firstSessions, one := app.Auth.Sessions, app.Server.Config.Handler
	other := app.Again(t, func(c *session.Config) {
		c.Revocations = session.NewMemoryRevocations(c.Now)
	})
	alice := &session.Session{Provider: "op", User: session.User{Issuer: app.OP.Issuer(),
		Subject: "1001"}}
	in := func(process http.Handler) { app.Server.Config.Handler = process }

	in(one)
	old := rig.Browser(t)
	app.SignIn(t, old, "alice", "/me")
	app.Clock.Advance(time.Second)
	if err := firstSessions.EndAll(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if got := app.Get(t, old, "/me").StatusCode; got != 302 {
		t.Errorf("a session of before: status %d", got)
	}
	for range 3 {
		app.Clock.Advance(time.Second)
		for name, where := range map[string][2]http.Handler{"here": {one, other},
			"there": {other, one}} {
			b := rig.Browser(t)
			in(where[0])
			app.SignIn(t, b, "alice", "/me")
			for _, process := range where {
				in(process)
				if got := app.Get(t, b, "/me").StatusCode; got != 200 {
					t.Errorf("a login of afterwards, %s: status %d", name, got)
				}
			}
		}
		app.Clock.Advance(time.Second)
		if err := app.Auth.Sessions.EndAll(t.Context(), alice); err != nil { // in the other process
			t.Fatal(err)
		}
	}
}

// F16: a sign-out ends the session in this process also if another one, whose clock is ahead, has
// begun it.
func TestRevocations_F16_SignOutWhateverTheEpoch(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	one := app.Server.Config.Handler
	other := app.Again(t, func(c *session.Config) {
		c.Revocations = session.NewMemoryRevocations(func() time.Time {
			return app.Clock.Now().Add(50 * time.Second)
		})
	})
	b, copied := rig.Browser(t), rig.Browser(t)
	app.Server.Config.Handler = other
	app.SignIn(t, b, "alice", "/me")
	app.SetCookies(copied, app.SessionCookies(b)...)
	app.Server.Config.Handler = one
	app.Post(t, b, "/auth/logout", nil)
	if got := app.Get(t, copied, "/me").StatusCode; got != 302 {
		t.Errorf("a copy: status %d", got)
	}
}
