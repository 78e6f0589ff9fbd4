package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

const continued = `{"logout_url":"/auth/logout/continue"}`

// R162: a script learns a route of our own, which redirects to the provider once.
func TestLogout_R162_ByFetch(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		b := rig.SignedIn(t, app, "alice", "/me")
		resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {"/public/bye"}},
			byScript...)
		if got := authtest.Body(t, resp); resp.StatusCode != 200 || got != continued ||
			resp.Header.Get("Content-Type") != "application/json" ||
			resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Location") != "" {
			t.Errorf("status %d: %s, headers %v", resp.StatusCode, got, resp.Header)
		}
		if rig.Alive(t, app, b) {
			t.Error("still signed in")
		}
		for _, script := range [][]string{byScript, {"Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "iframe"}} {
			resp := app.Get(t, b, "/auth/logout/continue", script...)
			if resp.StatusCode != 400 || resp.Header.Get("Location") != "" {
				t.Errorf("%v: status %d, Location %q", script, resp.StatusCode,
					resp.Header.Get("Location"))
			}
		}
		held := app.Cookies(b)
		there := rig.Location(t, app.Get(t, b, "/auth/logout/continue"))
		if there.Scheme+"://"+there.Host != app.OP.Issuer() ||
			there.Query().Get("id_token_hint") == "" {
			t.Errorf("leads to %s", there)
		}
		back := authtest.SignIn(t, b, there.String(), "alice")
		if got := back.Request.URL.Path; got != "/public/bye" {
			t.Errorf("ends at %s", got)
		}
		again := rig.Location(t, app.Get(t, b, "/auth/logout/continue"))
		if again.Path != "/auth/logged-out" {
			t.Errorf("the second time it leads to %s", again)
		}
		app.SetCookies(b, held...)
		if again := rig.Location(t, app.Get(t, b, "/auth/logout/continue")); again.Path !=
			"/auth/logged-out" {
			t.Errorf("with a copy of the cookies it leads to %s", again)
		}
	})
}

// R162: the same rule as for forms, whatever the script says that it accepts.
func TestLogout_R162_OtherSites(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	for name, headers := range map[string][]string{
		"cross-site":  {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"same-site":   {"Sec-Fetch-Site", "same-site", "Origin", "https://x.example"},
		"old browser": {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		"null":        {"Sec-Fetch-Site", "", "Origin", "null"},
		"htmx": {"Sec-Fetch-Site", "cross-site", "Origin", "null", "HX-Request",
			"true"},
		"without CORS": {"Sec-Fetch-Site", "cross-site", "Origin", "null",
			"Sec-Fetch-Mode", "no-cors"},
	} {
		resp := app.Post(t, b, "/auth/logout", nil, append(byScript, headers...)...)
		if resp.StatusCode != 403 || !rig.Alive(t, app, b) ||
			resp.Header.Get("HX-Redirect") != "" {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

// R162: ends that are not at the provider, requests without a session, and late ones.
func TestLogout_R162_OtherEnds(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.VendorLogout = &provider.VendorLogout{
			URL: "https://op.example/out", ReturnParam: "back"}
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Post(t, b, "/auth/logout", nil, byScript...)
	app.Clock.Advance(11 * time.Minute)
	if got := rig.Location(t, app.Get(t, b, "/auth/logout/continue")); got.Path !=
		"/auth/logged-out" {
		t.Errorf("too late: leads to %s", got)
	}
	for to, want := range map[string]string{"": "/auth/logged-out", "/public/x": "/public/x",
		"https://evil.example/": "/"} {
		resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {to}}, byScript...)
		if got := authtest.Body(t, resp); got != continued {
			t.Errorf("without a session: %s", got)
		}
		if got := app.Get(t, b, "/auth/logout/continue").Header.Get("Location"); got != want {
			t.Errorf("%q: leads to %s, want %s", to, got, want)
		}
	}
	for _, method := range []string{"POST", "HEAD", "OPTIONS"} {
		if resp := app.Do(t, b, method, "/auth/logout/continue", nil); resp.StatusCode != 405 {
			t.Errorf("%s: status %d", method, resp.StatusCode)
		}
	}
	for name, headers := range map[string][]string{
		"form":       {"Sec-Fetch-Mode", "navigate"},
		"old script": {"Sec-Fetch-Mode", "", "Accept", "application/json"},
		"old form":   {"Sec-Fetch-Mode", "", "Accept", "text/html,*/*;q=0.8"},
	} {
		resp := app.Post(t, b, "/auth/logout", nil, headers...)
		if want := name == "old script"; (resp.StatusCode == 200) != want {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

// R162: an ID token of any size that a logout sends fits.
func TestLogout_R162_LargeIDToken(t *testing.T) {
	app := rig.New(t, rig.Stored)
	app.OP.SetClaims("alice", map[string]any{"padding": strings.Repeat("x", 2300)})
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Post(t, b, "/auth/logout", nil, byScript...)
	there := rig.Location(t, app.Get(t, b, "/auth/logout/continue"))
	if len(there.Query().Get("id_token_hint")) < 3000 {
		t.Errorf("leads to %s", there)
	}
}

// R169: htmx follows no redirect to the provider by itself, but opens the page.
func TestLogout_R169_HTMX(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	resp := app.Post(t, b, "/auth/logout", nil, append(byScript, "HX-Request", "true")...)
	if resp.StatusCode != http.StatusOK ||
		resp.Header.Get("HX-Redirect") != "/auth/logout/continue" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}
