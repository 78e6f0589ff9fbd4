package middleware_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/session"
)

// askAPI calls the provider's API with nothing but a context, as a resolver does.
func askAPI(ctx context.Context, app *rig.App) (int, error) {
	source, err := app.Auth.TokenSourceFromContext(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := source.Token(); err != nil {
		return 0, err
	}
	client, err := app.Auth.ClientFromContext(ctx)
	if err != nil {
		return 0, err
	}
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, app.OP.Issuer()+"/userinfo", nil)
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp.StatusCode, nil
}

// contextual is an application with handlers that have a context only: /with behind RequireTokens,
// /without behind RequireAuth, /slow outlives the token.
func contextual(t *testing.T, change ...func(*rig.Setup)) (app *rig.App, last *error) {
	t.Helper()
	app, last = rig.New(t, append([]func(*rig.Setup){rig.Offline}, change...)...), new(error)
	call := func(w http.ResponseWriter, r *http.Request) {
		status, err := askAPI(r.Context(), app)
		if *last = err; err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		w.WriteHeader(status)
	}
	app.Mux.Handle("/with", app.Auth.RequireTokens(http.HandlerFunc(call)))
	app.Mux.Handle("/without", app.Auth.RequireAuth(http.HandlerFunc(call)))
	app.Mux.Handle("/slow", app.Auth.RequireTokens(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			app.Clock.Advance(2 * time.Hour)
			call(w, r)
		})))
	app.Mux.HandleFunc("/open", call)
	return app, last
}

// fetch opens a path as a script.
func fetch(t *testing.T, app *rig.App, b *http.Client, path string) int {
	t.Helper()
	return app.Get(t, b, path, "Sec-Fetch-Mode", "cors", "Accept", rig.AsJSON).StatusCode
}

func TestTokenContext_GuardRefreshesBeforeTheHandler(t *testing.T) {
	for name, keep := range rig.KeptIn {
		t.Run(name, func(t *testing.T) {
			app, last := contextual(t, keep)
			b := rig.SignedIn(t, app, "alice", "/me")
			for n := range 3 {
				if got := fetch(t, app, b, "/with"); got != 200 || rig.Refreshes(app) != n {
					t.Errorf("status %d, %v, %d refreshes, want %d",
						got, *last, rig.Refreshes(app), n)
				}
				app.Clock.Advance(2 * time.Hour)
			}
		})
	}
}

// In cookies, a context never refreshes; with a ServerStore it does, and the result is kept.
func TestTokenContext_ErrRefreshDue(t *testing.T) {
	for name, keep := range rig.KeptIn {
		for _, path := range []string{"/without", "/slow"} {
			t.Run(name+path, func(t *testing.T) {
				app, last := contextual(t, keep)
				b := rig.SignedIn(t, app, "alice", "/me")
				if got := fetch(t, app, b, "/without"); got != 200 {
					t.Fatalf("status %d, %v", got, *last)
				}
				app.Clock.Advance(30 * time.Minute)
				if path == "/without" {
					app.Clock.Advance(2 * time.Hour)
				}
				got := fetch(t, app, b, path)
				if name == "cookies" {
					if !errors.Is(*last, middleware.ErrRefreshDue) || rig.Refreshes(app) != 0 {
						t.Errorf("status %d, %v, %d refreshes", got, *last, rig.Refreshes(app))
					}
					return
				}
				if got != 200 || rig.Refreshes(app) != 1 {
					t.Errorf("status %d, %v, %d refreshes", got, *last, rig.Refreshes(app))
				}
				if fetch(t, app, b, path); path == "/without" && rig.Refreshes(app) != 1 {
					t.Errorf("%d refreshes: the first was not kept", rig.Refreshes(app))
				}
			})
		}
	}
}

