package middleware_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/session"
)

// fromLoopback is the configuration for a proxy on this machine.
func fromLoopback() middleware.ForwardAuthConfig {
	return middleware.ForwardAuthConfig{
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Headers: map[string]func(*session.Session) string{
			"X-Auth-User":  func(s *session.Session) string { return s.User.Subject },
			"x-auth-email": func(s *session.Session) string { return s.User.Email },
		},
	}
}

// A proxied application is one in front of which proxies ask at url.
type proxied struct {
	*rig.App
	url string
}

// newProxied serves ForwardAuth beside the application, as its own process would.
func newProxied(t *testing.T, app *rig.App, c middleware.ForwardAuthConfig) proxied {
	t.Helper()
	server := httptest.NewUnstartedServer(app.Auth.ForwardAuth(c))
	testcert.Start(server)
	t.Cleanup(server.Close)
	return proxied{app, server.URL + "/forward-auth"}
}

// ask asks about a navigation of the browser, or about what the headers make of it. An empty value
// removes a header.
func (p proxied) ask(t *testing.T, b *http.Client, method, uri string,
	headers ...string) *http.Response {
	t.Helper()
	host := strings.TrimPrefix(p.URL, "https://")
	all := append([]string{"X-Forwarded-Method", method, "X-Forwarded-Host", host,
		"X-Forwarded-Uri", uri}, headers...)
	return p.Do(t, b, http.MethodGet, p.url, nil, all...)
}

var script = []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"}

func TestForwardAuth_Decides(t *testing.T) {
	app := rig.New(t)
	anyone := newProxied(t, app, fromLoopback())
	c := fromLoopback()
	c.Guard = app.Auth.RequireRole("admin")
	admins := newProxied(t, app, c)
	c = fromLoopback()
	c.Guard = app.Auth.RequireRecent(time.Minute)
	recent := newProxied(t, app, c)
	visitor, bob := rig.Browser(t), rig.SignedIn(t, app, "bob", "/auth/login")
	app.Clock.Advance(10 * time.Minute)
	login := app.URL + "/auth/login?return_to=%2Fapp%2Fx%3Fa%3D1%26b%3D%2520"
	own := []string{"Origin", app.URL, "Sec-Fetch-Site", "same-origin"}
	for name, c := range map[string]struct {
		of       proxied
		b        *http.Client
		method   string
		headers  []string
		status   int
		location string
	}{
		"navigation, not signed in":  {anyone, visitor, "GET", nil, 302, login},
		"HEAD, not signed in":        {anyone, visitor, "HEAD", nil, 302, login},
		"script, not signed in":      {anyone, visitor, "GET", script, 401, ""},
		"form, not signed in":        {anyone, visitor, "POST", own, 401, ""},
		"preflight, not signed in":   {anyone, visitor, "OPTIONS", nil, 401, ""},
		"navigation, signed in":      {anyone, bob, "GET", nil, 204, ""},
		"script, signed in":          {anyone, bob, "GET", script, 204, ""},
		"form, signed in":            {anyone, bob, "POST", own, 204, ""},
		"navigation without a role":  {admins, bob, "GET", nil, 403, ""},
		"role, not signed in":        {admins, visitor, "GET", nil, 302, login},
		"script without recent auth": {recent, bob, "GET", script, 401, ""},
	} {
		resp := c.of.ask(t, c.b, c.method, "/app/x?a=1&b=%20", c.headers...)
		if got := resp.Header.Get("Location"); resp.StatusCode != c.status || got != c.location {
			t.Errorf("%s: status %d, Location %q, want %d, %q", name, resp.StatusCode, got,
				c.status, c.location)
		}
		if got := resp.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if named := resp.Header.Get("X-Auth-User") != ""; named != (c.status == 204) {
			t.Errorf("%s: X-Auth-User %q", name, resp.Header.Get("X-Auth-User"))
		}
	}
	// A step-up leads to the provider, which leads back to the original address.
	resp := recent.ask(t, bob, "GET", "/app/x")
	if to := rig.Location(t, resp); !strings.HasPrefix(to.String(), app.OP.Issuer()) ||
		to.Query().Get("max_age") != "60" {
		t.Errorf("step-up: status %d, Location %s", resp.StatusCode, to)
	}
}

