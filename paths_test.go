package sallyport_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// stripping is a proxy that forwards "/app/x" as "/x", as nginx does with a proxy_pass that ends
// with a slash: nothing in the request has the path any more.
func stripping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, below := strings.CutPrefix(r.RequestURI, "/app")
		if !below || !strings.HasPrefix(rest, "/") {
			http.Error(w, "another application", http.StatusTeapot)
			return
		}
		inner, err := url.ParseRequestURI(rest)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		forwarded := r.Clone(r.Context())
		forwarded.RequestURI, forwarded.URL = rest, inner
		next.ServeHTTP(w, forwarded)
	})
}

// belowPath runs a test with an application at /app, for each way in which requests arrive there.
func belowPath(t *testing.T, test func(t *testing.T, app *rig.App), change ...func(*rig.Setup)) {
	for name, arrive := range map[string]func(*rig.Setup){
		"kept": func(*rig.Setup) {},
		"stripped by a proxy": func(s *rig.Setup) {
			s.Config.ProxyStripsPath, s.Proxy = true, stripping
		},
		"stripped by StripPrefix": func(s *rig.Setup) {
			s.Config.ProxyStripsPath = true
			s.Proxy = func(h http.Handler) http.Handler { return http.StripPrefix("/app", h) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			below := func(s *rig.Setup) { s.Path = "/app"; arrive(s) }
			test(t, rig.New(t, append([]func(*rig.Setup){below}, change...)...))
		})
	}
}

// R167: links, redirect URIs, return addresses and pages have the path, requests find their routes.
func TestPath_R167_SignInAndOut(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		resp := app.Get(t, b, "/app/me?x=%2F1")
		login := "/app/auth/login?return_to=" + url.QueryEscape("/app/me?x=%2F1")
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || got != login {
			t.Fatalf("status %d, challenge %q, want %q", resp.StatusCode, got, login)
		}
		authorize := app.BeginLogin(t, b, login)
		if got := authorize.Query().Get("redirect_uri"); got != app.URL+"/app/auth/callback/op" ||
			got != app.Auth.RedirectURIs()["op"].Redirect {
			t.Errorf("redirect URI %q", got)
		}
		if end := app.SignIn(t, b, "alice", "/app/me?x=%2F1"); end.StatusCode != http.StatusOK ||
			end.Request.URL.String() != app.URL+"/app/me?x=%2F1" {
			t.Fatalf("status %d at %s", end.StatusCode, end.Request.URL)
		}
		resp = app.Post(t, b, app.Auth.LogoutURL(""), nil)
		back := rig.Location(t, app.Get(t, b, resp.Header.Get("Location"))) // from the provider
		if back.Path != "/app/auth/logged-out" {
			t.Errorf("the provider's logout leads to %s", back)
		}
		page := app.Visit(t, b, strings.TrimPrefix(back.String(), app.URL))
		if !strings.Contains(page, `href="/app/"`) || strings.Contains(page, `href="/"`) {
			t.Errorf("page: %s", page)
		}
		if got := app.Visit(t, b, "/app/"); got != "anonymous" {
			t.Errorf("after the logout: %s", got)
		}
	})
}

// R167: programs are told the address in the browser.
func TestPath_R167_ProblemJSON(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		resp := app.Get(t, rig.Browser(t), "/app/me", "Accept", "application/json",
			"Sec-Fetch-Mode", "cors")
		var e struct {
			LoginURL string `json:"login_url"`
		}
		body := authtest.Body(t, resp)
		if err := json.Unmarshal([]byte(body), &e); err != nil ||
			e.LoginURL != app.URL+"/app/auth/login" {
			t.Errorf("%v: %s", err, body)
		}
		if got := resp.Header.Get("WWW-Authenticate"); got != `Session login="/app/auth/login"` {
			t.Errorf("WWW-Authenticate: %s", got)
		}
	})
}

