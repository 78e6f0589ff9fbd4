package middleware_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/rig"
)

// byHTMX are the headers of a request that htmx makes in the page with this address.
func byHTMX(page string, more ...string) []string {
	return append([]string{"HX-Request", "true", "HX-Current-URL", page, "Sec-Fetch-Mode", "cors",
		"Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin", "Accept", "*/*"}, more...)
}

// R169: htmx opens our own login, which leads back to the page, not to the fragment.
func TestHTMX_R169_Challenge(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for page, want := range map[string]string{
		app.URL + "/public/page?tab=1":                "?return_to=%2Fpublic%2Fpage%3Ftab%3D1",
		app.URL + "/public/page#part":                 "?return_to=%2Fpublic%2Fpage%23part",
		"/public/page":                                "?return_to=%2Fpublic%2Fpage",
		app.URL + "/":                                 "",
		"":                                            "",
		"https://evil.example/":                       "",
		app.URL + ".evil.example/":                    "",
		app.URL + "@evil.example/":                    "",
		app.URL + "//evil.example/":                   "",
		"//evil.example/":                             "",
		`/\evil.example/`:                             "",
		app.URL + "/auth/logout":                      "",
		"javascript:alert(1)":                         "",
		app.URL + "/x?" + strings.Repeat("a", 3000):   "",
		app.URL + "/public/" + strings.Repeat("%", 3): "",
	} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			for _, boosted := range []string{"", "true"} {
				resp := app.Do(t, b, method, "/me/part", nil,
					byHTMX(page, "HX-Boosted", boosted)...)
				if got := resp.Header.Get("HX-Redirect"); got != "/auth/login"+want ||
					resp.StatusCode != 401 || resp.Header.Get("Location") != "" ||
					len(resp.Cookies()) != 0 {
					t.Errorf("%s from %q: status %d, HX-Redirect %q", method, page,
						resp.StatusCode, got)
				}
			}
		}
	}
}

// R169: without Fetch Metadata (plain http), htmx is no navigation either.
func TestHTMX_R169_WithoutFetchMetadata(t *testing.T) {
	app := rig.New(t)
	resp := app.Get(t, rig.Browser(t), "/me", byHTMX(app.URL+"/public/", "Sec-Fetch-Mode", "",
		"Sec-Fetch-Dest", "", "Sec-Fetch-Site", "", "Accept", "text/html, */*")...)
	if resp.StatusCode != 401 || resp.Header.Get("HX-Redirect") !=
		"/auth/login?return_to=%2Fpublic%2F" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	resp = app.Get(t, rig.Browser(t), "/me", "X-Turbo-Request-Id", "1", "Sec-Fetch-Mode", "",
		"Sec-Fetch-Dest", "", "Accept", "text/html, application/xhtml+xml")
	if resp.StatusCode != 401 {
		t.Errorf("Turbo: status %d", resp.StatusCode)
	}
}

// R169: a login that htmx asks for itself, as with a boosted link, is opened as a page.
func TestHTMX_R169_Login(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for path, want := range map[string]string{
		"/auth/login":                            "/auth/login",
		"/auth/login/op":                         "/auth/login/op",
		"/auth/login/op?return_to=/public/x&y=1": "/auth/login/op?return_to=%2Fpublic%2Fx",
		"/auth/login/..%2F..%2F..%2Fevil":        "/auth/login/..%2F..%2F..%2Fevil",
		"/auth/login?return_to=" + url.QueryEscape("https://evil.example/"): "/auth/login",
	} {
		resp := app.Get(t, b, path, byHTMX(app.URL+"/public/")...)
		if got := resp.Header.Get("HX-Redirect"); got != want ||
			resp.StatusCode != http.StatusOK || resp.Header.Get("Location") != "" ||
			len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, HX-Redirect %q, want %q", path, resp.StatusCode, got, want)
		}
	}
}

// R169: what is no htmx request gets no HX-Redirect.
func TestHTMX_R169_OthersAreLeftAlone(t *testing.T) {
	app := rig.New(t)
	for _, value := range []string{"false", "1", "TRUE"} {
		resp := app.Get(t, rig.Browser(t), "/me", byHTMX(app.URL+"/", "HX-Request", value)...)
		if resp.StatusCode != 401 || resp.Header.Get("HX-Redirect") != "" {
			t.Errorf("%q: status %d, headers %v", value, resp.StatusCode, resp.Header)
		}
	}
}
