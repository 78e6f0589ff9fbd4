package rig

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// SignedIn returns a browser in which a user has just signed in.
func SignedIn(t *testing.T, app *App, username, loginPath string) *http.Client {
	t.Helper()
	b := Browser(t)
	app.SignIn(t, b, username, loginPath)
	if app.Visit(t, b, "/") == "anonymous" {
		t.Fatalf("%s could not sign in:\n%s", username, app.Log())
	}
	return b
}

// Alive reports whether a browser is signed in.
func Alive(t *testing.T, app *App, b *http.Client) bool {
	t.Helper()
	return app.Visit(t, b, "/") != "anonymous"
}

// WantRefusedCallback checks that a callback ended in a 4xx page without a session or a token
// request.
func WantRefusedCallback(
	t *testing.T, app *App, b *http.Client, resp *http.Response, tokenRequests int,
) {
	t.Helper()
	if resp.StatusCode < 400 || resp.StatusCode > 499 {
		t.Errorf("status %d, want 4xx", resp.StatusCode)
	}
	if got := app.OP.Count("token"); got != tokenRequests {
		t.Errorf("%d token requests, want %d", got, tokenRequests)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("the browser is signed in as %s", who)
	}
}

// ForgetProvider drops the browser's cookies for the provider, so that it asks who is there.
func ForgetProvider(app *App, b *http.Client) {
	op, _ := url.Parse(app.OP.Issuer())
	for _, c := range b.Jar.Cookies(op) {
		if strings.HasPrefix(c.Name, "authtest") {
			b.Jar.SetCookies(
				op,
				[]*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1, Secure: true}},
			)
		}
	}
}

// A Forgetful jar keeps everything but sessions.
type Forgetful struct{ http.CookieJar }

// SetCookies implements http.CookieJar.
func (f Forgetful) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if strings.Contains(c.Name, "-flow-") || strings.HasSuffix(c.Name, "-rounds") ||
			strings.HasPrefix(c.Name, "authtest") {
			f.CookieJar.SetCookies(u, []*http.Cookie{c})
		}
	}
}

// TryLogin signs in as alice and reports whether that worked, by the code of the event.
func TryLogin(t *testing.T, app *App) string {
	t.Helper()
	b := Browser(t)
	before := len(app.Outcomes())
	app.SignIn(t, b, "alice", "/me")
	outcomes := app.Outcomes()[before:]
	if len(outcomes) == 0 {
		t.Fatal("the login caused no event")
	}
	last := strings.TrimPrefix(outcomes[len(outcomes)-1], "login ")
	if who := app.Visit(t, b, "/"); (who != "anonymous") != (last == "ok") {
		t.Errorf("the event says %s, and the user is %s", last, who)
	}
	return last
}

// Presented is what the application says to a browser that sends these cookies and no others.
func Presented(t *testing.T, app *App, cookies ...*http.Cookie) string {
	t.Helper()
	var pairs []string
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	bare := &http.Client{Transport: Browser(t).Transport}
	resp := app.Get(t, bare, "/", "Cookie", strings.Join(pairs, "; "))
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	return authtest.Body(t, resp)
}
