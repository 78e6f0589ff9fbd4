package sallyport_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// R141, R142
func TestHost_R141_ForwardingHeadersAreIgnored(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.HTTP = true; s.OIDC = s.OP.OIDC() })
	// On http the cookies are not Secure; no header can talk the application into or out of it.
	for _, header := range rig.ForwardingHeaders {
		resp := app.Get(t, rig.Browser(t), "/auth/login", header[0], header[1])
		for _, c := range resp.Cookies() {
			if c.Secure || strings.HasPrefix(c.Name, "__") {
				t.Errorf("%s: cookie %s is Secure on http", header[0], c.Name)
			}
		}
		resp = app.Post(t, rig.Browser(t), "/auth/logout", nil, header[0], header[1],
			"Sec-Fetch-Site", "", "Origin", "https://evil.example")
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: a logout of another origin: status %d", header[0], resp.StatusCode)
		}
	}
	if strings.Contains(app.Log(), "6.6.6.6") {
		t.Error("a forged address is in the log")
	}
}

// R142: behind a proxy that ends TLS, the request is plain and the cookies are Secure all the same.
func TestHost_R142_SecureByConfiguration(t *testing.T) {
	app := rig.New(t)
	app.Server.Close()
	c := sallyport.Config{BaseURL: app.URL, Providers: provider.Set{"op": app.OIDC},
		Session: rig.MinimalConfig(nil).Session}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w := recorder(auth.Handler(app.Mux), "http://internal:8080/auth/login", "Host",
		strings.TrimPrefix(app.URL, "https://"))
	cookies := w.Cookies()
	if w.StatusCode != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("status %d, %d cookies", w.StatusCode, len(cookies))
	}
	if c := cookies[0]; !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" ||
		!strings.HasPrefix(c.Name, "__Host-") || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %+v", c)
	}
}

// R143
func TestHost_R143_OtherHostsAreRefused(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	own := strings.TrimPrefix(app.URL, "https://")
	for _, host := range []string{"other.example", "127.0.0.1", own + ".evil.example",
		"evil.example:" + port(app), "localhost:" + port(app)} {
		for _, path := range []string{"/auth/login", "/auth/callback/op?code=x&state=y",
			"/auth/logout"} {
			resp := app.Get(t, b, path, "Host", host)
			if resp.StatusCode != http.StatusMisdirectedRequest || len(resp.Cookies()) != 0 {
				t.Errorf("%s at %s: status %d, want 421", path, host, resp.StatusCode)
			}
			if !strings.Contains(authtest.Body(t, resp), app.URL) {
				t.Errorf("%s at %s: the page does not say where to go", path, host)
			}
		}
	}
}

func port(app *rig.App) string { return app.URL[strings.LastIndex(app.URL, ":")+1:] }

// recorder serves one request without a connection.
func recorder(h http.Handler, target string, headers ...string) *http.Response {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}
