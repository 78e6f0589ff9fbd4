package sallyport_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

func at(baseURL string) sallyport.Config {
	return sallyport.Config{
		BaseURL: baseURL, Logger: slog.New(slog.DiscardHandler),
		Session: session.Config{Secret: sessionSecret},
		Providers: provider.Set{"op": &provider.OAuth2{
			ClientID: "c", ClientSecret: "s", UserFields: provider.Fields{ID: "id"},
			Endpoints: vendors.GitHub("c", "s").Endpoints, Issuer: "https://op.example",
			APIBase: "https://api.op.example",
		}},
	}
}

// F27: a base URL is rejected if browsers would send another host than it has, because every login
// would be answered by 421. The error says what to write.
func TestBaseURL_F27_Rejected(t *testing.T) {
	for base, want := range map[string]string{
		"https://bücher.example":              "xn--bcher-kva.example",
		"https://BÜCHER.example:8443":         "xn--bcher-kva.example",
		"https://例え.テスト":                      "xn--r8jz45g.xn--zckzah",
		"https://b%C3%BCcher.example":         "xn--bcher-kva.example",
		"https://app.example.com.":            "dot at the end",
		"https://app.example.com.:8443":       "dot at the end",
		"http://localhost.:8080":              "dot at the end",
		"https://app..example.com":            "not a name",
		"https://.example.com":                "not a name",
		"https://*.example.com":               "not a name",
		"https://app_example!.com":            "not a name",
		"https://app.example.com:":            "port",
		"https://app.example.com:0":           "port",
		"https://app.example.com:0443":        "port",
		"https://app.example.com:65536":       "port",
		"https://app.example.com:99999999999": "port",
		"http://[fe80::1%25eth0]:8080":        "zone",
		"http://[0:0:0:0:0:0:0:1]:8080":       "[::1]",
		"https://[2001:DB8:0:0::1]":           "[2001:db8::1]",
		"https://[::ffff:127.0.0.1]":          "IPv6",
		"http://127.1:8080":                   "four decimal numbers",
		"http://127.0.0.01:8080":              "four decimal numbers",
		"https://2130706433":                  "four decimal numbers",
		"https://0x7f.0.0.1":                  "four decimal numbers",
		"https://example.1":                   "four decimal numbers",
		"https://user@app.example.com":        "scheme, host and path only",
		"https://u:hunter2@app.example.com":   "scheme, host and path only",
		"https://app.example.com#":            "scheme, host and path only",
		"https://app.example.com/a//b":        "plain",
		"https://app.example.com/a/../b":      "plain",
		"https://app.example.com/%61":         "plain",
		"https://app.example.com/a b":         "plain",
		"https://app.example.com/a;b":         "plain",
		"https://app.example.com//":           "plain",
		"https://app.example.com/a?b":         "scheme, host and path only",
		"https://app.example.com\n":           "absolute URL",
		" https://app.example.com":            "absolute URL",
		"https://app example.com":             "absolute URL",
		"http://localhost.evil.example":       "https",
		"http://evillocalhost:8080":           "https",
	} {
		_, err := sallyport.New(at(base))
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "BaseURL") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", base, err, want)
		}
	}
}

// F27, F36: what is accepted works with the host that browsers send.
func TestBaseURL_F27_AcceptedWorks(t *testing.T) {
	for base, host := range map[string]string{
		"https://app.example.com":        "app.example.com",
		"https://APP.Example.com/":       "app.example.com",
		"HTTPS://app.example.com:443":    "app.example.com",
		"https://app.example.com:8443":   "app.example.com:8443",
		"https://xn--bcher-kva.example":  "xn--bcher-kva.example",
		"https://my_app.intranet":        "my_app.intranet",
		"https://intranet":               "intranet",
		"https://192.0.2.7":              "192.0.2.7",
		"https://[2001:db8::1]:8443":     "[2001:db8::1]:8443",
		"https://1.2.3.example":          "1.2.3.example",
		"http://localhost:80":            "localhost",
		"http://LOCALHOST:8080":          "localhost:8080",
		"http://127.0.0.1:8080":          "127.0.0.1:8080",
		"http://127.9.8.7:8080":          "127.9.8.7:8080",
		"http://[::1]:8080":              "[::1]:8080",
		"http://app.localhost:8080":      "app.localhost:8080",
		"http://Shop.App.localhost:8080": "shop.app.localhost:8080",
		"https://app.localhost:8443":     "app.localhost:8443",
	} {
		auth, err := sallyport.New(at(base))
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		r := httptest.NewRequest("GET", "/auth/login", nil)
		r.Host = host
		w := httptest.NewRecorder()
		auth.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			t.Errorf("%q: status %d for host %s", base, w.Code, host)
		}
		if uri := auth.RedirectURIs()["op"].Redirect; !strings.HasSuffix(uri,
			"://"+host+"/auth/callback/op") {
			t.Errorf("%q: redirect URI %s", base, uri)
		}
	}
}

// F27: the same for other origins, which would never match.
func TestTrustedOrigins_F27(t *testing.T) {
	for origin, ok := range map[string]bool{
		"https://www.example.com": true, "https://xn--bcher-kva.example": true,
		"https://bücher.example": false, "https://www.example.com.": false,
		"https://www.example.com:0443": false, "www.example.com": false,
	} {
		c := at("https://app.example.com")
		c.TrustedOrigins = []string{origin}
		if _, err := sallyport.New(c); (err == nil) != ok || err != nil &&
			!strings.Contains(err.Error(), "TrustedOrigins") {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// F27: with SameSite=Strict no login would succeed, so New says what to use.
func TestSameSite_F27_Strict(t *testing.T) {
	c := at("https://app.example.com")
	c.Session.SameSite = http.SameSiteStrictMode
	if _, err := sallyport.New(c); err == nil ||
		!strings.Contains(err.Error(), "SameSite Strict") || !strings.Contains(err.Error(), "Lax") {
		t.Errorf("%v", err)
	}
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}