// For nginx, whatever a guard answers is 2xx, 401 or 403, except outages.
func TestForwardAuth_StatusOnly(t *testing.T) {
	broken := make(chan error, 1)
	app := rig.New(t, rig.Second)
	of := func(guard func(http.Handler) http.Handler) proxied {
		c := fromLoopback()
		c.StatusOnly, c.Guard = true, guard
		return newProxied(t, app, c)
	}
	anyone, recent := of(nil), of(app.Auth.RequireRecent(time.Minute))
	admins := of(app.Auth.RequireRole("admin"))
	down := of(app.Auth.Require(func(*session.Session) error { return <-broken }))
	visitor, bob := rig.Browser(t), rig.SignedIn(t, app, "bob", "/auth/login/op")
	app.Clock.Advance(10 * time.Minute)
	broken <- session.ErrStore
	begun := app.OP.Count("authorize")
	for name, c := range map[string]struct {
		of     proxied
		b      *http.Client
		method string
		host   string
		status int
	}{
		"not signed in":       {anyone, visitor, "GET", "", 401},
		"a form":              {anyone, visitor, "POST", "", 401},
		"signed in":           {anyone, bob, "GET", "", 204},
		"without a role":      {admins, bob, "GET", "", 403},
		"without recent auth": {recent, bob, "GET", "", 401},
		"outage":              {down, bob, "GET", "", 503},
		"another host":        {anyone, bob, "GET", "evil.example", 403},
	} {
		resp := c.of.ask(t, c.b, c.method, "/x", "X-Forwarded-Host",
			strings.TrimPrefix(app.URL, "https://")+c.host)
		body := authtest.Body(t, resp)
		if resp.StatusCode != c.status || body != "" || len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, want %d: cookies %v, body %q", name, resp.StatusCode, c.status,
				resp.Cookies(), body)
		}
	}
	if app.OP.Count("authorize") != begun {
		t.Error("a login has begun")
	}
}

// R126: neither what a client claims about its request nor what it writes into the address admits
// it, and nothing but TrustedProxies may say what the original request was.
func TestForwardAuth_R126_NoExemptions(t *testing.T) {
	app := rig.New(t)
	c := fromLoopback()
	var seen []string
	c.Guard = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.URL.Path)
			next.ServeHTTP(w, r)
		})
	}
	p := newProxied(t, app, c)
	b := rig.Browser(t)
	for _, uri := range []string{"/public/", "/auth/login", "/auth/../x", "//evil.example/x",
		"/x#/public/", "/x?/public/", "/%2e%2e/public/", `/\evil.example`, "http://evil.example/",
		"*", "javascript:alert(1)", "/a%0d%0aSet-Cookie:x=y", "/" + strings.Repeat("a", 5000),
		"?"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE", "POST", "get", "X"} {
			resp := p.ask(t, b, method, uri, "User-Agent", "GoogleHC/1.0")
			to := resp.Header.Get("Location")
			if resp.StatusCode != 401 && resp.StatusCode != 302 || len(resp.Cookies()) != 0 ||
				to != "" && !strings.HasPrefix(to, app.URL+"/auth/login") {
				t.Errorf("%s %s: status %d, Location %s", method, uri, resp.StatusCode, to)
			}
		}
	}
	for _, path := range seen {
		if path != "/forward-auth" {
			t.Errorf("a guard sees the path %q of the original request", path)
		}
	}
	alice := rig.SignedIn(t, app, "alice", "/auth/login")
	for name, headers := range map[string][]string{
		"no method":      {"X-Forwarded-Method", ""},
		"no host":        {"X-Forwarded-Host", ""},
		"no URI":         {"X-Forwarded-Uri", ""},
		"other spelling": {"X-Forwarded-Uri", "", "X_Forwarded_Uri", "/public/"},
	} {
		if resp := p.ask(t, alice, "GET", "/x", headers...); resp.StatusCode != 403 {
			t.Errorf("%s: status %d, want 403", name, resp.StatusCode)
		}
	}
	for _, from := range []string{"10.0.0.1:1", "[::1]:1", "@", "", "[::ffff:10.0.0.1]:1"} {
		if got := direct(app, c, alice, from).Code; got != http.StatusForbidden {
			t.Errorf("asked by %q: status %d, want 403", from, got)
		}
	}
	for _, from := range []string{"127.0.0.1:1", "[::ffff:127.0.0.1]:1"} {
		if got := direct(app, c, alice, from).Code; got != http.StatusNoContent {
			t.Errorf("asked by %q: status %d, want 204", from, got)
		}
	}
	if !strings.Contains(app.Log(), "10.0.0.1 is not in ForwardAuthConfig.TrustedProxies") {
		t.Error("the log does not say who asked")
	}
}

