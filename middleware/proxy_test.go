package middleware_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/middleware"
)

// A recordingAPI is an API that remembers requests.
type recordingAPI struct {
	URL    string
	mu     sync.Mutex
	got    []*http.Request
	Answer func(w http.ResponseWriter, r *http.Request)
}

// ServeHTTP implements http.Handler.
func (api *recordingAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api.mu.Lock()
	api.got = append(api.got, r.Clone(r.Context()))
	answer := api.Answer
	api.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	fmt.Fprint(w, "data of ", r.URL.Path)
}

// requests returns the requests so far.
func (api *recordingAPI) requests() []*http.Request {
	api.mu.Lock()
	defer api.mu.Unlock()
	return slices.Clone(api.got)
}

// newAPI starts an API with https.
func newAPI(t *testing.T) *recordingAPI {
	t.Helper()
	api := &recordingAPI{}
	server := httptest.NewUnstartedServer(api)
	testcert.Start(server)
	t.Cleanup(server.Close)
	api.URL = server.URL
	return api
}

// apiProxy is an application with /api/, which leads to /v1 of an API, and a signed-in browser.
func apiProxy(t *testing.T, c middleware.ProxyConfig) (*rig.App, *recordingAPI, *http.Client) {
	t.Helper()
	app := rig.New(t, rig.Offline)
	api := newAPI(t)
	if c.StripPrefix == "" {
		c.StripPrefix = "/api"
	}
	app.Mux.Handle("/api/", app.Auth.Proxy(api.URL+"/v1/", c))
	return app, api, rig.SignedIn(t, app, "alice", "/me")
}

// R163: the request has the user's token, and no identity header of the client.
func TestProxy_R163_RequestHeaders(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{
		Cookies: []string{"theme", "__Host-sallyport", "sallyport"}})
	app.SetCookies(b, &http.Cookie{Name: "theme", Value: "dark"},
		&http.Cookie{Name: "basket", Value: "7"})
	hostile := []string{"Authorization", "Bearer stolen", "DPoP", "x", "Forwarded", "for=6.6.6.6",
		"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "evil.example", "X-Forwarded-User",
		"root", "X-Forwarded-Access-Token", "x", "X-Real-IP", "6.6.6.6", "X_Forwarded_User", "root",
		"Remote-User", "root", "Remote_User", "root", "X-Remote-User", "root", "X-User", "root",
		"X-Auth-Request-Email", "root@x", "X-Original-URL", "/admin", "X-Rewrite-URL", "/admin",
		"X-HTTP-Method-Override", "DELETE", "Origin", app.URL, "Referer", app.URL + "/secret",
		"Sec-Fetch-Site", "same-origin", "Client-Cert", ":x:", "Cf-Access-Jwt-Assertion", "x",
		"Connection", "Authorization, X-Keep"}
	kept := []string{"Accept", rig.AsJSON, "X-Request-Id", "1", "If-None-Match", `"x"`,
		"Accept-Language", "de"}
	resp := app.Get(t, b, "/api/users?q=a%20b&q=c", append(hostile, kept...)...)
	if resp.StatusCode != 200 || authtest.Body(t, resp) != "data of /v1/users" {
		t.Fatalf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	r := api.requests()[0]
	if token := r.Header.Get("Authorization"); !strings.HasPrefix(token, "Bearer ") ||
		strings.Contains(token, "stolen") || len(r.Header["Authorization"]) != 1 {
		t.Errorf("Authorization %q", r.Header["Authorization"])
	}
	if r.Host != strings.TrimPrefix(api.URL, "https://") ||
		r.RequestURI != "/v1/users?q=a%20b&q=c" {
		t.Errorf("%s %s", r.Host, r.RequestURI)
	}
	if got := r.Header["Cookie"]; len(got) != 1 || got[0] != "theme=dark" {
		t.Errorf("cookies %q", got)
	}
	for i := 2; i < len(hostile); i += 2 {
		if got, sent := r.Header[hostile[i]]; sent || r.Header.Get(hostile[i]) != "" {
			t.Errorf("%s: %q", hostile[i], got)
		}
	}
	for i := 0; i < len(kept); i += 2 {
		if got := r.Header.Get(kept[i]); got != kept[i+1] {
			t.Errorf("%s: %q, want %q", kept[i], got, kept[i+1])
		}
	}
}

