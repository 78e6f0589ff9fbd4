package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/cors"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
)

const otherFront = "https://front.example.com"

// crossOrigin are the headers of a fetch with cookies by a page of a sibling host.
func crossOrigin(t *testing.T, method, address string, more ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := 0, append([]string{"Origin", otherFront, "Sec-Fetch-Mode", "cors",
		"Sec-Fetch-Site", "same-site", "Sec-Fetch-Dest", "empty"}, more...); i < len(h); i += 2 {
		r.Header.Set(h[i], h[i+1])
	}
	return r
}

// R170: around Auth.Handler, a CORS library answers preflights and marks every answer, also those
// of guards. Inside, guards reject preflights, and pages elsewhere cannot read a 401.
func TestCORS_R170_AroundTheHandler(t *testing.T) {
	policy := cors.New(cors.Options{
		AllowedOrigins: []string{otherFront}, AllowCredentials: true,
		AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: []string{"Content-Type"},
	})
	f := newFrontEnd(t, func(c *sallyport.Config) { c.TrustedOrigins = []string{otherFront} })
	api := f.auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("data"))
	}))
	f.mux.Handle("/api", api)
	f.mux.Handle("/wrong", f.auth.RequireAuth(policy.Handler(api)))
	around := policy.Handler(f.auth.Handler(f.mux))
	b := authtest.NewBrowser(t)
	authtest.SignIn(t, b, f.url+"/auth/login", "alice")

	send := func(r *http.Request, signedIn bool) *http.Response {
		if signedIn {
			for _, c := range b.Jar.Cookies(r.URL) {
				r.AddCookie(c)
			}
		}
		w := httptest.NewRecorder()
		around.ServeHTTP(w, r)
		return w.Result()
	}
	allowed := func(resp *http.Response) bool {
		return resp.Header.Get("Access-Control-Allow-Origin") == otherFront &&
			resp.Header.Get("Access-Control-Allow-Credentials") == "true"
	}
	preflight := crossOrigin(t, "OPTIONS", f.url+"/api", "Access-Control-Request-Method", "PUT",
		"Access-Control-Request-Headers", "content-type")
	if resp := send(preflight, false); resp.StatusCode != 204 || !allowed(resp) {
		t.Errorf("preflight: status %d, headers %v", resp.StatusCode, resp.Header)
	}
	for _, method := range []string{"GET", "PUT"} {
		if resp := send(crossOrigin(t, method, f.url+"/api"), true); resp.StatusCode != 200 ||
			!allowed(resp) {
			t.Errorf("%s: status %d, headers %v", method, resp.StatusCode, resp.Header)
		}
		resp := send(crossOrigin(t, method, f.url+"/api"), false)
		if resp.StatusCode != 401 || !allowed(resp) {
			t.Errorf("%s without a session: status %d, headers %v", method, resp.StatusCode,
				resp.Header)
		}
	}
	// The routes for scripts stay closed to other origins, whatever CORS says.
	if resp := send(crossOrigin(t, "GET", f.url+"/auth/session"), true); resp.StatusCode != 403 {
		t.Errorf("the session endpoint: status %d", resp.StatusCode)
	}
	evil := crossOrigin(t, "PUT", f.url+"/api", "Origin", "https://evil.example")
	if resp := send(evil, true); resp.StatusCode != 403 || allowed(resp) {
		t.Errorf("another origin: status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

// R170: there are no CORS headers of our own, and no preflight passes a guard.
func TestCORS_R170_NoneOfOurOwn(t *testing.T) {
	f := newFrontEnd(t, func(c *sallyport.Config) {
		c.TrustedOrigins, c.ReturnOrigins = []string{otherFront}, []string{otherFront}
	})
	reached := false
	policy := cors.New(cors.Options{AllowedOrigins: []string{otherFront}})
	f.mux.Handle("/inside", f.auth.RequireAuth(policy.Handler(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { reached = true }))))
	b := authtest.NewBrowser(t)
	authtest.SignIn(t, b, f.url+"/auth/login", "alice")
	for _, path := range []string{"/inside", "/auth/session", "/auth/providers", "/auth/client.js",
		"/auth/login", "/auth/logout", "/auth/logout/continue", "/auth/none"} {
		for _, method := range []string{"OPTIONS", "GET", "POST"} {
			w := httptest.NewRecorder()
			f.auth.Handler(f.mux).ServeHTTP(w, crossOrigin(t, method, f.url+path,
				"Access-Control-Request-Method", "PUT"))
			for name := range w.Result().Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s", method, path, name)
				}
			}
			if path == "/inside" && w.Code != 401 {
				t.Errorf("%s %s: status %d", method, path, w.Code)
			}
		}
	}
	if reached {
		t.Error("a request without a session passed the guard")
	}
}
