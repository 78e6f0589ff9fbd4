package handlers_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// loginRoutesOnly makes the session's cookies, or all cookies, reach the login routes only, as a
// proxy with a rule for a path does.
func loginRoutesOnly(app *rig.App, all bool) {
	inner := app.Server.Config.Handler
	app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/auth/") {
			cookies := r.Cookies()
			r.Header.Del("Cookie")
			for _, c := range cookies {
				if !all && strings.HasSuffix(c.Name, "-rounds") {
					r.AddCookie(c)
				}
			}
		}
		inner.ServeHTTP(w, r)
	})
}

// F41: the loop ends although the login routes see the session, for every address and in two tabs.
func TestRounds_F41_SessionReachesTheLoginRoutesOnly(t *testing.T) {
	for _, path := range []string{"/me", "/me/deep?x=1&y=%2F", "/me/" + strings.Repeat("long", 400),
		"/start"} {
		for _, all := range []bool{true, false} {
			app := rig.New(t, func(s *rig.Setup) {
				if path == "/start" { // a hook that asks for more, each time
					s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
						f.Request.UILocales = append(f.Request.UILocales, "de")
						return nil
					}
				}
			})
			app.Mux.Handle("/start", app.Auth.RequireAuth(http.HandlerFunc(app.Guarded)))
			loginRoutesOnly(app, all)
			b := rig.Browser(t)
			resp := app.SignIn(t, b, "alice", path)
			if resp.StatusCode != http.StatusBadRequest ||
				!app.Happened("login", "cookies_blocked") ||
				!strings.Contains(authtest.Body(t, resp), "cookies") {
				t.Errorf("%.40s: ended at %.80s with status %d", path, resp.Request.URL,
					resp.StatusCode)
			}
			if n := app.OP.Count("token"); n != 2 {
				t.Errorf("%.40s: %d logins before the loop was seen, want 2", path, n)
			}
		}
	}
}

// F41: the start page is behind a guard, too.
func TestRounds_F41_StartPage(t *testing.T) {
	app := rig.New(t)
	guarded := app.Auth.RequireAuth(http.HandlerFunc(app.Guarded))
	app.Server.Config.Handler = app.Auth.Handler(guarded)
	loginRoutesOnly(app, true)
	resp := app.SignIn(t, rig.Browser(t), "alice", "/")
	if resp.StatusCode != http.StatusBadRequest || !app.Happened("login", "cookies_blocked") {
		t.Errorf("ended at %s with status %d", resp.Request.URL, resp.StatusCode)
	}
}

// F41: a browser that keeps no session ends at the same page, also where each page has another
// address.
func TestRounds_F41_NoSessionAndChangingAddresses(t *testing.T) {
	app := rig.New(t)
	inner, n := app.Server.Config.Handler, 0
	app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/me" {
			n++
			http.Redirect(w, r, app.Auth.LoginURL("/me?n="+strings.Repeat("x", n)),
				http.StatusFound)
			return
		}
		inner.ServeHTTP(w, r)
	})
	b := rig.Browser(t)
	b.Jar = rig.Forgetful{CookieJar: b.Jar}
	resp := app.SignIn(t, b, "alice", "/me")
	if resp.StatusCode != http.StatusBadRequest || !app.Happened("login", "cookies_blocked") {
		t.Errorf("ended at %s with status %d", resp.Request.URL, resp.StatusCode)
	}
}

// F41: who signs out and in again quickly is not taken for a loop, whatever signs out.
func TestRounds_F41_QuickLogins(t *testing.T) {
	for name, leave := range map[string]func(t *testing.T, app *rig.App, b *http.Client){
		"the logout route": func(t *testing.T, app *rig.App, b *http.Client) {
			app.Post(t, b, "/auth/logout", nil)
		},
		"the application": func(t *testing.T, app *rig.App, b *http.Client) {
			app.Get(t, b, "/leave")
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			app.Mux.HandleFunc("/leave", func(w http.ResponseWriter, r *http.Request) {
				if err := app.Auth.Sessions.End(w, r); err != nil {
					t.Error(err)
				}
				io.WriteString(w, "bye")
			})
			b := rig.Browser(t)
			for i := range 6 {
				if resp := app.SignIn(t, b, "alice", "/me"); resp.StatusCode != http.StatusOK {
					t.Fatalf("login %d: status %d: %s", i+1, resp.StatusCode,
						authtest.Body(t, resp))
				}
				leave(t, app, b)
			}
		})
	}
}

// F41: a sign-out leaves the logins alone that other tabs have begun.
func TestRounds_F41_SignOutKeepsPendingLogins(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	pending := app.Callback(t, b, "alice", deepLogin).String()
	app.SignIn(t, b, "alice", "/me")
	app.Post(t, b, "/auth/logout", nil)
	leadsTo(t, app.Get(t, b, pending), deep)
}

// F41: a session that the provider or an operator has ended starts no count again: that could be
// the loop.
func TestRounds_F41_EndedSessionsAreNoSignOut(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	inner := app.Server.Config.Handler
	app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// something ends each session at once
		if s, err := app.Auth.Sessions.Load(r); err == nil && r.URL.Path == "/me" {
			if err := app.Auth.Sessions.EndAll(r.Context(), s); err != nil {
				t.Error(err)
			}
		}
		inner.ServeHTTP(w, r)
	})
	resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
	if resp.StatusCode != http.StatusBadRequest || app.OP.Count("token") > 3 {
		t.Errorf("ended at %s with status %d after %d logins", resp.Request.URL, resp.StatusCode,
			app.OP.Count("token"))
	}
}

// F41: several step-ups of one page are no loop, but the same one again and again is.
func TestRounds_F41_StepUps(t *testing.T) {
	app := rig.New(t)
	steps := app.Auth.RequireRecent(time.Minute)(
		app.Auth.RequireScope("extra")(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/steps", steps)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Minute)
	for range 2 {
		if resp := app.SignIn(t, b, "alice", "/steps"); resp.StatusCode != http.StatusOK {
			t.Fatalf("ended at %s with status %d: %s", resp.Request.URL, resp.StatusCode,
				authtest.Body(t, resp))
		}
	}
	loginRoutesOnly(app, true)
	if resp := app.SignIn(t, rig.Browser(t), "alice",
		"/steps"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("ended at %s with status %d", resp.Request.URL, resp.StatusCode)
	}
}

// F41, F1: a planted count is ignored.
func TestRounds_F41_PlantedCount(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	name := "__Host-" + app.CookieName()
	u, _ := url.Parse(app.URL + "/")
	b.Jar.SetCookies(u, []*http.Cookie{
		{Name: name + "-rounds", Value: "99", Path: "/", Secure: true},
		{Name: name + "-AAAAAAAAAAAA-rounds", Value: strings.Repeat("A", 80), Path: "/",
			Secure: true},
	})
	if resp := app.SignIn(t, b, "alice", "/me"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
