package middleware_test

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
	app.Mux.Handle("/calendar", app.Auth.RequireScope("calendar",
		"openid")(http.HandlerFunc(rig.WhoAmI)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if resp := app.Get(t, b, "/calendar", "Sec-Fetch-Mode", "cors"); resp.StatusCode != 403 ||
		!strings.Contains(resp.Header.Get("WWW-Authenticate"),
			`error="insufficient_scope", scope="calendar"`) {
		t.Errorf("a script: status %d, WWW-Authenticate %q", resp.StatusCode,
			resp.Header.Get("WWW-Authenticate"))
	}
	// A user who declines keeps the session.
	consent := authtest.Open(t, b, app.URL+"/calendar?week=7")
	if body := authtest.Body(t, consent); !strings.Contains(body, "Use calendar") ||
		strings.Contains(body, "password") {
		t.Fatalf("the provider asks:\n%s", body)
	}
	denied := authtest.Submit(t, b, consent, map[string][]string{"decision": {"deny"}})
	if denied.StatusCode != 403 || app.Visit(t, b, "/") != app.Is("alice") {
		t.Errorf("denied: status %d, signed in as %s", denied.StatusCode, app.Visit(t, b, "/"))
	}
	// Yes leads to the page, and is remembered.
	resp := app.SignIn(t, b, "alice", "/calendar?week=7")
	if resp.Request.URL.RequestURI() != "/calendar?week=7" ||
		authtest.Body(t, resp) != app.Is("alice") {
		t.Errorf("ended at %s: %s", resp.Request.URL, authtest.Body(t, resp))
	}
	if got := app.Get(t, b, "/calendar").StatusCode; got != 200 {
		t.Errorf("again: status %d", got)
	}
}

// A provider that does not grant the scope ends in one page, not in a loop.
func TestStepUp_ScopeThatIsNeverGranted(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/calendar", app.Auth.RequireScope("calendar")(http.HandlerFunc(rig.WhoAmI)))
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { a["scope"] = "openid profile email" }
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if resp := app.SignIn(t, b, "alice", "/calendar"); resp.StatusCode != 403 ||
		app.OP.Count("token") != 2 {
		t.Errorf("status %d at %s after %d logins", resp.StatusCode, resp.Request.URL.Path,
			app.OP.Count("token"))
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// R57
func TestSession_R57_SessionExpiryIsACeiling(t *testing.T) {
	app := rig.New(t)
	app.OP.SetClaims("alice", map[string]any{
		"session_expiry": app.Clock.Now().Add(time.Minute).Unix()})
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
	// F21: what is no time is no ceiling, and no reason to keep anyone out
	for _, value := range []any{"soon", nil, []int{1}, -1} {
		app.OP.SetClaims("alice", map[string]any{"session_expiry": value})
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("session_expiry %v: %s", value, got)
		}
	}
	if !strings.Contains(app.Log(), "session_expiry is not a time") {
		t.Errorf("the log does not say so: %s", app.Log())
	}
}

// R57: a refresh may bring the end nearer, and never moves it away.
func TestSession_R57_RefreshDoesNotExtend(t *testing.T) {
	app := rig.NewCalling(t)
	app.OP.SetTokenLifetime(10 * time.Minute)
	app.OP.SetClaims("alice", map[string]any{
		"session_expiry": app.Clock.Now().Add(time.Hour).Unix()})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.SetClaims("alice", map[string]any{
		"session_expiry": app.Clock.Now().Add(3 * time.Hour).Unix()})
	app.Clock.Advance(30 * time.Minute)
	if got := rig.Call(t, app, b, "GET"); got != 200 || rig.Refreshes(app) != 1 {
		t.Fatalf("status %d, %d refreshes", got, rig.Refreshes(app))
	}
	app.Clock.Advance(31 * time.Minute)
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the first end: %s", who)
	}
}

// What an API behind the application asks for, the user is asked for.
func TestStepUp_DownstreamChallenge(t *testing.T) {
	app := rig.NewCalling(t)
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
		if got := script.Header.Get("WWW-Authenticate"); !strings.Contains(got, "insufficient_") ||
			script.Header.Get("Location") != "" {
			t.Errorf("%s: a script gets status %d, %s", header, script.StatusCode, got)
		}
	}
	for _, header := range []string{`Bearer error="insufficient_scope"`,
		`Basic error="insufficient_scope", scope="x"`, `Bearer error="other"`, `x`} {
		challenge = header
		if got := rig.Call(t, app, b, "POST"); got != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want the API's own", header, got)
		}
	}
	if rig.Refreshes(app) != 0 {
		t.Error("a challenge caused a refresh")
	}
}

// F53: only a GET starts a step-up. A HEAD, which link checkers and previews send, gets the
// challenge.
func TestStepUp_F53_Head(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(rig.WhoAmI)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(10 * time.Minute)
	for method, want := range map[string]int{
		http.MethodGet:  http.StatusSeeOther,
		http.MethodHead: http.StatusUnauthorized,
		http.MethodPost: http.StatusUnauthorized,
	} {
		asked := app.OP.Count("authorize")
		resp := app.Do(t, b, method, "/recent", nil, "Origin", app.URL)
		set := strings.Join(resp.Header["Set-Cookie"], " ")
		started := resp.Header.Get("Location") != "" || strings.Contains(set, "-flow-")
		if resp.StatusCode != want || started != (method == http.MethodGet) ||
			app.OP.Count("authorize") != asked {
			t.Errorf("%s: status %d, want %d, Location %q", method, resp.StatusCode, want,
				resp.Header.Get("Location"))
		}
		if challenge := resp.Header.Get("WWW-Authenticate"); (challenge == "") != started {
			t.Errorf("%s: WWW-Authenticate %q", method, challenge)
		}
	}
}

// F53: a challenge in an answer that is no refusal starts nothing: the answer is the application's.
func TestStepUp_F53_ChallengeInAnotherStatus(t *testing.T) {
	app := rig.NewCalling(t)
	status := 0
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, w http.ResponseWriter, _ *http.Request) bool {
			if e != "userinfo" || status == 0 {
				return false
			}
			w.Header().Set("WWW-Authenticate",
				`Bearer error="insufficient_user_authentication", max_age="60"`)
			w.WriteHeader(status)
			return true
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, status = range []int{200, 204, 400, 402, 404, 500} {
		if got := app.Get(t, b, "/call").StatusCode; got != status {
			t.Errorf("the API answers %d, the application %d", status, got)
		}
	}
	for _, status = range []int{401, 403} {
		if got := app.Get(t, b, "/call").StatusCode; got != http.StatusSeeOther {
			t.Errorf("the API refuses with %d, the application answers %d, want a step-up",
				status, got)
		}
	}
}
