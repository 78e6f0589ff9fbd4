package middleware_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
	"PROPFIND", "get", "SALLYPORT"}

// R124
func TestGuard_R124_HandlerNeverRunsForStrangers(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, method := range methods {
		for _, path := range []string{"/me", "/me/", "/me/x", "/me?x=/public", "/admin", "/me#x",
			"/me;x", "/me/%2e%2e/me", "/me%3fx"} {
			resp := app.Do(t, b, method, path, nil)
			body := authtest.Body(t, resp)
			if strings.Contains(body, rig.Marker) || resp.StatusCode < 300 && body != "anonymous" {
				t.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, body)
			}
			if len(body) > 5000 {
				t.Errorf("%s %s: %d bytes of body", method, path, len(body))
			}
		}
	}
}

// R126: nothing of a request but its path, as the router sees it, decides; and nothing is exempt.
func TestGuard_R126_NoExemptions(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, path := range []string{"/public/../me", "/me?x=/public/", "/me%23/public/", "//me",
		"/%2e%2e/me", "/me/../me", "/public/%2e%2e/me", "/./me", "/me?/public/", "/me;/public/"} {
		for _, method := range []string{"GET", "OPTIONS", "HEAD"} {
			resp := app.Do(t, b, method, path, nil)
			if strings.Contains(authtest.Body(t, resp), rig.Marker) {
				t.Errorf("%s %s: guarded content", method, path)
			}
		}
	}
	for _, header := range append(rig.ForwardingHeaders, [2]string{"User-Agent", "GoogleHC/1.0"},
		[2]string{"User-Agent", "kube-probe/1.30"},
		[2]string{"X-Rewrite-URL", "/public/"}, [2]string{"X-HTTP-Method-Override", "OPTIONS"},
		[2]string{"Authorization", "Bearer x"}) {
		if resp := app.Get(t, b, "/me", header[0], header[1]); resp.StatusCode != 302 {
			t.Errorf("%s: %s: status %d, want 302", header[0], header[1], resp.StatusCode)
		}
	}
}

// R127, R158
func TestGuard_R127_HeadersSayNothingAboutTheUser(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	names := []string{"X-User", "X_User", "X-Forwarded-User", "X-Auth-Request-User", "Remote-User",
		"REMOTE_USER", "X-Forwarded-Email", "X-Sallyport-User", "Sallyport_User"}
	for _, name := range names {
		if got := authtest.Body(t, app.Get(t, b, "/", name, "admin")); got != "anonymous" {
			t.Errorf("%s: the application sees %s", name, got)
		}
	}
}

// R128
func TestGuard_R128_NoCORS(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, path := range []string{"/auth/login", "/auth/login/op", "/auth/callback/op",
		"/auth/logout", "/auth/logged-out", "/me", "/auth/none"} {
		for _, method := range []string{"OPTIONS", "GET", "POST"} {
			resp := app.Do(t, b, method, path, nil, "Origin", "https://evil.example",
				"Access-Control-Request-Method", "POST", "Sec-Fetch-Site", "cross-site",
				"Sec-Fetch-Mode", "cors")
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s", method, path, name)
				}
			}
			if method == "OPTIONS" && resp.StatusCode < 400 {
				t.Errorf("OPTIONS %s: status %d", path, resp.StatusCode)
			}
		}
	}
}

// R129, R102: the ResponseWriter stays what it is, and cookies arrive before the handler's first
// byte.
func TestGuard_R102_StreamingHandlers(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/sse", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: one\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if _, ok := w.(io.ReaderFrom); !ok {
			t.Error("ReadFrom is hidden")
		}
	})))
	app.Mux.Handle("/hijack", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		cookies := w.Header()["Set-Cookie"]
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(rw, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Cookies: %d\r\n\r\n",
			len(cookies))
		rw.Flush()
	})))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, path := range []string{"/sse", "/hijack"} {
		app.Clock.Advance(3 * time.Hour) // a renewal is due
		resp := app.Get(t, b, path)
		names := map[string]int{}
		for _, line := range resp.Header["Set-Cookie"] {
			name, _, _ := strings.Cut(line, "=")
			names[name]++
		}
		for name, n := range names {
			if n != 1 {
				t.Errorf("%s: %s is set %d times", path, name, n)
			}
		}
		if path == "/sse" && len(names) == 0 || path == "/hijack" &&
			resp.Header.Get("X-Cookies") == "0" {
			t.Errorf("%s: the renewed cookie did not arrive", path)
		}
	}
}

