package middleware_test

import (
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// R125
func TestGuard_R125_RequestKinds(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	none := []string{"Accept", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", "",
		"Sec-Fetch-User", ""}
	for name, row := range map[string]struct {
		headers  []string
		redirect bool
	}{
		"navigation": {nil, true},
		"old browser": {[]string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Accept",
			"text/html,*/*"}, true},
		"fetch": {[]string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty",
			"Accept", "*/*"}, false},
		"fetch of HTML": {[]string{"Sec-Fetch-Mode", "same-origin", "Sec-Fetch-Dest",
			"empty", "Accept", "text/html"}, false},
		"image": {[]string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image",
			"Accept", "image/*"}, false},
		"iframe": {[]string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest",
			"iframe"}, false},
		"WebSocket": {[]string{"Sec-Fetch-Mode", "websocket", "Connection", "Upgrade",
			"Upgrade", "websocket"}, false},
		"WebSocket, old browser": {append([]string{"Connection", "Upgrade", "Upgrade", "websocket"},
			none...), false},
		"prefetch": {[]string{"Sec-Purpose", "prefetch;prerender"}, false},
		"XHR": {[]string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Accept",
			"text/html", "X-Requested-With", "XMLHttpRequest"}, false},
		"JSON":      {append(none[2:], "Accept", "application/json"), false},
		"curl":      {append(none[2:], "Accept", "*/*"), false},
		"no Accept": {none, false},
		"HTML refused": {
			append(none[2:], "Accept", "application/json, text/html;q=0"), false},
	} {
		resp := app.Get(t, b, "/me?x=1", row.headers...)
		if len(resp.Cookies()) != 0 {
			t.Errorf("%s: sets a cookie", name)
		}
		if row.redirect {
			if got := resp.Header.Get("Location"); resp.StatusCode != 302 ||
				got != "/auth/login?return_to=%2Fme%3Fx%3D1" {
				t.Errorf("%s: status %d, Location %q", name, resp.StatusCode, got)
			}
			continue
		}
		if resp.StatusCode != 401 || resp.Header.Get("Location") != "" ||
			resp.Header.Get("WWW-Authenticate") == "" ||
			resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, headers %v", name, resp.StatusCode, resp.Header)
		}
		if want := `"login_url":"` + app.URL + `/auth/login"`; !strings.Contains(authtest.Body(t,
			resp), want) {
			t.Errorf("%s: body %s", name, authtest.Body(t, resp))
		}
	}
}
