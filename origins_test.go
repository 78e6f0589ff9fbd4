package sallyport_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// twoOrigins is an application at a.localhost and b.localhost.
func twoOrigins(s *rig.Setup) { s.Host, s.Others = "a.localhost", []string{"b.localhost"} }

// copyCookies gives the cookies of one origin to another, as an attacker would who has them.
func copyCookies(app *rig.App, b *http.Client, from, to string) {
	u, _ := url.Parse(app.At(from))
	there, _ := url.Parse(app.At(to))
	for _, c := range b.Jar.Cookies(u) {
		copied := &http.Cookie{Name: c.Name, Value: c.Value, Path: "/", Secure: true}
		b.Jar.SetCookies(there, []*http.Cookie{copied})
	}
}

// R166: redirect URI, return address and session are those of the origin of the request.
func TestOrigins_R166_SignIn(t *testing.T) {
	for name, store := range sessionStores {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, twoOrigins, store)
			b := rig.Browser(t)
			there := app.At("b.localhost")
			authorize := rig.Location(t, app.Get(t, b, there+"/auth/login"))
			if got := authorize.Query().Get("redirect_uri"); got != there+"/auth/callback/op" {
				t.Errorf("redirect URI %s", got)
			}
			end := authtest.SignIn(t, b, there+"/me?x=1", "alice")
			if body := authtest.Body(t, end); end.Request.URL.String() != there+"/me?x=1" ||
				!strings.Contains(body, app.Is("alice")) {
				t.Fatalf("%s at %s", body, end.Request.URL)
			}
			if got := app.Visit(t, b, "/"); got != "anonymous" {
				t.Errorf("at the other origin: %s", got)
			}
			app.SignIn(t, b, "alice", "/me")
			app.Post(t, b, there+"/auth/logout", nil, "Origin", there)
			if got := authtest.Body(t, authtest.Open(t, b, there+"/")); got != "anonymous" {
				t.Errorf("after the logout: %s", got)
			}
			if got := app.Visit(t, b, "/"); got != app.Is("alice") {
				t.Errorf("the logout at b ends the session at a: %s", got)
			}
		})
	}
}

var sessionStores = map[string]func(*rig.Setup){
	"cookies": func(*rig.Setup) {},
	"server": func(s *rig.Setup) {
		now := s.Config.Session.Now
		s.Config.Session.Store = session.NewServerStore(
			session.NewMemoryBackend(session.MemoryLimits{}, now))
	},
}

// R166: a session of one origin never opens at another, in either direction, unless
// Session.Domain says so.
func TestOrigins_R166_SessionsStayAtTheirOrigin(t *testing.T) {
	for name, store := range sessionStores {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, twoOrigins, store)
			for from, to := range map[string]string{
				"a.localhost": "b.localhost", "b.localhost": "a.localhost",
			} {
				b := rig.Browser(t)
				authtest.SignIn(t, b, app.At(from)+"/me", "alice")
				copyCookies(app, b, from, to)
				got := authtest.Body(t, authtest.Open(t, b, app.At(to)+"/"))
				if got != "anonymous" {
					t.Errorf("the session of %s opens at %s: %s", from, to, got)
				}
			}
		})
	}
	shared := func(s *rig.Setup) {
		s.Host, s.Others = "a.app.localhost", []string{"b.app.localhost"}
		s.Config.Session.Domain, s.HTTP = "app.localhost", true
	}
	app := rig.New(t, shared)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	there := app.At("b.app.localhost")
	if got := authtest.Body(t, authtest.Open(t, b, there+"/")); got != app.Is("alice") {
		t.Errorf("with Session.Domain: %s", got)
	}
}

// R166: a login that was started at one origin cannot be finished at another.
func TestOrigins_R166_FlowsStayAtTheirOrigin(t *testing.T) {
	app := rig.New(t, twoOrigins)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	copyCookies(app, b, "a.localhost", "b.localhost")
	moved := strings.Replace(callback.String(), app.URL, app.At("b.localhost"), 1)
	if resp := app.Get(t, b, moved); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, Location %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if got := authtest.Body(t, authtest.Open(t, b, app.At("b.localhost")+"/")); got != "anonymous" {
		t.Errorf("signed in: %s", got)
	}
	if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("at its own origin: status %d", resp.StatusCode)
	}
}

// R166: guards and login routes reject unknown hosts, whatever other headers say; public pages have
// no session there.
func TestOrigins_R166_UnknownHosts(t *testing.T) {
	app := rig.New(t, twoOrigins)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	port := app.URL[strings.LastIndex(app.URL, ":"):]
	for _, host := range []string{
		"evil.example", "c.localhost" + port, "a.localhost." + port, "a.localhost:1", "a.localhost",
		"x.a.localhost" + port, "b.localhost" + port + "0", "a.localhost" + port + ".evil.example",
		"localhost" + port, "127.0.0.1" + port,
	} {
		forged := []string{"Host", host, "X-Forwarded-Host", "a.localhost" + port,
			"Forwarded", "host=a.localhost" + port, "X-Original-Host", "a.localhost" + port}
		for _, path := range []string{"/auth/login", "/auth/logout", "/auth/callback/op", "/me"} {
			resp := app.Get(t, b, path, forged...)
			if resp.StatusCode != http.StatusMisdirectedRequest ||
				len(resp.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s at %s: status %d, cookies %q", path, host, resp.StatusCode,
					resp.Header["Set-Cookie"])
			}
		}
		if got := authtest.Body(t, app.Get(t, b, "/", forged...)); got != "anonymous" {
			t.Errorf("a public page at %s: %s", host, got)
		}
	}
	if log := app.Log(); !strings.Contains(log, "host=evil.example") ||
		!strings.Contains(log, "Origins") {
		t.Error("the log does not name the host and the setting")
	}
	for _, host := range []string{"A.LOCALHOST" + port, "B.Localhost" + port} {
		resp := app.Get(t, rig.Browser(t), "/auth/login", "Host", host)
		want := "https://" + strings.ToLower(host) + "/auth/callback/op"
		if got := rig.Location(t, resp).Query().Get("redirect_uri"); got != want {
			t.Errorf("%s: redirect URI %s", host, got)
		}
	}
}