// R163: the response affects no more than itself.
func TestProxy_R163_ResponseHeaders(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{Cookies: []string{"theme"}})
	own := app.SessionCookies(b)[0].Name
	api.Answer = func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for _, c := range []string{"theme=dark; Path=/", "theme=x; Domain=example.com", "sid=1",
			own + "=x; Path=/; Secure", own + "-flow-x=1; Path=/; Secure", "=theme", "theme"} {
			h.Add("Set-Cookie", c)
		}
		for _, name := range []string{
			"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
			"Clear-Site-Data", "Strict-Transport-Security", "Service-Worker-Allowed", "Alt-Svc",
			"Refresh", "Report-To", "Hx-Redirect", "Access_Control_Allow_Origin", "Set-Cookie2",
		} {
			h[name] = []string{"*"}
		}
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("Expires", "Fri, 01 Jan 2100 00:00:00 GMT")
		h.Set("Www-Authenticate", `Basic realm="x"`)
		h.Set("Etag", `"1"`)
		h.Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}
	resp := app.Get(t, b, "/api/users")
	want := http.Header{"Set-Cookie": {"theme=dark; Path=/"}, "Etag": {`"1"`},
		"Cache-Control": {"no-store"}, "Content-Type": {"application/json"},
		"X-Content-Type-Options": {"nosniff"}}
	for name, values := range resp.Header {
		if known := want[name]; known != nil && !slices.Equal(values, known) ||
			known == nil && name != "Date" && name != "Content-Length" && name != "Vary" {
			t.Errorf("%s: %q", name, values)
		}
	}
	for name, values := range want {
		if !slices.Equal(resp.Header[name], values) {
			t.Errorf("%s: %q, want %q", name, resp.Header[name], values)
		}
	}
}

// R163: a Location within the target leads back to the application, any other is removed.
func TestProxy_R163_Location(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	for location, want := range map[string]string{
		"/v1/users/7?x=1#top": "/api/users/7?x=1#top", api.URL + "/v1/a%20b": "/api/a%20b",
		"7": "/api/users/7", "/v1": "", "/v2/users": "", "/v1x/": "", "/v1/../admin": "",
		"/v1/%2e%2e/admin": "", "https://evil.example/v1/": "", "//evil.example/v1/": "",
		"http" + strings.TrimPrefix(api.URL, "https") + "/v1/": "", `/v1/\evil`: "",
		"https://u@" + strings.TrimPrefix(api.URL, "https://") + "/v1/x": "", "javascript:1": "",
		"/v1//evil.example": "",
	} {
		api.Answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusSeeOther)
		}
		resp := app.Get(t, b, "/api/users/")
		if got := resp.Header.Get("Location"); resp.StatusCode != 303 || got != want {
			t.Errorf("Location %s: status %d, %q, want %q", location, resp.StatusCode, got, want)
		}
	}
}