// R130
func TestGuard_R130_SessionCookieThatDoesNotStick(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	jar := b.Jar
	b.Jar = rig.Forgetful{CookieJar: jar}
	resp := app.SignIn(t, b, "alice", "/me")
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(authtest.Body(t, resp),
		"allow cookies") {
		t.Errorf("ended at %s with status %d: %s", resp.Request.URL, resp.StatusCode,
			authtest.Body(t, resp))
	}
	if got := app.OP.Count("token"); got > 3 {
		t.Errorf("%d logins before the loop was seen", got)
	}
	// Once cookies are allowed, it works again.
	b.Jar = jar
	if got := authtest.Body(t, app.SignIn(t, b, "alice", "/me")); !strings.Contains(got,
		app.Is("alice")) {
		t.Errorf("with cookies: %s", got)
	}
}

// R130, R23: without any cookie there is one page.
func TestGuard_R130_NoCookiesAtAll(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	bare := &http.Client{Transport: b.Transport}
	if resp := app.Get(t, bare, callback.String()); resp.StatusCode != http.StatusBadRequest ||
		!strings.Contains(authtest.Body(t, resp), "cookies") {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// R130: who signs in again and again on purpose is not taken for a loop.
func TestGuard_R130_ManyLoginsOnPurpose(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for i := range 6 {
		if got := app.SignIn(t, b, "alice",
			"/auth/login?return_to=/me").StatusCode; got != http.StatusOK {
			t.Fatalf("login %d: status %d", i, got)
		}
	}
}

// R131
func TestGuard_R131_CacheHeaders(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Config.NoStore = true })
	b := rig.Browser(t)
	for _, path := range []string{"/me", "/"} {
		if resp := app.Get(t, b, path); resp.Header.Get("Vary") != "Cookie" {
			t.Errorf("%s: Vary %q, want Cookie", path, resp.Header.Get("Vary"))
		}
	}
	if got := app.Get(t, b, "/me").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the challenge has Cache-Control %q", got)
	}
	app.SignIn(t, b, "alice", "/me")
	if got := app.Get(t, b, "/me").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a guarded page has Cache-Control %q, although NoStore is on", got)
	}
	for _, path := range []string{"/auth/logout", "/auth/logged-out", "/auth/login",
		"/auth/nothing"} {
		if got := app.Get(t, b, path).Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s has Cache-Control %q", path, got)
		}
	}
}

// R132
func TestGuard_R132_TwoInstances(t *testing.T) {
	outer := rig.New(t)
	inner := rig.New(t, func(s *rig.Setup) { s.Config.Prefix = "/inner" })
	asked := inner.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))
	mux := http.NewServeMux()
	mux.Handle("/asked", asked)
	mux.Handle("/", http.HandlerFunc(rig.WhoAmI))
	nested := outer.Auth.Handler(outer.Auth.Handler(inner.Auth.Handler(mux)))
	a, b := rig.Browser(t), rig.Browser(t)
	outer.SignIn(t, a, "alice", "/me")
	inner.SignIn(t, b, "bob", "/me")
	serve := func(path string, cookies ...[]*http.Cookie) *http.Response {
		r := httptest.NewRequest("GET", path, nil)
		for _, set := range cookies {
			for _, c := range set {
				r.AddCookie(c)
			}
		}
		w := httptest.NewRecorder()
		nested.ServeHTTP(w, r)
		return w.Result()
	}
	one, two := outer.SessionCookies(a), inner.SessionCookies(b)
	for name, row := range map[string]struct {
		resp *http.Response
		want string
	}{
		"the outer one wins":           {serve("/", one, two), outer.Is("alice")},
		"unless the inner is asked":    {serve("/asked", one, two), inner.Is("bob")},
		"outer alone":                  {serve("/", one), outer.Is("alice")},
		"anonymous outside":            {serve("/", two), "anonymous"},
		"anonymous inside, when asked": {serve("/asked", one), ""},
	} {
		if got := authtest.Body(t, row.resp); row.want != "" && got != row.want || row.want == "" &&
			row.resp.StatusCode != 401 {
			t.Errorf("%s: status %d: %s, want %s", name, row.resp.StatusCode, got, row.want)
		}
		if n := len(row.resp.Header["Set-Cookie"]); n > 1 {
			t.Errorf("%s: %d cookies set", name, n)
		}
	}
}