// R166: OriginOf decides about each host, and may not answer with another one.
func TestOriginOf_R166(t *testing.T) {
	const base = "https://app.example.com"
	customers := map[string]string{
		"acme.example.com":   "https://acme.example.com",
		"[2001:db8::1]:8443": "https://[2001:db8::1]:8443",
		"other.example.com":  "https://acme.example.com",   // another host
		"plain.example.com":  "http://plain.example.com",   // another scheme
		"path.example.com":   "https://path.example.com/x", // a path
		"port.example.com":   "https://port.example.com:8443",
		"app.example.com:81": "https://app.example.com:81",
		"odd.example.com":    "javascript:alert(1)",
	}
	c := at(base)
	c.OriginOf = func(host string) (string, bool) {
		if host == "panic.example.com" {
			panic("oops")
		}
		origin, ok := customers[host]
		return origin, ok
	}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	handler := auth.Handler(http.NotFoundHandler())
	for host, want := range map[string]string{
		"app.example.com": base, "APP.example.com:443": base,
		"acme.example.com":      "https://acme.example.com",
		"Acme.Example.COM:443":  "https://acme.example.com",
		"[2001:db8::1]:8443":    "https://[2001:db8::1]:8443",
		"[2001:DB8::1]:8443":    "https://[2001:db8::1]:8443",
		"[2001:db8:0::1]:8443":  "",
		"acme.example.com.":     "",
		"acme.example.com:80":   "",
		"acme.example.com:0443": "",
		"other.example.com":     "", "plain.example.com": "", "path.example.com": "",
		"port.example.com": "", "odd.example.com": "", "panic.example.com": "",
		"app.example.com:81": "", "unknown.example.com": "",
		"acme.example.com@evil.example": "", "evil.example/acme.example.com": "", "": "",
		"acme.example.com\tx": "", "acme.example.com, evil.example": "",
	} {
		r := httptest.NewRequest("GET", "/auth/login", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if want == "" {
			if w.Code != http.StatusMisdirectedRequest {
				t.Errorf("%q: status %d, Location %s", host, w.Code, w.Header().Get("Location"))
			}
			continue
		}
		u, _ := url.Parse(w.Header().Get("Location"))
		if got := u.Query().Get("redirect_uri"); got != want+"/auth/callback/op" {
			t.Errorf("%q: status %d, redirect URI %s", host, w.Code, got)
		}
	}
}

// R166: origins that browsers or cookies cannot keep apart are errors.
func TestOrigins_R166_Mistakes(t *testing.T) {
	for origin, want := range map[string]string{
		"http://b.example.com":         "must be https",
		"https://b.example.com/x":      "path",
		"https://app.example.com:8443": "port",
		"https://b.example.com.":       "dot",
		"https://*.example.com":        "not a name",
		"b.example.com":                "absolute URL",
		"":                             "missing",
	} {
		c := at("https://app.example.com")
		c.Origins = []string{origin}
		if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "Origins") {
			t.Errorf("%q: %v, want %q", origin, err, want)
		}
	}
	c := at("https://app.example.com")
	b := "https://b.example.com"
	c.Origins = []string{"https://app.example.com", b, b}
	if _, err := sallyport.New(c); err != nil {
		t.Error(err)
	}
	c.Session.Domain = "app.example.com"
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), "Session.Domain") {
		t.Errorf("outside of Session.Domain: %v", err)
	}
}

// fetchSite is what browsers send, by whether the page is of the same origin.
var fetchSite = map[bool]string{true: "same-origin", false: "same-site"}

// R166: each origin trusts its own pages only.
func TestOrigins_R166_CrossSite(t *testing.T) {
	app := rig.New(t, twoOrigins)
	for _, origin := range []string{"a.localhost", "b.localhost"} {
		b := rig.Browser(t)
		authtest.SignIn(t, b, app.At(origin)+"/me", "alice")
		for _, from := range []string{"a.localhost", "b.localhost", "c.localhost"} {
			want := http.StatusForbidden
			if from == origin {
				want = http.StatusOK
			}
			for site, headers := range map[string][]string{
				"new": {"Sec-Fetch-Site", fetchSite[from == origin]},
				"old": {"Sec-Fetch-Site", ""},
			} {
				resp := app.Post(t, b, app.At(origin)+"/me", nil,
					append(headers, "Origin", app.At(from))...)
				if resp.StatusCode != want {
					t.Errorf("POST to %s from %s (%s browser): status %d", origin, from, site,
						resp.StatusCode)
				}
			}
		}
	}
}

// R166: programs are told the login of the origin that they asked.
func TestOrigins_R166_LoginURL(t *testing.T) {
	app := rig.New(t, twoOrigins)
	for _, host := range []string{"a.localhost", "b.localhost"} {
		resp := app.Get(t, rig.Browser(t), app.At(host)+"/me", "Accept", "application/json",
			"Sec-Fetch-Mode", "cors")
		want := fmt.Sprintf(`"login_url":"%s/auth/login"`, app.At(host))
		if body := authtest.Body(t, resp); !strings.Contains(body, want) {
			t.Errorf("%s: %s", host, body)
		}
	}
}