// raw sends a request line as it is, which clients and routers would clean, and returns the status.
func raw(t *testing.T, app *rig.App, b *http.Client, line string, headers ...string) int {
	t.Helper()
	conn, err := tls.Dial("tcp", app.Server.Listener.Addr().String(),
		&tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var cookies []string
	for _, c := range app.Cookies(b) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nCookie: %s\r\n%s\r\n", line,
		strings.TrimPrefix(app.URL, "https://"), strings.Join(cookies, "; "),
		strings.Join(append(headers, ""), "\r\n"))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// R163: no request reaches another host, or a path outside of the target.
func TestProxy_R163_HostilePaths(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	// Without a router, which would clean paths.
	app.Server.Config.Handler = app.Auth.Handler(app.Auth.Proxy(api.URL+"/v1",
		middleware.ProxyConfig{StripPrefix: "/api"}))
	for _, path := range []string{
		"/api/../admin", "/api/%2e%2e/admin", "/api/.%2e/admin", "/api/%2E%2E%2fadmin", "/api/..",
		"/api/a/..%2f..%2fadmin", "/api/%2fevil.example", "/api//evil.example/x",
		"//evil.example/api/", `/api/..\admin`, "/api/..%5cadmin", `/api/\evil.example`, "/api/%5cevil.example",
		"/api/./x", "/api/%252e%252e/admin", "/api/%252fx", "/api/..;/admin", "/api/..;a=b/admin",
		"/api/;/x", "/api/%00", "/api/a%0d%0ab", "/api/%c0%ae%c0%ae/admin", "/api/%c0%af",
		"/api/x/../../y", "/%61pi/x", "/API/x", "/apix", "/other", "http://evil.example/apix/", "*",
		"http:/api/../x",
	} {
		if got := raw(t, app, b, "GET "+path); got != 400 && got != 404 {
			t.Errorf("GET %s: status %d", path, got)
		}
	}
	for _, line := range []string{"TRACE /api/x", "CONNECT evil.example:443"} {
		if got := raw(t, app, b, line); got < 400 || got > 499 {
			t.Errorf("%s: status %d", line, got)
		}
	}
	if n := len(api.requests()); n != 0 {
		t.Fatalf("%d requests reached the API: %s", n, api.requests()[0].RequestURI)
	}
	for path, want := range map[string]string{
		"/api": "/v1", "/api/": "/v1/", "/api/a%20b;c=1/~x?y=../z": "/v1/a%20b;c=1/~x?y=../z",
		"http://evil.example/api/x": "/v1/x", "/api/...": "/v1/...",
		"/api/%E2%82%AC": "/v1/%E2%82%AC",
	} {
		got := raw(t, app, b, "GET "+path)
		all := api.requests()
		if last := all[len(all)-1]; got != 200 || last.RequestURI != want ||
			last.Host != strings.TrimPrefix(api.URL, "https://") {
			t.Errorf("GET %s: status %d, %s of %s", path, got, last.RequestURI, last.Host)
		}
	}
}

// R163: the proxy is a guard of its own.
func TestProxy_R163_Guard(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	stranger := rig.Browser(t)
	resp := app.Get(t, stranger, "/api/users") // a navigation
	if resp.StatusCode != 401 || !strings.Contains(authtest.Body(t, resp), `"login_url"`) {
		t.Errorf("without a session: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	for _, headers := range [][]string{
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		{"Origin", "https://evil.example", "Sec-Fetch-Site", ""},
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			if got := app.Do(t, b, method, "/api/x", nil, headers...).StatusCode; got != 403 {
				t.Errorf("%s from another site: status %d", method, got)
			}
		}
		socket := append([]string{"Upgrade", "websocket", "Connection", "Upgrade"}, headers...)
		if got := app.Get(t, b, "/api/socket", socket...).StatusCode; got != 403 {
			t.Errorf("a WebSocket from another site: status %d", got)
		}
	}
	if n := len(api.requests()); n != 0 {
		t.Fatalf("%d requests reached the API", n)
	}
	if got := app.Post(t, b, "/api/x", url.Values{"a": {"b"}}).StatusCode; got != 200 {
		t.Errorf("a POST of the application: status %d", got)
	}
	app.Clock.Advance(2 * time.Hour)
	app.OP.RevokeLogins()
	if got := app.Get(t, b, "/api/x").StatusCode; got != 401 || rig.Alive(t, app, b) {
		t.Errorf("the provider has ended the login: status %d", got)
	}
}

// R163: a token reaches the API that it was issued for only, and no caller's token is passed on.
func TestProxy_R163_FixedAudience(t *testing.T) {
	app, api := rig.New(t, rig.Second), newAPI(t)
	app.Mux.Handle("/api/", app.Auth.Proxy(api.URL, middleware.ProxyConfig{Provider: "op"}))
	b := rig.SignedIn(t, app, "bob", "/auth/login/op2")
	if got := app.Get(t, b, "/api/x").StatusCode; got != 403 {
		t.Errorf("a user of another provider: status %d", got)
	}
	if n := len(api.requests()); n != 0 {
		t.Errorf("%d requests reached the API", n)
	}

	logins, own := rig.NewOwnLogins(t)
	logins.Mux.Handle("/api/", logins.Auth.Proxy(api.URL, middleware.ProxyConfig{}))
	b = rig.Browser(t)
	logins.SignInOwn(t, b, own)
	if got := logins.Get(t, b, "/api/x").StatusCode; got != 403 {
		t.Errorf("an own login: status %d", got)
	}
	bearer := logins.Auth.Bearer(middleware.API{Audience: "https://api.example.com"})
	logins.Mux.Handle("/bearer/", bearer(logins.Auth.Proxy(api.URL, middleware.ProxyConfig{})))
	token := rig.AccessToken(logins, nil)
	if got := rig.GetAPI(t, logins, "/bearer/x", "Bearer "+token).StatusCode; got != 403 {
		t.Errorf("a caller with an access token: status %d", got)
	}
	if n := len(api.requests()); n != 0 {
		t.Errorf("%d requests reached the API", n)
	}
}

// R163: a 401 causes one refresh and one repetition, unless there is a body.
func TestProxy_R163_RepeatsOnce(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	api.Answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }
	if got := app.Do(t, b, "PUT", "/api/x", url.Values{"a": {"b"}}, "Origin",
		app.URL).StatusCode; got != 401 || len(api.requests()) != 1 || rig.Refreshes(app) != 0 {
		t.Errorf("with a body: status %d, %d requests", got, len(api.requests()))
	}
	if got := app.Get(t, b, "/api/x").StatusCode; got != 401 || len(api.requests()) != 3 ||
		rig.Refreshes(app) != 1 {
		t.Errorf("without: status %d, %d requests, %d refreshes", got, len(api.requests()),
			rig.Refreshes(app))
	}
	requests := api.requests()
	if requests[1].Header.Get("Authorization") == requests[2].Header.Get("Authorization") {
		t.Error("the repetition has the same token")
	}
	if app.Get(t, b, "/api/x"); len(api.requests()) != 4 {
		t.Errorf("%d requests: an API that rejects every token is asked again and again",
			len(api.requests()))
	}
}

