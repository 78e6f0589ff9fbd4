package requirements_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// Incremental consent: a scope is asked for when it is first needed.
func TestStepUp_Scope(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/calendar", app.Auth.RequireScope("calendar", "openid")(http.HandlerFunc(whoami)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if resp := app.Get(t, b, "/calendar", "Sec-Fetch-Mode", "cors"); resp.StatusCode != 403 || !strings.Contains(resp.Header.Get("WWW-Authenticate"), `error="insufficient_scope", scope="calendar"`) {
		t.Errorf("a script: status %d, WWW-Authenticate %q", resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
	}
	// Somebody who says no keeps the session.
	consent := authtest.Open(t, b, app.URL+"/calendar?week=7")
	if body := authtest.Body(t, consent); !strings.Contains(body, "Use calendar") || strings.Contains(body, "password") {
		t.Fatalf("the provider asks:\n%s", body)
	}
	denied := authtest.Submit(t, b, consent, map[string][]string{"decision": {"deny"}})
	if denied.StatusCode != 403 || app.Visit(t, b, "/") != app.Is("alice") {
		t.Errorf("denied: status %d, signed in as %s", denied.StatusCode, app.Visit(t, b, "/"))
	}
	// Yes leads to the page, and is remembered.
	resp := app.SignIn(t, b, "alice", "/calendar?week=7")
	if resp.Request.URL.RequestURI() != "/calendar?week=7" || authtest.Body(t, resp) != app.Is("alice") {
		t.Errorf("ended at %s: %s", resp.Request.URL, authtest.Body(t, resp))
	}
	if got := app.Get(t, b, "/calendar").StatusCode; got != 200 {
		t.Errorf("again: status %d", got)
	}
}

// A provider that does not grant the scope ends in one page, not in a loop.
func TestStepUp_ScopeThatIsNeverGranted(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/calendar", app.Auth.RequireScope("calendar")(http.HandlerFunc(whoami)))
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { a["scope"] = "openid profile email" }
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if resp := app.SignIn(t, b, "alice", "/calendar"); resp.StatusCode != 403 || app.OP.Count("token") != 2 {
		t.Errorf("status %d at %s after %d logins", resp.StatusCode, resp.Request.URL.Path, app.OP.Count("token"))
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// R57
func TestSession_R57_SessionExpiryIsACeiling(t *testing.T) {
	app := rig.New(t)
	app.OP.SetClaims("alice", map[string]any{"session_expiry": app.Clock.Now().Add(time.Minute).Unix()})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(59 * time.Second)
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("before the end: %s", who)
	}
	app.Clock.Advance(2 * time.Second)
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the end: %s", who)
	}
	for _, value := range []any{"soon", nil, []int{1}, -1} { // F21: what is no time is no ceiling, and no reason to keep anyone out
		app.OP.SetClaims("alice", map[string]any{"session_expiry": value})
		if got := tryLogin(t, app); got != "ok" {
			t.Errorf("session_expiry %v: %s", value, got)
		}
	}
	if !strings.Contains(app.Log(), "session_expiry is not a time") {
		t.Errorf("the log does not say so: %s", app.Log())
	}
}

// R57: a refresh may bring the end nearer, and never moves it away.
func TestSession_R57_RefreshDoesNotExtend(t *testing.T) {
	app := calling(t)
	app.OP.SetTokenLifetime(10 * time.Minute)
	app.OP.SetClaims("alice", map[string]any{"session_expiry": app.Clock.Now().Add(time.Hour).Unix()})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.SetClaims("alice", map[string]any{"session_expiry": app.Clock.Now().Add(3 * time.Hour).Unix()})
	app.Clock.Advance(30 * time.Minute)
	if got := calls(t, app, b, "GET"); got != 200 || refreshes(app) != 1 {
		t.Fatalf("status %d, %d refreshes", got, refreshes(app))
	}
	app.Clock.Advance(31 * time.Minute)
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the first end: %s", who)
	}
}

// R75
func TestLogout_R75_TokensAreRevoked(t *testing.T) {
	app := calling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	revoked, release := make(chan string, 4), make(chan struct{})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "revoke" {
				revoked <- r.PostForm.Get("token_type_hint")
				<-release // the provider takes its time
			}
			return false
		}
	})
	if got := app.Post(t, b, "/auth/logout", nil).StatusCode; got != http.StatusSeeOther { // it does not wait
		t.Errorf("status %d, want 303", got)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
	if first := <-revoked; first != "refresh_token" {
		t.Errorf("the first token to be revoked is the %s", first)
	}
	close(release)
	if second := <-revoked; second != "access_token" {
		t.Errorf("the second token to be revoked is the %s", second)
	}
	// Without a session, and by another site, nothing is revoked.
	app.Post(t, b, "/auth/logout", nil)
	if n := app.OP.Count("revoke"); n != 2 {
		t.Errorf("%d revocations, want 2", n)
	}
}

// What an API behind the application asks for, the user is asked for.
func TestStepUp_DownstreamChallenge(t *testing.T) {
	app := calling(t)
	scoped(app, "/calendar", "calendar") // lists the scope (F9)
	challenge := ""
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, w http.ResponseWriter, _ *http.Request) bool {
			if e != "userinfo" || challenge == "" {
				return false
			}
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for header, want := range map[string]map[string]string{
		`Bearer error="insufficient_user_authentication", error_description="x", acr_values="gold silver", max_age="60"`: {"acr_values": "gold silver", "max_age": "60"},
		`Bearer realm="x", error="insufficient_scope", scope="calendar"`:                                                 {"scope": "openid profile email offline_access calendar"},
	} {
		challenge = header
		page := app.Get(t, b, "/call")
		if page.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: status %d", header, page.StatusCode)
		}
		query := rig.Location(t, page).Query()
		for name, value := range want {
			if query.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", header, name, query.Get(name), value)
			}
		}
		script := app.Get(t, b, "/call", "Sec-Fetch-Mode", "cors")
		if got := script.Header.Get("WWW-Authenticate"); !strings.Contains(got, "insufficient_") || script.Header.Get("Location") != "" {
			t.Errorf("%s: a script gets status %d, %s", header, script.StatusCode, got)
		}
	}
	for _, header := range []string{`Bearer error="insufficient_scope"`, `Basic error="insufficient_scope", scope="x"`, `Bearer error="other"`, `x`} {
		challenge = header
		if got := calls(t, app, b, "POST"); got != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want the API's own", header, got)
		}
	}
	if refreshes(app) != 0 {
		t.Error("a challenge caused a refresh")
	}
}