// direct asks without a connection, from any address, with each header twice if it is to be a
// duplicate.
func direct(app *rig.App, c middleware.ForwardAuthConfig, b *http.Client, from string,
	duplicates ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, app.URL+"/forward-auth", nil)
	r.RemoteAddr = from
	for _, cookie := range app.Cookies(b) {
		r.AddCookie(cookie)
	}
	r.Header.Set("X-Forwarded-Method", "GET")
	r.Header.Set("X-Forwarded-Host", r.Host)
	r.Header.Set("X-Forwarded-Uri", "/")
	for _, name := range duplicates {
		r.Header.Add(name, r.Header.Get(name))
	}
	w := httptest.NewRecorder()
	app.Auth.ForwardAuth(c).ServeHTTP(w, r)
	return w
}

// R126: of two values, the proxy might mean the other one.
func TestForwardAuth_R126_Duplicates(t *testing.T) {
	app := rig.New(t)
	alice := rig.SignedIn(t, app, "alice", "/auth/login")
	for _, name := range []string{"X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"} {
		if got := direct(app, fromLoopback(), alice, "127.0.0.1:1", name).Code; got != 403 {
			t.Errorf("two %s: status %d, want 403", name, got)
		}
	}
}

// R127: a client that sends an identity header, in any spelling that a server might confuse with
// it, is rejected, unless the proxy removes the header.
func TestForwardAuth_R127_ClientsSayNothing(t *testing.T) {
	app := rig.New(t)
	p := newProxied(t, app, fromLoopback())
	for who, b := range map[string]*http.Client{"anonymous": rig.Browser(t),
		"alice": rig.SignedIn(t, app, "alice", "/auth/login")} {
		for _, name := range []string{"X-Auth-User", "x-auth-user", "X_Auth_User", "X-AUTH_USER",
			"X.Auth.User", "x-auth~user", "X_auth-Email"} {
			resp := p.ask(t, b, "GET", "/", name, "admin")
			if resp.StatusCode != 403 || resp.Header.Get("X-Auth-User") != "" {
				t.Errorf("%s sends %s: status %d, want 403", who, name, resp.StatusCode)
			}
		}
		if resp := p.ask(t, b, "GET", "/", "X-Auth-Username", "x"); resp.StatusCode == 403 {
			t.Errorf("%s sends another header: status 403", who)
		}
	}
	if !strings.Contains(app.Log(), "X_auth-Email") {
		t.Error("the log does not name the header")
	}
}

// headerOf asks with one identity header, and returns it.
func headerOf(t testing.TB, app *rig.App, value string) []string {
	t.Helper()
	c := fromLoopback()
	c.Headers = map[string]func(*session.Session) string{
		"X-Auth-Name": func(*session.Session) string { return value },
	}
	r := authtest.WithSession(httptest.NewRequest("GET", app.URL+"/forward-auth", nil),
		&session.Session{User: session.User{Issuer: "i", Subject: "s"}})
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-Method", "GET")
	r.Header.Set("X-Forwarded-Host", r.Host)
	r.Header.Set("X-Forwarded-Uri", "/")
	w := httptest.NewRecorder()
	app.Auth.ForwardAuth(c).ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Fatalf("status %d", w.Code)
	}
	return w.Header()["X-Auth-Name"]
}