// R163: an API that is down, or breaks off, is 503.
func TestProxy_R163_APIDown(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	api.Answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	if got := app.Get(t, b, "/api/x").StatusCode; got != 503 {
		t.Errorf("a broken connection: status %d", got)
	}
	app.Mux.Handle("/down/", app.Auth.Proxy("https://127.0.0.1:1", middleware.ProxyConfig{}))
	if got := app.Get(t, b, "/down/x").StatusCode; got != 503 ||
		!app.Happened("session", "api_unavailable") {
		t.Errorf("down: status %d, %v", got, app.Outcomes())
	}
}

// A refreshed token is saved, even if the API sends informational responses, which are dropped.
func TestProxy_InformationalResponsesKeepTheCookies(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	api.Answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "evil=1")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Set-Cookie")
		io.WriteString(w, "done")
	}
	app.Clock.Advance(2 * time.Hour)
	resp := app.Get(t, b, "/api/x")
	if resp.StatusCode != 200 || len(resp.Header["Set-Cookie"]) == 0 ||
		strings.Contains(fmt.Sprint(resp.Header), "evil") ||
		resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, %v", resp.StatusCode, resp.Header)
	}
	if app.Get(t, b, "/api/x"); rig.Refreshes(app) != 1 {
		t.Errorf("%d refreshes", rig.Refreshes(app))
	}
}

// RFC 9470: an API that wants a stronger sign-in gets one.
func TestProxy_StepUp(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	api.Answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate",
			`Bearer error="insufficient_user_authentication", acr_values="gold"`)
		w.WriteHeader(401)
	}
	resp := app.Get(t, b, "/api/x?y=1")
	to, _ := url.Parse(resp.Header.Get("Location"))
	if !strings.HasPrefix(to.String(), app.OP.Issuer()) || to.Query().Get("acr_values") != "gold" {
		t.Errorf("a navigation: status %d, %s", resp.StatusCode, to)
	}
	resp = app.Get(t, b, "/api/x", "Sec-Fetch-Mode", "cors", "Accept", rig.AsJSON)
	if challenge := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 ||
		!strings.Contains(challenge, `acr_values="gold"`) {
		t.Errorf("a script: status %d, %s", resp.StatusCode, challenge)
	}
}