// A client that was made in time does not refresh later, not even if the API rejects its token.
func TestTokenContext_ClientNeverRefreshesInCookieMode(t *testing.T) {
	app, _ := contextual(t)
	var client *http.Client
	app.Mux.Handle("/keep", app.Auth.RequireTokens(http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			client, _ = app.Auth.ClientFromContext(context.WithoutCancel(r.Context()))
		})))
	b := rig.SignedIn(t, app, "alice", "/me")
	fetch(t, app, b, "/keep")
	app.OP.RevokeAccessTokens()
	resp, err := client.Get(app.OP.Issuer() + "/userinfo")
	if err != nil || resp.StatusCode != 401 || rig.Refreshes(app) != 0 {
		t.Errorf("a rejected token: %v, %v, %d refreshes", resp, err, rig.Refreshes(app))
	}
	app.Clock.Advance(2 * time.Hour)
	if _, err := client.Get(app.OP.Issuer() + "/userinfo"); !errors.Is(err,
		middleware.ErrRefreshDue) || rig.Refreshes(app) != 0 {
		t.Errorf("an expired token: %v, %d refreshes", err, rig.Refreshes(app))
	}
}

// Resolvers of one request share its context.
func TestTokenContext_Concurrent(t *testing.T) {
	for name, keep := range rig.KeptIn {
		t.Run(name, func(t *testing.T) {
			app, _ := contextual(t, keep)
			app.Mux.Handle("/many", app.Auth.RequireTokens(http.HandlerFunc(
				func(_ http.ResponseWriter, r *http.Request) {
					var wg sync.WaitGroup
					for range 8 {
						wg.Go(func() {
							if status, err := askAPI(r.Context(), app); status != 200 {
								t.Errorf("status %d, %v", status, err)
							}
						})
					}
					wg.Wait()
				})))
			b := rig.SignedIn(t, app, "alice", "/me")
			app.Clock.Advance(2 * time.Hour)
			fetch(t, app, b, "/many")
		})
	}
}

func TestRequireTokens_Answers(t *testing.T) {
	app, last := contextual(t)
	if got := fetch(t, app, rig.Browser(t), "/with"); got != 401 {
		t.Errorf("without a session: status %d", got)
	}
	if fetch(t, app, rig.Browser(t), "/open"); *last == nil {
		t.Error("a token source without a session")
	}
	if _, err := app.Auth.ClientFromContext(t.Context()); err == nil {
		t.Error("a client for a context without a request")
	}
	b := rig.SignedIn(t, app, "alice", "/me")
	app.OP.RevokeLogins()
	app.Clock.Advance(2 * time.Hour)
	if got := fetch(t, app, b, "/with"); got != 401 || rig.Alive(t, app, b) {
		t.Errorf("the provider has ended the login: status %d", got)
	}

	own, logins := rig.NewOwnLogins(t)
	own.Mux.Handle("/with", own.Auth.RequireTokens(http.HandlerFunc(own.Guarded)))
	b = rig.Browser(t)
	own.SignInOwn(t, b, logins)
	if got := fetch(t, own, b, "/with"); got != 403 {
		t.Errorf("an own login: status %d", got)
	}
	profile := rig.New(t, func(s *rig.Setup) { s.Config.Session.ProfileOnly = true })
	profile.Mux.Handle("/with", profile.Auth.RequireTokens(http.HandlerFunc(profile.Guarded)))
	b = rig.SignedIn(t, profile, "alice", "/me")
	if got := fetch(t, profile, b, "/with"); got != 403 {
		t.Errorf("a session without tokens: status %d", got)
	}
}

// A signed-in user of the application's own logins is told apart from an outage.
func TestTokenContext_OwnLogin(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	var err error
	app.Mux.HandleFunc("/call", func(_ http.ResponseWriter, r *http.Request) {
		_, err = app.Auth.ClientFromContext(r.Context())
	})
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	if app.Get(t, b, "/call"); !errors.Is(err, session.ErrNoTokens) {
		t.Errorf("error %v", err)
	}
}