// R127: values are safe in a header, can be decoded, and are there even if they are empty, because
// proxies replace only with what is there.
func TestForwardAuth_R127_Values(t *testing.T) {
	app := rig.New(t)
	for value, want := range map[string]string{
		"":                         "",
		"alice@example.com":        "alice@example.com",
		"Alice B. Example":         "Alice B. Example",
		" Al ":                     "%20Al%20",
		"Zoë":                      "Zo%C3%AB",
		"100%":                     "100%25",
		"a\r\nSet-Cookie: x=y\x00": "a%0D%0ASet-Cookie: x=y%00",
		"\xff":                     "%FF",
	} {
		if got := headerOf(t, app, value); len(got) != 1 || got[0] != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func FuzzForwardAuth_R127_Values(f *testing.F) {
	app := rig.New(f)
	for _, seed := range []string{"", " ", "a b", "%41", "\x00\r\n", "ü", "\x7f", "\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := headerOf(t, app, value)
		if len(got) != 1 || strings.TrimSpace(got[0]) != got[0] ||
			strings.ContainsFunc(got[0], func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("%q: %q", value, got)
		}
		if decoded, err := url.PathUnescape(got[0]); err != nil || decoded != value {
			t.Errorf("%q: decoded %q, %v", value, decoded, err)
		}
	})
}

// R129: the method and the host of the original request decide about other sites.
func TestForwardAuth_R129_CrossSite(t *testing.T) {
	app := rig.New(t)
	p := newProxied(t, app, fromLoopback())
	alice := rig.SignedIn(t, app, "alice", "/auth/login")
	socket := []string{"Sec-Websocket-Key", "x", "Sec-Websocket-Version", "13", "Sec-Fetch-Mode",
		"websocket"}
	for name, c := range map[string]struct {
		method  string
		headers []string
		status  int
	}{
		"form of another site": {"POST", []string{"Origin", "https://evil.example",
			"Sec-Fetch-Site", "cross-site"}, 403},
		"form of another site, old browser": {"POST", []string{"Origin", "https://evil.example",
			"Sec-Fetch-Site", ""}, 403},
		"own form, old browser": {"DELETE", []string{"Origin", app.URL, "Sec-Fetch-Site", ""}, 204},
		"link of another site":  {"GET", []string{"Sec-Fetch-Site", "cross-site"}, 204},
		"socket of another site": {"GET", append([]string{"Origin", "https://evil.example",
			"Sec-Fetch-Site", "cross-site"}, socket...), 403},
		"own socket": {"GET", append([]string{"Origin", app.URL,
			"Sec-Fetch-Site", "same-origin"}, socket...), 204},
	} {
		if resp := p.ask(t, alice, c.method, "/", c.headers...); resp.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, c.status)
		}
	}
}

// Each host has its own login, so a host without one leads nowhere.
func TestForwardAuth_OtherHosts(t *testing.T) {
	app := rig.New(t)
	p := newProxied(t, app, fromLoopback())
	for _, b := range []*http.Client{rig.Browser(t), rig.SignedIn(t, app, "alice", "/auth/login")} {
		for _, host := range []string{"evil.example", "localhost", "127.0.0.1:1", "127.0.0.1 ",
			"@"} {
			resp := p.ask(t, b, "GET", "/", "X-Forwarded-Host", host)
			if resp.StatusCode != http.StatusMisdirectedRequest ||
				resp.Header.Get("Location") != "" {
				t.Errorf("host %q: status %d", host, resp.StatusCode)
			}
		}
	}
}

// A session in cookies is neither renewed nor refreshed, because proxies drop cookies; one in a
// store is.
func TestForwardAuth_RenewsOnlyStoredSessions(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.NewCalling(t, keep, rig.Revalidate(10*time.Minute))
		_, err := app.Auth.Sessions.List(t.Context(), &session.Session{User: session.User{
			Issuer: "i", Subject: "s"}})
		stored := !errors.Is(err, session.ErrNoList)
		p := newProxied(t, app, fromLoopback())
		b := rig.SignedIn(t, app, "alice", "/auth/login")
		app.Clock.Advance(9 * time.Minute)
		if resp := p.ask(t, b, "GET", "/x"); resp.StatusCode != 204 ||
			(len(resp.Cookies()) > 0) && !stored {
			t.Errorf("status %d, cookies %v", resp.StatusCode, resp.Cookies())
		}
		app.Clock.Advance(2 * time.Minute)
		want, refreshes := http.StatusFound, 0
		if stored {
			want, refreshes = http.StatusNoContent, 1
		}
		resp := p.ask(t, b, "GET", "/x")
		if n := rig.Refreshes(app); resp.StatusCode != want || n != refreshes {
			t.Errorf("when it is due: status %d, want %d; %d refreshes, want %d", resp.StatusCode,
				want, n, refreshes)
		}
		if !stored && len(resp.Cookies()) > 0 {
			t.Errorf("cookies are set: %v", resp.Cookies())
		}
	})
}