// R163: a stream arrives as it is sent, and ends with the session.
func TestProxy_R163_StreamEndsWithTheSession(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	ended := make(chan struct{})
	api.Answer = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", app.URL+"/api/events", nil)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body := bufio.NewReader(resp.Body)
	if line, err := body.ReadString('\n'); line != "data: 1\n" {
		t.Fatalf("%q, %v", line, err)
	}
	app.Post(t, b, "/auth/logout", nil)
	io.Copy(io.Discard, body) // until the proxy breaks it off
	<-ended
}

// R163: a WebSocket works, and ends with the session; no other protocol is forwarded.
func TestProxy_R163_WebSocketEndsWithTheSession(t *testing.T) {
	app, api, b := apiProxy(t, middleware.ProxyConfig{})
	ended := make(chan struct{})
	api.Answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer close(ended)
		defer conn.Close()
		io.WriteString(conn,
			"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		io.Copy(conn, buf) // an echo
	}
	if got := app.Get(t, b, "/api/x", "Upgrade", "h2c", "Connection", "Upgrade").StatusCode; got !=
		http.StatusUpgradeRequired {
		t.Errorf("h2c: status %d", got)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", app.URL+"/api/socket", nil)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Origin", app.URL)
	resp, err := b.Do(req)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	socket := resp.Body.(io.ReadWriteCloser)
	defer socket.Close()
	io.WriteString(socket, "hello")
	answer := make([]byte, 5)
	if _, err := io.ReadFull(socket, answer); string(answer) != "hello" {
		t.Fatalf("%q, %v", answer, err)
	}
	app.Post(t, b, "/auth/logout", nil)
	if _, err := io.ReadAll(socket); err != nil {
		t.Logf("the end: %v", err)
	}
	<-ended
}

func TestProxy_PanicsOnMistakes(t *testing.T) {
	app := rig.New(t, rig.Second)
	for target, c := range map[string]middleware.ProxyConfig{
		"api.example.com": {Provider: "op"}, "ftp://x": {Provider: "op"}, "/x": {Provider: "op"},
		"https://u:p@x": {Provider: "op"}, "https://x?y": {Provider: "op"},
		"https://x#y": {Provider: "op"}, "https://x/../y": {Provider: "op"},
		"https://a": {}, "https://b": {Provider: "nobody"},
		"https://c": {Provider: "op", StripPrefix: "api"},
		"https://d": {Provider: "op", StripPrefix: "/a/../b"},
		"https://e": {Provider: "op", StripPrefix: "//a"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s %+v does not panic", target, c)
				}
			}()
			app.Auth.Proxy(target, c)
		}()
	}
	app.Auth.Proxy("https://api.example.com/v1/", middleware.ProxyConfig{Provider: "op"})
}

// R163: whatever the path is, a request that is forwarded stays below the target, however often a
// server decodes and cleans it.
func FuzzProxy_R163_Path(f *testing.F) {
	for _, seed := range []string{"/api/x", "/api/%2e%2e/x", "/api//x", `/api/\x`, "/api/;x",
		"/api/%252e%252e", "/api/..;/x", "/api/%", "/api/%zz", "/api/a;b=c/", "/api/%25", "/api"} {
		f.Add(seed)
	}
	app := rig.New(f)
	api := &recordingAPI{}
	server := httptest.NewUnstartedServer(api)
	testcert.Start(server)
	f.Cleanup(server.Close)
	b := rig.Browser(f)
	app.SignIn(f, b, "alice", "/me")
	proxy := app.Auth.Handler(app.Auth.Proxy(server.URL+"/v1", middleware.ProxyConfig{
		StripPrefix: "/api"}))
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := httptest.NewRequest("GET", "https://app.example.com/", nil)
		r.URL, r.RequestURI = u, target
		for _, c := range app.Cookies(b) {
			r.AddCookie(c)
		}
		before := len(api.requests())
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		for _, got := range api.requests()[before:] {
			seen := got.URL.Path
			for range 3 {
				if cleaned := path.Clean(strings.ReplaceAll(seen, `\`, "/")); cleaned != "/v1" &&
					!strings.HasPrefix(cleaned, "/v1/") {
					t.Errorf("%q reached %q", target, got.RequestURI)
				}
				if seen, err = url.PathUnescape(seen); err != nil {
					break
				}
			}
		}
	})
}
