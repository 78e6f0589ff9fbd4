package middleware_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// With a refresh token the provider is asked directly, by whatever request comes.
func TestRevalidate_ByRefresh(t *testing.T) {
	app := rig.NewCalling(t, rig.Revalidate(10*time.Minute))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for i := range 3 {
		app.Clock.Advance(9 * time.Minute)
		app.Visit(t, b, "/")
		if n := rig.Refreshes(app); n != i {
			t.Fatalf("before it is due: %d refreshes, want %d", n, i)
		}
		app.Clock.Advance(2 * time.Minute)
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Fatalf("round %d: signed in as %s", i, who)
		}
		if n := rig.Refreshes(app); n != i+1 {
			t.Fatalf("when it is due: %d refreshes, want %d", n, i+1)
		}
	}
	// A provider that does not answer proves nothing, and ends nothing.
	app.OP.SetDown(true)
	app.Clock.Advance(11 * time.Minute)
	for range 20 {
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Errorf("provider down: %s", who)
		}
	}
	app.OP.SetDown(false)
	app.Clock.Advance(time.Minute)
	// A provider that says no ends it, for pages and scripts.
	app.OP.RevokeLogins()
	if got := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors").StatusCode; got != 401 {
		t.Errorf("after the end: status %d", got)
	}
	if len(app.SessionCookies(b)) != 0 {
		t.Error("the session's cookie is left")
	}
}

// R31: without a refresh token, the browser goes to the provider and back, and the user notices
// nothing.
func TestRevalidate_R31_Silently(t *testing.T) {
	app := rig.New(t, rig.Revalidate(10*time.Minute))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(11 * time.Minute)
	// Scripts, images and forms cause no round, and are anonymous until a page is opened.
	before := app.OP.Count("authorize")
	for _, headers := range [][]string{{"Sec-Fetch-Mode", "cors"},
		{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, {"Sec-Purpose", "prefetch"}} {
		if resp := app.Get(t, b, "/me", headers...); resp.StatusCode != 401 ||
			len(resp.Cookies()) != 0 && strings.Contains(resp.Header.Get("Set-Cookie"), "-flow-") {
			t.Errorf("%v: status %d", headers, resp.StatusCode)
		}
	}
	if app.OP.Count("authorize") != before {
		t.Error("a script caused a round")
	}
	resp := authtest.Open(t, b, app.URL+"/me/x?y=1")
	if resp.Request.URL.RequestURI() != "/me/x?y=1" || !strings.Contains(authtest.Body(t, resp),
		app.Is("alice")) {
		t.Errorf("a page: ended at %s: %s", resp.Request.URL, authtest.Body(t, resp))
	}
	rounds := app.OP.Requests("authorize")
	if len(rounds) != before+1 || rounds[before].Query.Get("prompt") != "none" {
		t.Errorf("%d rounds, want 1 with prompt=none", len(rounds)-before)
	}
	if got := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors").StatusCode; got != 200 {
		t.Errorf("a script afterwards: status %d", got)
	}
}

// R31: no ends in "not signed in", after one round, and without a loop.
func TestRevalidate_R31_ProviderWantsToTalk(t *testing.T) {
	for _, code := range []string{"login_required", "interaction_required", "consent_required",
		"account_selection_required"} {
		app := rig.New(t, rig.Revalidate(10*time.Minute))
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Callback = func(q url.Values) { q.Del("code"); q.Set("error", code) }
		})
		app.Clock.Advance(11 * time.Minute)
		before := app.OP.Count("authorize")
		resp := authtest.Open(t, b, app.URL+"/public/page?x=1")
		if resp.Request.URL.RequestURI() != "/public/page?x=1" ||
			authtest.Body(t, resp) != "anonymous" {
			t.Errorf("%s: ended at %s: %s", code, resp.Request.URL, authtest.Body(t, resp))
		}
		for range 3 {
			app.Visit(t, b, "/")
		}
		if n := app.OP.Count("authorize") - before; n != 1 {
			t.Errorf("%s: %d rounds, want 1", code, n)
		}
		if !app.Happened("login", "interaction_required") {
			t.Errorf("%s: events %v", code, app.Outcomes())
		}
	}
}

// R31: after a logout nothing is tried silently.
func TestRevalidate_R31_NotAfterLogout(t *testing.T) {
	app := rig.New(t, rig.Revalidate(10*time.Minute))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Post(t, b, "/auth/logout", nil)
	app.Clock.Advance(11 * time.Minute)
	before := app.OP.Count("authorize")
	if who := app.Visit(t, b, "/"); who != "anonymous" || app.OP.Count("authorize") != before {
		t.Errorf("signed in as %s, %d rounds", who, app.OP.Count("authorize")-before)
	}
}

// A silent round neither extends the session's life nor hands it to another user, and the provider
// may be away.
func TestRevalidate_KeepsWhatTheSessionIs(t *testing.T) {
	app := rig.New(t, rig.Revalidate(10*time.Minute), func(s *rig.Setup) {
		s.Config.Session.Lifetime, s.Config.Session.Idle = 25*time.Minute, 25*time.Minute
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for range 2 {
		app.Clock.Advance(11 * time.Minute)
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Fatalf("signed in as %s", who)
		}
	}
	app.Clock.Advance(4 * time.Minute)
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the lifetime: %s", who)
	}

	switched := rig.New(t, rig.Revalidate(10*time.Minute))
	b = rig.Browser(t)
	switched.SignIn(t, b, "alice", "/me")
	rig.ForgetProvider(switched, b)
	// and bob does not go on to the application
	switched.Authorize(t, b, switched.BeginLogin(t, b, "/auth/login"), "bob")
	switched.Clock.Advance(11 * time.Minute)
	if who := switched.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("with another user at the provider: %s", who)
	}

	away := rig.New(t, rig.Revalidate(10*time.Minute))
	b = rig.Browser(t)
	away.SignIn(t, b, "alice", "/me")
	away.OP.SetDown(true)
	away.Clock.Advance(2 * time.Hour)
	// knows nothing of the provider yet
	away.Server.Config.Handler = away.AgainWith(t, provider.Set{"op": away.OP.OIDC()})
	if got := away.Get(t, b, "/me").StatusCode; got != 200 {
		t.Errorf("provider away: status %d", got)
	}
}
