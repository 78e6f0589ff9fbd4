package middleware_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// offered is the login that a script learns with a challenge, with a return address added.
func offered(t *testing.T, app *rig.App, resp *http.Response, returnTo string) string {
	t.Helper()
	var problem struct {
		LoginURL string `json:"login_url"`
		Param    string `json:"return_param"`
	}
	if err := json.Unmarshal([]byte(authtest.Body(t, resp)), &problem); err != nil ||
		problem.Param != "return_to" {
		t.Fatalf("%v: %s", err, authtest.Body(t, resp))
	}
	login, err := url.Parse(problem.LoginURL)
	if err != nil || login.Scheme+"://"+login.Host != app.URL {
		t.Fatalf("login_url %q", problem.LoginURL)
	}
	query := login.Query()
	query.Set(problem.Param, returnTo)
	login.RawQuery = query.Encode()
	return login.String()
}

// A script learns where the browser can step up, and comes back to its page, not to the API.
func TestStepUp_ByScript(t *testing.T) {
	app := rig.New(t)
	sudo := app.Auth.RequireRecent(5 * time.Minute)(http.HandlerFunc(app.Guarded))
	app.Mux.Handle("/api", sudo)
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Clock.Advance(time.Hour)
	script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin", "Accept", "*/*",
		"Origin", app.URL}
	for _, method := range []string{"GET", "POST"} {
		resp := app.Do(t, b, method, "/api", nil, script...)
		if resp.StatusCode != 401 || !strings.Contains(resp.Header.Get("WWW-Authenticate"),
			"insufficient_user_authentication") {
			t.Fatalf("%s: status %d, headers %v", method, resp.StatusCode, resp.Header)
		}
		login := offered(t, app, resp, "/public/page?x=1")
		to := app.BeginLogin(t, b, strings.TrimPrefix(login, app.URL))
		if got := to.Query().Get("max_age"); got != "300" {
			t.Errorf("%s: max_age %q at %s", method, got, to)
		}
	}
	resp := app.Do(t, b, "GET", "/api", nil, script...)
	rig.ForgetProvider(app, b)
	page := authtest.SignIn(t, b, offered(t, app, resp, "/public/page?x=1"), "alice")
	if got := page.Request.URL.RequestURI(); got != "/public/page?x=1" {
		t.Errorf("the step-up ends at %s", got)
	}
	if resp := app.Do(t, b, "POST", "/api", nil, script...); resp.StatusCode != 200 {
		t.Errorf("after the step-up: status %d", resp.StatusCode)
	}
}

// R169: htmx opens the step-up and comes back to its page.
func TestStepUp_R169_HTMX(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/part", app.Auth.RequireACR("gold")(http.HandlerFunc(app.Guarded)))
	b := rig.SignedIn(t, app, "alice", "/me")
	for page, want := range map[string]string{app.URL + "/public/page": "/public/page",
		"https://evil.example/": ""} {
		resp := app.Get(t, b, "/part", byHTMX(page)...)
		target, err := url.Parse(resp.Header.Get("HX-Redirect"))
		if err != nil || target.Path != "/auth/login/op" || target.Host != "" ||
			target.Query().Get("return_to") != want || resp.StatusCode != 401 {
			t.Errorf("%s: status %d, HX-Redirect %q", page, resp.StatusCode, target)
			continue
		}
		if got := app.BeginLogin(t, b, target.String()).Query().Get("acr_values"); got != "gold" {
			t.Errorf("%s: acr_values %q", page, got)
		}
	}
}
