package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// sendsTo is a Hooks.Login that sends users to a page first.
func sendsTo(page string) func(*rig.Setup) {
	return func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, l *handlers.Login) error {
			l.ReturnTo = page
			return nil
		}
	}
}

// nextOf signs in and returns where the callback leads.
func nextOf(t *testing.T, app *rig.App, b *http.Client, returnTo string) string {
	t.Helper()
	path := "/auth/login/op?return_to=" + url.QueryEscape(returnTo)
	resp := app.Get(t, b, app.Callback(t, b, "alice", path).String())
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	return resp.Header.Get("Location")
}

func TestHooksLogin_SendsToAPageFirst(t *testing.T) {
	for name, row := range map[string]struct{ page, returnTo, want string }{
		"page":           {"/welcome", "/me?a=1&b=2", "/welcome?return_to=%2Fme%3Fa%3D1%26b%3D2"},
		"query":          {"/welcome?step=1", "/me", "/welcome?step=1&return_to=%2Fme"},
		"fragment":       {"/welcome#terms", "/me", "/welcome?return_to=%2Fme#terms"},
		"own return_to":  {"/welcome?return_to=/x", "/me", "/welcome?return_to=/x"},
		"start page":     {"/welcome", "/", "/welcome"},
		"unchanged":      {"/me", "/me", "/me"},
		"to the start":   {"/", "/me", "/?return_to=%2Fme"},
		"another origin": {"https://evil.example/", "/", "/"},
		"a login route":  {"/auth/logout", "/", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, sendsTo(row.page))
			b := rig.Browser(t)
			if got := nextOf(t, app, b, row.returnTo); got != row.want {
				t.Errorf("the login leads to %s, want %s", got, row.want)
			}
			if app.Visit(t, b, "/") != app.Is("alice") {
				t.Error("the session has not begun")
			}
		})
	}
}

// F25: a long return address breaks neither the login nor the page before it.
func TestHooksLogin_F25_LongReturnAddress(t *testing.T) {
	app := rig.New(t, sendsTo("/welcome"))
	long := "/me/" + strings.Repeat("a", 200) + "?q=" + strings.Repeat("%2F", 500)
	got := nextOf(t, app, rig.Browser(t), long)
	if len(got) > 4096 || !strings.HasPrefix(got, "/welcome?return_to=%2Fme%2Faaa") {
		t.Errorf("the login leads to %d bytes: %.60s", len(got), got)
	}
}

// The page continues with Auth.ReturnTo, which is no open redirect (R81).
func TestAuth_R81_ReturnTo(t *testing.T) {
	app := rig.New(t)
	for address, want := range map[string]string{
		"/me?a=1": "/me?a=1", "": "/", "https://evil.example/": "/", "//evil.example": "/",
		`/\evil.example`: "/", "/auth/logout": "/", "javascript:alert(1)": "/", "/\t/x": "/",
		app.URL + "/me": "/me",
	} {
		if got := app.Auth.ReturnTo(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// F38: a repeated callback leads to the same page.
func TestHooksLogin_F38_RepeatedCallback(t *testing.T) {
	app := rig.New(t, sendsTo("/welcome"))
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op?return_to=/me").String()
	for range 2 {
		resp := app.Get(t, b, callback)
		if got := resp.Header.Get("Location"); got != "/welcome?return_to=%2Fme" {
			t.Errorf("status %d, Location %q", resp.StatusCode, got)
		}
	}
}

// Login sees the request of the callback and what the login requested; it may not replace the
// session.
func TestHooksLogin_Sees(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			f.Request.LoginHint = "alice"
			return nil
		}
		s.Config.Hooks.Login = func(r *http.Request, l *handlers.Login) error {
			if r.URL.Path != "/auth/callback/op" || r.Header.Get("User-Agent") == "" ||
				l.Request.LoginHint != "alice" || l.ReturnTo != "/me" || l.Renews != nil ||
				l.User.Subject == "" {
				t.Errorf("the hook sees %s, %+v", r.URL.Path, l)
			}
			l.Session = l.Clone()
			return nil
		}
	})
	resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
	if resp.StatusCode != http.StatusInternalServerError ||
		!strings.Contains(app.Log(), "Hooks.Login replaced Login.Session") {
		t.Errorf("status %d\n%s", resp.StatusCode, app.Log())
	}
}
