package middleware_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

func silentLogin(s *rig.Setup) { s.Config.SilentLogin = true }

// atProvider makes the user known to the provider, but not to the application.
func atProvider(t *testing.T, app *rig.App, b *http.Client) {
	t.Helper()
	app.SignIn(t, b, "alice", "/me")
	u, _ := url.Parse(app.URL + "/")
	for _, c := range app.Cookies(b) {
		b.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1, Secure: true}})
	}
}

// hops opens a page as a browser does and returns the paths on the way and what the last one says.
func hops(t *testing.T, app *rig.App, b *http.Client, path string) (paths []string, says string) {
	t.Helper()
	target := app.URL + path
	for range 12 {
		resp := app.Get(t, b, target, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		u, _ := url.Parse(target)
		paths = append(paths, u.Path)
		if resp.StatusCode < 300 || resp.StatusCode > 399 {
			return paths, authtest.Body(t, resp)
		}
		target = rig.Location(t, resp).String()
	}
	t.Fatalf("the browser is led in circles: %v", paths)
	return nil, ""
}

func TestSilentLogin_R31_SignsIn(t *testing.T) {
	app := rig.New(t, silentLogin)
	b := rig.Browser(t)
	atProvider(t, app, b)
	paths, says := hops(t, app, b, "/public/a?x=1")
	if says != app.Is("alice") {
		t.Errorf("the page says %q after %v\n%s", says, paths, app.Log())
	}
	if got := paths[len(paths)-1]; got != "/public/a" {
		t.Errorf("the browser ends at %s", got)
	}
	q := app.OP.Requests("authorize")
	if got := q[len(q)-1].Query.Get("prompt"); got != "none" {
		t.Errorf("prompt=%s", got)
	}
}

// R31: at most one attempt per browser, and the page appears in any case.
func TestSilentLogin_R31_NotSignedIn(t *testing.T) {
	app := rig.New(t, silentLogin)
	b := rig.Browser(t)
	paths, says := hops(t, app, b, "/public/a")
	if says != "anonymous" || strings.Join(paths, " ") !=
		"/public/a /auth/silent /authorize /auth/callback/op /public/a" {
		t.Errorf("%q after %v", says, paths)
	}
	for _, path := range []string{"/public/a", "/", "/auth/silent?return_to=/public/b"} {
		if _, says := hops(t, app, b, path); says != "anonymous" {
			t.Errorf("%s says %q", path, says)
		}
	}
	if got := app.OP.Count("authorize"); got != 1 {
		t.Errorf("%d attempts", got)
	}
	if !app.Happened("login", string(provider.FaultInteraction)) {
		t.Errorf("events %v", app.Outcomes())
	}
}

// Only top-level navigations are worth an attempt: scripts, frames, prefetches and crawlers get the
// page.
func TestSilentLogin_R31_OtherRequests(t *testing.T) {
	app := rig.New(t, silentLogin)
	for name, headers := range map[string][]string{
		"fetch":   {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		"worker":  {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "empty"},
		"frame":   {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		"image":   {"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		"crawler": {"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""},
		"prefetch": {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document",
			"Sec-Purpose", "prefetch"},
		"websocket": {"Sec-Fetch-Mode", "websocket", "Upgrade", "websocket"},
	} {
		resp := app.Get(t, rig.Browser(t), "/public/a", headers...)
		if resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, cookies %v", name, resp.StatusCode, resp.Cookies())
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodHead} {
		resp := app.Do(t, rig.Browser(t), method, "/public/a", nil,
			"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", method, resp.StatusCode)
		}
	}
}

// A browser without cookies gets every page, and never reaches the provider.
func TestSilentLogin_R31_WithoutCookies(t *testing.T) {
	app := rig.New(t, silentLogin)
	b := *rig.Browser(t)
	b.Jar = nil
	for _, page := range []string{
		"/public/a?x=1", "/public/a?x=1", "/public/a?silent_login=x", "/public/a?x;y&silent_login=",
		"/public/a?x=" + strings.Repeat("x", 2020),
	} {
		paths, says := hops(t, app, &b, page)
		if says != "anonymous" || strings.Join(paths, " ") != "/public/a /auth/silent /public/a" {
			t.Errorf("%q after %v", says, paths)
		}
	}
	if app.OP.Count("authorize") != 0 {
		t.Error("the provider was asked")
	}
}

// R130: neither does one that keeps the marker but loses the flow, or the session.
func TestSilentLogin_R130_LostCookies(t *testing.T) {
	app := rig.New(t, silentLogin)
	for name, lost := range map[string]string{"flow": "-flow-", "session": "=session"} {
		b := rig.Browser(t)
		atProvider(t, app, b)
		b.Jar = losing{b.Jar, lost}
		for range 2 {
			if _, says := hops(t, app, b, "/public/a"); says != "anonymous" {
				t.Errorf("%s: the page says %q", name, says)
			}
		}
	}
}

// losing is a jar that does not keep some cookies.
type losing struct {
	http.CookieJar
	name string
}

// SetCookies implements http.CookieJar.
func (l losing) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		session := !strings.Contains(c.Name, "-flow-") && !strings.HasSuffix(c.Name, "-rounds") &&
			!strings.HasSuffix(c.Name, "-silent") && !strings.HasPrefix(c.Name, "authtest")
		if strings.Contains(c.Name, l.name) || l.name == "=session" && session {
			continue
		}
		l.CookieJar.SetCookies(u, []*http.Cookie{c})
	}
}