// R167, R81: users return to the application only, not to others of the origin, and not to what
// another reader of the address takes for one.
func TestPath_R167_ReturnAddresses(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/app/me")
		for _, hostile := range []string{
			"/", "/me", "/other", "/application", "/app.evil", "/app;x", "/APP/me", "/app/../other",
			"/app/./../other", "/app/%2e%2e/other", "/app/.%2E/other", "/app/..%2fother",
			"/app%2fme", "/app%2f..%2fother", "/app/x/../../other", "/app//evil.example",
			"/app/%2fevil.example", `/app/\evil.example`, "/app/%5cevil.example", "//app/me",
			"/%61pp/me", "/./app/me", "/x/../app/me", "/app/auth/logout", "/app/x/../auth/login",
			"/app/%61uth/logout", "/app/auth%2flogout", "https://evil.example/app/me",
			app.URL + "/other", app.URL + ".evil.example/app/me", app.URL + "@evil.example/app/",
			"/app/..",
		} {
			start := "/app/auth/login?return_to=" + url.QueryEscape(hostile)
			resp := app.Get(t, b, app.Callback(t, b, "alice", start).String())
			if got := resp.Header.Get("Location"); got != "/app/" {
				t.Errorf("return_to %q leads to %q", hostile, got)
			}
			out := "/app/auth/logout?return_to=" + url.QueryEscape(hostile)
			if got := app.Post(t, rig.Browser(t), out, nil).Header.Get("Location"); got != "/app/" {
				t.Errorf("logout with return_to %q leads to %q", hostile, got)
			}
		}
		for value, want := range map[string]string{
			"/app": "/app", "/app/": "/app/", "/app/x/../y": "/app/x/../y",
			"/app?x=//y": "/app?x=//y", "/app#x": "/app#x", "/app/authors": "/app/authors",
			"/app/app/auth": "/app/app/auth", app.URL + "/app/x?y": "/app/x?y",
		} {
			start := "/app/auth/login?return_to=" + url.QueryEscape(value)
			resp := app.Get(t, b, app.Callback(t, b, "alice", start).String())
			if got := resp.Header.Get("Location"); got != want {
				t.Errorf("return_to %q leads to %q, want %q", value, got, want)
			}
		}
	})
}

// R167, R83: an address that the proxy forwards as that of a host is not one to return to.
func TestPath_R167_CapturedAddress(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		guarded := app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))
		app.Mux.Handle("/deep/", http.StripPrefix("/deep", guarded))
		for target, want := range map[string]string{
			"/app/deep/page?x=1": "/app/deep/page?x=1",
			"/app/deep/app/page": "/app/deep/app/page",
		} {
			resp := app.Get(t, rig.Browser(t), target)
			if got := rig.Location(t, resp).Query().Get("return_to"); got != want {
				t.Errorf("%s: return_to %q", target, got)
			}
		}
	})
}

// R167: the cookies are for the whole host, since only those have __Host-, so the name has the
// path.
func TestPath_R167_Cookies(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		port := app.Server.Listener.Addr().String()
		port = port[strings.LastIndex(port, ":")+1:]
		name := "__Host-sallyport-" + port + "__app"
		for _, line := range app.Get(t, b, "/app/auth/login").Header["Set-Cookie"] {
			if !strings.HasPrefix(line, name+"-") || !strings.Contains(line, "; Path=/;") {
				t.Errorf("login: %s", line)
			}
		}
		callback := app.Callback(t, b, "alice", "/app/auth/login")
		lines := app.Get(t, b, callback.String()).Header["Set-Cookie"]
		if !strings.HasPrefix(strings.Join(lines, "\n"), name) {
			t.Errorf("callback: %q", lines)
		}
		for _, line := range lines {
			if !strings.Contains(line, "; Path=/;") || !strings.HasPrefix(line, name) {
				t.Errorf("callback: %s", line)
			}
		}
	})
}

