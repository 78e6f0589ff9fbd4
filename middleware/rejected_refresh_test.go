package middleware_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// refuseRefreshes has the token endpoint answer refreshes, and nothing else, with this.
func refuseRefreshes(app *rig.App, status int, contentType, body string, header ...string) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			if endpoint != "token" || r.FormValue("grant_type") != "refresh_token" {
				return false
			}
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			return rig.Answer("token", status, contentType, body)(endpoint, w, r)
		}
	})
}

// F14: a definite error ends the session, and the user is sent to sign in.
func TestRefresh_F14_FinalErrors(t *testing.T) {
	final := map[string]int{
		"invalid_grant": 400, "interaction_required": 400, "login_required": 400,
		"consent_required": 400,
		"access_denied":    403, "invalid_request": 400, "account_disabled": 400,
		"token_expired": 401,
		"invalid_token": 401,
	}
	for code, status := range final {
		t.Run(code, func(t *testing.T) {
			app := rig.NewCalling(t)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			refuseRefreshes(app, status, rig.AsJSON,
				fmt.Sprintf(`{"error":%q,"error_description":"sign in again"}`, code))
			app.Clock.Advance(2 * time.Hour)
			resp := app.Get(t, b, "/call")
			if resp.StatusCode != http.StatusFound ||
				!strings.HasPrefix(resp.Header.Get("Location"), "/auth/login") {
				t.Errorf("status %d to %q, want a redirect to the login", resp.StatusCode,
					resp.Header.Get("Location"))
			}
			if who := app.Visit(t, b, "/"); who != "anonymous" {
				t.Errorf("afterwards signed in as %s", who)
			}
			if !app.Happened("session", "refresh_refused") {
				t.Errorf("events %v", app.Outcomes())
			}
		})
	}
}

// F14: an error that says nothing about the refresh token ends nothing: 503, a log line that names
// what to check, and everything works again once that is repaired.
func TestRefresh_F14_PassingErrors(t *testing.T) {
	for name, row := range map[string]struct {
		status      int
		media, body string
		logged      string
	}{
		"invalid_client":      {401, rig.AsJSON, `{"error":"invalid_client"}`, "ClientSecret"},
		"invalid_client, 400": {400, rig.AsJSON, `{"error":"invalid_client"}`, "AuthMethod"},
		"unauthorized_client": {400, rig.AsJSON, `{"error":"unauthorized_client"}`,
			"grant type refresh_token"},
		"unsupported_grant_type": {400, rig.AsJSON, `{"error":"unsupported_grant_type"}`,
			"offline_access"},
		"invalid_scope": {400, rig.AsJSON, `{"error":"invalid_scope"}`, "Scopes"},
		"server_error":  {400, rig.AsJSON, `{"error":"server_error"}`, "server_error"},
		"temporarily_unavailable": {400, rig.AsJSON, `{"error":"temporarily_unavailable"}`,
			"temporarily_unavailable"},
		"slow_down":            {400, rig.AsJSON, `{"error":"slow_down"}`, "slow_down"},
		"too many":             {429, rig.AsJSON, `{"error":"invalid_grant"}`, "429"},
		"timeout":              {408, rig.AsJSON, `{"error":"invalid_grant"}`, "408"},
		"trouble":              {500, rig.AsJSON, `{"error":"invalid_grant"}`, "500"},
		"a firewall":           {403, "text/html", `<h1>Forbidden</h1>`, "403"},
		"a firewall with JSON": {403, rig.AsJSON, `{"message":"Forbidden"}`, "403"},
		"a deployment":         {404, "text/plain", `404 page not found`, "404"},
		"a framework": {404, rig.AsJSON,
			`{"timestamp":1,"status":404,"error":"Not Found","path":"/token"}`, "404"},
		"an error of an API": {400, rig.AsJSON,
			`{"error":{"code":400,"message":"bad"}}`, "400"},
		"an error as text": {400, "text/plain", `{"error":"invalid_grant"}`, "400"},
		"an error twice": {400, rig.AsJSON,
			`{"error":"invalid_grant","error":"x"}`, "400"},
		"nothing": {400, "", "", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.NewCalling(t)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			refuseRefreshes(app, row.status, row.media, row.body)
			app.Clock.Advance(2 * time.Hour)
			for range 3 {
				resp := app.Get(t, b, "/call")
				if resp.StatusCode != http.StatusServiceUnavailable ||
					resp.Header.Get("Retry-After") == "" {
					t.Errorf("status %d, Retry-After %q", resp.StatusCode,
						resp.Header.Get("Retry-After"))
				}
			}
			if n := rig.Refreshes(app); n != 1 {
				t.Errorf("%d refreshes in one second, want 1", n)
			}
			if !strings.Contains(app.Log(), row.logged) {
				t.Errorf("the log does not name %s", row.logged)
			}
			if who := app.Visit(t, b, "/"); who != app.Is("alice") {
				t.Errorf("signed in as %s", who)
			}
			app.OP.Behave()
			app.Clock.Advance(time.Minute)
			if got := rig.Call(t, app, b, "GET"); got != http.StatusOK {
				t.Errorf("once it is repaired: status %d", got)
			}
		})
	}
}

// F14: revalidation follows the same rules.
func TestRevalidate_F14_FinalOrNot(t *testing.T) {
	for body, who := range map[string]string{`{"error":"login_required"}`: "anonymous",
		`{"error":"invalid_client"}`: "alice"} {
		app := rig.NewCalling(t, rig.Revalidate(10*time.Minute))
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		refuseRefreshes(app, 400, rig.AsJSON, body)
		app.Clock.Advance(11 * time.Minute)
		if who == "alice" {
			who = app.Is("alice")
		}
		if got := app.Visit(t, b, "/"); got != who {
			t.Errorf("%s: %s, want %s", body, got, who)
		}
	}
}

// F35: a token endpoint that is asked too often says when to come back, at a refresh and at a
// login.
func TestTokenEndpoint_F35_TooManyRequests(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	refuseRefreshes(app, 429, rig.AsJSON, `{"error":"slow_down"}`, "Retry-After", "42")
	app.Clock.Advance(2 * time.Hour)
	resp := app.Get(t, b, "/call")
	if got := resp.Header.Get("Retry-After"); resp.StatusCode != 503 || got != "42" {
		t.Errorf("a refresh: status %d, Retry-After %q", resp.StatusCode, got)
	}
	app.Clock.Advance(40 * time.Second) // as long as it was asked to, nothing is sent
	rig.Call(t, app, b, "GET")
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	for field, want := range map[string]string{
		"7": "7", "": "1", "soon": "1", "-3": "1", "999999999": "300", "99999999999999999999": "1",
		app.Clock.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat): "9",
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
				if endpoint == "token" {
					w.Header().Set("Date", app.Clock.Now().UTC().Format(http.TimeFormat))
					w.Header().Set("Retry-After", field)
					w.WriteHeader(http.StatusTooManyRequests)
				}
				return endpoint == "token"
			}
		})
		resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
		if got := resp.Header.Get("Retry-After"); resp.StatusCode != 503 || got != want {
			t.Errorf("a login with %q: status %d, Retry-After %q, want %q", field, resp.StatusCode,
				got, want)
		}
	}
}
