package middleware_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// steppingUp is an application with pages that need a recent or strong sign-in.
func steppingUp(t *testing.T, page string) (*rig.App, *rig.OwnLogins) {
	t.Helper()
	app, own := rig.NewOwnLogins(t, func(s *rig.Setup) { s.Config.StepUpPage = page })
	guarded := http.HandlerFunc(app.Guarded)
	app.Mux.Handle("/recent", app.Auth.RequireRecent(5*time.Minute)(guarded))
	app.Mux.Handle("/strong", app.Auth.RequireACR("phr", "phrh")(guarded))
	app.Mux.Handle("/confirm", app.Auth.RequireRecent(0)(guarded))
	return app, own
}

// R168: a step-up of an own login leads to the application's page, which signs the user in again.
func TestStepUp_R168_OwnLoginLeadsToItsPage(t *testing.T) {
	app, own := steppingUp(t, "/confirm")
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	if resp := app.Get(t, b, "/recent"); resp.StatusCode != http.StatusOK {
		t.Errorf("just signed in: status %d", resp.StatusCode)
	}
	app.Clock.Advance(time.Hour)
	for path, want := range map[string]string{
		"/recent?a=1&b=2": "/confirm?max_age=300&return_to=%2Frecent%3Fa%3D1%26b%3D2",
		"/strong":         "/confirm?acr_values=phr+phrh&return_to=%2Fstrong",
	} {
		resp := app.Get(t, b, path)
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || got != want {
			t.Errorf("GET %s: status %d, Location %q, want %q", path, resp.StatusCode, got, want)
		}
	}
	resp := app.Get(t, b, "/recent", "Sec-Fetch-Mode", "cors", "Accept", "application/json")
	if challenge := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 ||
		!strings.Contains(challenge, `error="insufficient_user_authentication", max_age="300"`) {
		t.Errorf("a script: status %d, %s", resp.StatusCode, challenge)
	}
	if resp := app.Get(t, b, "/recent?"+strings.Repeat("x", 3000)); resp.StatusCode !=
		http.StatusFound || resp.Header.Get("Location") != "/confirm?max_age=300" {
		t.Errorf("a long address: status %d, %v", resp.StatusCode, resp.Header)
	}
	own.Next.ACR = "phrh"
	app.SignInOwn(t, b, own)
	for _, path := range []string{"/recent", "/strong"} {
		if body := app.Visit(t, b, path); !strings.HasPrefix(body, rig.Marker) {
			t.Errorf("GET %s after the step-up: %s", path, body)
		}
	}
	if app.OP.Count("authorize") != 0 {
		t.Error("the provider was asked")
	}
}

// R168: without a page, or on the page itself, the user gets 403 and no redirect.
func TestStepUp_R168_OwnLoginWithoutPage(t *testing.T) {
	for page, path := range map[string]string{"": "/strong", "/confirm": "/confirm"} {
		app, own := steppingUp(t, page)
		b := rig.Browser(t)
		app.SignInOwn(t, b, own)
		app.Clock.Advance(time.Hour)
		resp := app.Get(t, b, path)
		if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Location") != "" ||
			strings.Contains(authtest.Body(t, resp), rig.Marker) {
			t.Errorf("GET %s: status %d", path, resp.StatusCode)
		}
	}
}

// Sessions of providers go to the provider, whatever StepUpPage is.
func TestStepUp_ProvidersDoNotUseThePage(t *testing.T) {
	app, _ := steppingUp(t, "/confirm")
	b := rig.SignedIn(t, app, "alice", "/me")
	if to := app.Get(t, b, "/strong").Header.Get("Location"); !strings.HasPrefix(to,
		app.OP.Issuer()) {
		t.Errorf("Location %q", to)
	}
}

func TestStepUpPage_MustBeAPath(t *testing.T) {
	for page, valid := range map[string]bool{
		"/confirm": true, "/a/b": true, "confirm": false, "https://evil.example": false,
		"//evil.example": false, "/auth/x": false, "/a?b": false, "/a/../b": false,
	} {
		c := rig.MinimalConfig(nil)
		c.StepUpPage = page
		_, err := sallyport.New(c)
		if (err == nil) != valid || err != nil && !strings.Contains(err.Error(), "StepUpPage") {
			t.Errorf("%q: %v", page, err)
		}
	}
}