// R167: a session of one path does not open at another, even if the cookies have the same name.
func TestPath_R167_SessionsStayApart(t *testing.T) {
	b := rig.Browser(t)
	named := func(path string) func(*rig.Setup) {
		return func(s *rig.Setup) { s.Path, s.Config.Session.CookieName = path, "same" }
	}
	a := rig.New(t, named("/a"))
	a.SignIn(t, b, "alice", "/a/me")
	if got := a.Visit(t, b, "/a/"); got != a.Is("alice") {
		t.Fatalf("at its own path: %s", got)
	}
	for _, path := range []string{"", "/b", "/A", "/a/b"} {
		other := a.AgainAt(t, a.URL+path)
		r := httptest.NewRequest("GET", path+"/", nil)
		r.Host = strings.TrimPrefix(a.URL, "https://")
		for _, c := range a.Cookies(b) {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		other.ServeHTTP(w, r)
		if w.Body.String() != "anonymous" {
			t.Errorf("at %q: %s", path, w.Body)
		}
	}
}

// R167, F41: a browser without cookies is not led in circles.
func TestPath_R167_BrowsersNeverLoop(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		last := 0
		for range 4 {
			resp := app.Get(t, b, rig.Location(t, app.Get(t, b, "/app/me")).String())
			if last = resp.StatusCode; last != http.StatusSeeOther {
				break
			}
			callback := app.Authorize(t, b, rig.Location(t, resp), "alice")
			app.Get(t, b, callback.String())
			dropSession(app, b)
		}
		if last != http.StatusBadRequest {
			t.Errorf("status %d in the end, want 400", last)
		}
	})
}

// dropSession removes the session's cookies from the browser, as if it had not kept them.
func dropSession(app *rig.App, b *http.Client) {
	u, _ := url.Parse(app.URL)
	for _, c := range app.SessionCookies(b) {
		b.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Path: "/", Secure: true, MaxAge: -1}})
	}
}

// R167: a silent renewal by form_post goes through the redirect that brings the session's cookie.
func TestPath_R167_Renewal(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/app/me")
		app.Clock.Advance(11 * time.Minute)
		end := app.SignIn(t, b, "alice", "/app/me?x=1")
		if got := authtest.Body(t, end); !strings.Contains(got, app.Is("alice")) ||
			end.Request.URL.String() != app.URL+"/app/me?x=1" {
			t.Errorf("%s at %s", got, end.Request.URL)
		}
		if !app.Happened("login", "renewed") {
			t.Errorf("events: %v", app.Outcomes())
		}
	}, func(s *rig.Setup) {
		s.OIDC.FormPost = true
		s.Config.Session.Revalidate = 10 * time.Minute
	})
}

// R167: what contradicts itself is an error.
func TestPath_R167_Mistakes(t *testing.T) {
	c := at("https://app.example.com")
	c.ProxyStripsPath = true
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), "ProxyStripsPath") {
		t.Errorf("stripped without a path: %v", err)
	}
	for base, want := range map[string]string{
		"https://example.com/app":  "https://example.com/app/auth/callback/op",
		"https://example.com/app/": "https://example.com/app/auth/callback/op",
		"https://Example.com/A/b":  "https://example.com/A/b/auth/callback/op",
	} {
		auth, err := sallyport.New(at(base))
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if got := auth.RedirectURIs()["op"].Redirect; got != want {
			t.Errorf("%s: redirect URI %s", base, got)
		}
	}
}

// R167: Home is below the path, too.
func TestPath_R167_Home(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		app.Mux.HandleFunc("/start/", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "start page")
		})
		end := app.SignIn(t, rig.Browser(t), "alice", "/app/auth/login")
		if got := end.Request.URL.Path; got != "/app/start/" || end.StatusCode != http.StatusOK {
			t.Errorf("status %d at %s", end.StatusCode, got)
		}
		resp := app.Get(t, rig.Browser(t), "/app/auth/nothing")
		if got := authtest.Body(t, resp); !strings.Contains(got, `href="`+app.URL+`/app/start/"`) {
			t.Errorf("page: %s", got)
		}
	}, func(s *rig.Setup) { s.Config.Home = "/start/" })
}