// Inside of Auth.Handler the session would be renewed before ForwardAuth could prevent it.
func TestForwardAuth_InsideHandler(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/forward-auth", app.Auth.ForwardAuth(fromLoopback()))
	p := proxied{app, app.URL + "/forward-auth"}
	for _, b := range []*http.Client{rig.Browser(t), rig.SignedIn(t, app, "alice", "/auth/login")} {
		if resp := p.ask(t, b, "GET", "/"); resp.StatusCode != http.StatusInternalServerError {
			t.Errorf("status %d, want 500", resp.StatusCode)
		}
	}
	if !strings.Contains(app.Log(), "mount it beside") {
		t.Error("the log does not say what to do")
	}
}

// Whatever Guard does, there is a session.
func TestForwardAuth_R126_OpenGuard(t *testing.T) {
	app := rig.New(t)
	c := fromLoopback()
	c.Guard = func(next http.Handler) http.Handler { return next }
	p := newProxied(t, app, c)
	if resp := p.ask(t, rig.Browser(t), "GET", "/"); resp.StatusCode != http.StatusFound {
		t.Errorf("status %d, want 302", resp.StatusCode)
	}
	c.Headers["X-Auth-User"] = func(*session.Session) string { panic("oops") }
	p = newProxied(t, app, c)
	resp := p.ask(t, rig.SignedIn(t, app, "alice", "/auth/login"), "GET", "/")
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("a panic: status %d, want 500", resp.StatusCode)
	}
}

func TestForwardAuth_Mistakes(t *testing.T) {
	app := rig.New(t)
	for name, change := range map[string]func(*middleware.ForwardAuthConfig){
		"no proxies": func(c *middleware.ForwardAuthConfig) { c.TrustedProxies = nil },
		"an empty proxy": func(c *middleware.ForwardAuthConfig) {
			c.TrustedProxies[0] = netip.Prefix{}
		},
		"everybody": func(c *middleware.ForwardAuthConfig) {
			c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("::/0")}
		},
		"no value":       func(c *middleware.ForwardAuthConfig) { c.Headers["X-Auth-Name"] = nil },
		"a cookie":       func(c *middleware.ForwardAuthConfig) { rename(c, "set-cookie") },
		"an underscore":  func(c *middleware.ForwardAuthConfig) { rename(c, "X_Auth_User") },
		"no token":       func(c *middleware.ForwardAuthConfig) { rename(c, "X Auth") },
		"no name":        func(c *middleware.ForwardAuthConfig) { rename(c, "") },
		"a duplicate":    func(c *middleware.ForwardAuthConfig) { rename(c, "X-Auth-Email") },
		"the URI header": func(c *middleware.ForwardAuthConfig) { rename(c, "X-Forwarded-Uri") },
		"not a header":   func(c *middleware.ForwardAuthConfig) { c.HostHeader = "a b" },
		"one for two": func(c *middleware.ForwardAuthConfig) {
			c.HostHeader = "x-forwarded-uri"
		},
	} {
		c := fromLoopback()
		change(&c)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			app.Auth.ForwardAuth(c)
		}()
	}
}

// rename gives the identity header of the user another name.
func rename(c *middleware.ForwardAuthConfig, name string) {
	c.Headers[name] = c.Headers["X-Auth-User"]
	delete(c.Headers, "X-Auth-User")
}

// The names of the headers are the application's choice.
func TestForwardAuth_OtherHeaderNames(t *testing.T) {
	app := rig.New(t)
	c := fromLoopback()
	c.MethodHeader, c.HostHeader = "X-Original-Method", "x-original-host"
	c.URIHeader = "X-Original-URI"
	p := newProxied(t, app, c)
	resp := p.ask(t, rig.Browser(t), "POST", "/evil", "X-Original-Method", "GET",
		"X-Original-Host", strings.TrimPrefix(app.URL, "https://"), "X-Original-URI", "/x")
	if got := resp.Header.Get("Location"); got != app.URL+"/auth/login?return_to=%2Fx" {
		t.Errorf("status %d, Location %q", resp.StatusCode, got)
	}
}