// The visitor gets the page whatever fails, because a silent login was not the visitor's request.
func TestSilentLogin_R31_Failures(t *testing.T) {
	for name, setup := range map[string]func(*rig.Setup){
		"provider down": func(s *rig.Setup) { s.OP.SetDown(true) },
		"refused": func(s *rig.Setup) {
			s.OP.Misbehave(func(f *authtest.Faults) {
				f.Callback = func(v url.Values) {
					v.Del("code")
					v.Set("error", "access_denied")
				}
			})
		},
		"server error": func(s *rig.Setup) {
			s.OP.Misbehave(func(f *authtest.Faults) {
				f.Callback = func(v url.Values) {
					v.Del("code")
					v.Set("error", "temporarily_unavailable")
				}
			})
		},
		"hook": func(s *rig.Setup) {
			s.Config.Hooks.Login = func(*http.Request, *handlers.Login) error {
				return sallyport.ErrRefused
			}
		},
		"begin": func(s *rig.Setup) {
			s.Config.Hooks.Begin = func(*http.Request, *provider.Flow) error {
				return sallyport.ErrRefused
			}
		},
		"token endpoint": func(s *rig.Setup) {
			s.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = rig.Answer("token", http.StatusInternalServerError, "", "")
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, silentLogin, setup)
			for range 2 {
				b := rig.Browser(t)
				if name != "provider down" && name != "begin" {
					atProvider(t, app, b)
				}
				if paths, says := hops(t, app, b, "/public/a"); says != "anonymous" {
					t.Errorf("the page says %q after %v", says, paths)
				}
			}
		})
	}
}

// R31: none right after a sign-out.
func TestSilentLogin_R31_AfterSignOut(t *testing.T) {
	app := rig.New(t, silentLogin)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/auth/login/op")
	before := app.OP.Count("authorize")
	app.Post(t, b, "/auth/logout", nil)
	if _, says := hops(t, app, b, "/public/a"); says != "anonymous" {
		t.Errorf("after the sign-out the page says %q", says)
	}
	if got := app.OP.Count("authorize"); got != before {
		t.Errorf("%d attempts after the sign-out", got-before)
	}
}

func TestSilentLogin_Mistakes(t *testing.T) {
	c := rig.MinimalConfig(nil)
	c.SilentLogin = true
	if _, err := sallyport.New(c); err != nil {
		t.Errorf("one provider: %v", err)
	}
	c.Providers["two"] = &provider.OIDC{Issuer: "https://two.example", ClientID: "c"}
	if _, err := sallyport.New(c); err == nil ||
		!strings.Contains(err.Error(), "SilentLogin needs DefaultProvider") {
		t.Errorf("two providers: %v", err)
	}
	c.DefaultProvider = "two"
	if _, err := sallyport.New(c); err != nil {
		t.Errorf("a default: %v", err)
	}
	c.Providers["two"] = &provider.OAuth2{ClientID: "c", Endpoints: provider.Endpoints{
		Authorization: "https://two.example/a", Token: "https://two.example/t"},
		UserFields: provider.Fields{ID: "id"}}
	if _, err := sallyport.New(c); err == nil ||
		!strings.Contains(err.Error(), "needs OpenID Connect") {
		t.Errorf("OAuth 2.0: %v", err)
	}
}
