package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

func TestClient_CallsAsTheUser(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	resp := app.Get(t, b, "/call")
	if resp.StatusCode != 200 || !strings.Contains(authtest.Body(t, resp), `"sub":"1001"`) {
		t.Errorf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	if n := rig.Refreshes(app); n != 0 {
		t.Errorf("%d refreshes of a fresh token", n)
	}
	// A minute before its end it is refreshed, and saved.
	app.Clock.Advance(59*time.Minute + time.Second)
	for range 3 {
		if got := rig.Call(t, app, b, "GET"); got != 200 {
			t.Errorf("status %d, want 200", got)
		}
	}
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// A token that looks valid and is not: one refresh, one repetition, if that is safe.
func TestClient_TokenThatTheAPIRefuses(t *testing.T) {
	app := rig.NewCalling(t)
	app.Mux.Handle("/post", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		resp, err := client.Post(app.OP.Issuer()+"/userinfo", "text/plain", strings.NewReader("x"))
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
	})))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.RevokeAccessTokens()
	if got := app.Get(t, b, "/post").StatusCode; got != 401 || rig.Refreshes(app) != 0 {
		t.Errorf("a POST: status %d, %d refreshes; it must not be repeated", got,
			rig.Refreshes(app))
	}
	if got := rig.Call(t, app, b, "GET"); got != 200 || rig.Refreshes(app) != 1 {
		t.Errorf("a GET: status %d, %d refreshes; want 200 and 1", got, rig.Refreshes(app))
	}
	// What was refreshed while the response was under way is saved with the next request.
	app.Visit(t, b, "/")
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Errorf("later: status %d", got)
	}
}

// The request is unauthenticated, or the session has no tokens.
func TestClient_WithoutSessionOrTokens(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.Session.ProfileOnly = true })
	app.Mux.Handle("/public/call", rig.APIPage(app))
	b := rig.Browser(t)
	if got := app.Get(t, b, "/public/call").StatusCode; got != http.StatusFound {
		t.Errorf("anonymous: status %d, want the challenge", got)
	}
	app.SignIn(t, b, "alice", "/me")
	if got := app.Get(t, b, "/public/call").StatusCode; got != 500 {
		t.Errorf("no tokens: status %d, want 500", got)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if _, err := app.Auth.TokenSource(httptest.NewRecorder(), r); err == nil {
		t.Error("a token source without a session")
	}
}