// R133: no request makes the routes or the guard panic, and faults of the application stay its own.
func TestGuard_R133_NoPanics(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/faulty", app.Auth.Require(func(*session.Session) error {
		panic("oops")
	})(http.HandlerFunc(rig.WhoAmI)))
	b := rig.Browser(t)
	paths := []string{"/auth", "/auth/", "/auth/login/", "/auth/login/none", "/auth/login/op/x",
		"/auth/callback", "/auth/callback/", "/auth/callback/none", "/auth/logout/x",
		"/auth/callback/op/../op", "/auth/%00", "/auth/login/%ff", "/authx", "/auth/logged-out/",
		"/auth//login"}
	for _, path := range paths {
		for _, method := range methods {
			resp := app.Do(t, b, method, path+"?code=x&state=%00&x=%zz", url.Values{"a": {"b"}},
				"Cookie", "x; =; __Host-; a=b=c; \"; ;;", "Content-Type", "multipart/form-data")
			if resp.StatusCode >= 500 {
				t.Errorf("%s %s: status %d", method, path, resp.StatusCode)
			}
		}
	}
	app.SignIn(t, b, "alice", "/me")
	if resp := app.Get(t, b, "/faulty"); resp.StatusCode != 500 ||
		strings.Contains(authtest.Body(t, resp), "oops") {
		t.Errorf("a check that panics: status %d", resp.StatusCode)
	}
	if strings.Contains(app.Log(), "http: panic serving") {
		t.Error("a panic reached the server")
	}
}

// R133: also those who answer and who listen may be faulty.
func TestGuard_R133_FaultyHandlersOfTheApplication(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.OnError = func(http.ResponseWriter, *http.Request, *problem.Error) bool {
			panic("OnError")
		}
		s.Config.OnEvent = func(_ context.Context, _ session.Event) { panic("OnEvent") }
		s.Config.Hooks.Logout = func(_ context.Context, _ *session.Session) { panic("Logout") }
	})
	b := rig.Browser(t)
	if resp := app.Get(t, b, "/auth/callback/op"); resp.StatusCode != 400 {
		t.Errorf("status %d, want the built-in page with 400", resp.StatusCode)
	}
	app.SignIn(t, b, "alice", "/me")
	if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != 303 {
		t.Errorf("logout: status %d, want 303", resp.StatusCode)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
}

// R158
func TestGuard_R158_NobodyIsNobody(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if s, ok := session.FromContext(r.Context()); ok || s != nil {
		t.Errorf("an empty context has the session %v", s)
	}
	r = authtest.WithSession(r, nil)
	if s, ok := session.FromContext(r.Context()); ok || s != nil {
		t.Errorf("a nil session is not anonymous: %v", s)
	}
	var zero session.Session
	if zero.User.Key() != "" || len(zero.User.Roles) != 0 {
		t.Error("the zero session is not anonymous")
	}
}

// F47: guards go by the clock of the application.
func TestGuard_F47_InjectedSessionExpires(t *testing.T) {
	app := rig.New(t)
	r := authtest.WithSession(httptest.NewRequest("GET", "/me", nil), &session.Session{
		User: session.User{Issuer: "i", Subject: "s"}, Expires: app.Clock.Now().Add(time.Hour),
	})
	for _, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		w := httptest.NewRecorder()
		app.Auth.Handler(app.Mux).ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
		app.Clock.Advance(time.Hour)
	}
}

// Guards accept a session that a unit test injects.
func TestGuard_InjectedSession(t *testing.T) {
	app := rig.New(t)
	r := authtest.WithSession(httptest.NewRequest("GET", "/admin", nil), &session.Session{
		Provider: "x", User: session.User{Issuer: "i", Subject: "s", Roles: []string{"admin"}},
	})
	for name, h := range map[string]http.Handler{"mux alone": app.Mux,
		"whole": app.Auth.Handler(app.Mux)} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Body.String(); got != rig.Marker+": x i s" {
			t.Errorf("%s: status %d: %s", name, w.Code, got)
		}
	}
}
