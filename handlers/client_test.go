package handlers_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// The module is small, has no dependencies, and browsers ask whether it is current.
func TestClient_IsServed(t *testing.T) {
	app := rig.New(t, endpoint)
	b := rig.Browser(t)
	for path, contentType := range map[string]string{
		"/auth/client.js":   "text/javascript; charset=utf-8",
		"/auth/client.d.ts": "text/plain; charset=utf-8",
	} {
		resp := app.Do(t, b, "GET", path, nil, byScript...)
		body, etag := authtest.Body(t, resp), resp.Header.Get("ETag")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != contentType ||
			resp.Header.Get("Cache-Control") != "no-cache" || etag == "" ||
			resp.Header.Get("X-Content-Type-Options") != "nosniff" || len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, headers %v", path, resp.StatusCode, resp.Header)
		}
		if path == "/auth/client.js" && (len(body) > 4096 || strings.Contains(body, "import ")) {
			t.Errorf("the module has %d bytes, at most 4096, or imports others", len(body))
		}
		resp = app.Do(t, b, "GET", path, nil, append(byScript, "If-None-Match", etag)...)
		if resp.StatusCode != 304 || authtest.Body(t, resp) != "" {
			t.Errorf("%s again: status %d", path, resp.StatusCode)
		}
		if resp := app.Do(t, b, "POST", path, nil, byScript...); resp.StatusCode != 405 {
			t.Errorf("POST %s: status %d", path, resp.StatusCode)
		}
	}
	off := rig.New(t)
	for _, path := range []string{"/auth/client.js", "/auth/client.d.ts", "/auth/signed-in"} {
		if resp := off.Get(t, rig.Browser(t), path); resp.StatusCode != 404 {
			t.Errorf("%s without SessionEndpoint: status %d", path, resp.StatusCode)
		}
	}
}

// Every export of the module has a type, and every type an export.
func TestClient_TypesAreComplete(t *testing.T) {
	names := func(file, pattern string) map[string]bool {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(content), -1) {
			found[m[1]] = true
		}
		return found
	}
	module := names("client/client.js",
		`(?m)^export (?:async )?(?:function|const|\{ guarded as) (\w+)`)
	types := names("client/client.d.ts", `(?m)^export function (\w+)`)
	for name := range module {
		if !types[name] {
			t.Errorf("client.d.ts lacks %s", name)
		}
	}
	for name := range types {
		if !module[name] {
			t.Errorf("client.js lacks %s", name)
		}
	}
	if len(module) != 7 {
		t.Errorf("the module exports %v", module)
	}
}

// A login in a popup may lead to the page that closes it, and to no other login route.
func TestClient_PopupEnds(t *testing.T) {
	app := rig.New(t, endpoint)
	b := rig.Browser(t)
	page := app.SignIn(t, b, "alice", "/auth/login?return_to=/auth/signed-in")
	body := authtest.Body(t, page)
	if page.Request.URL.Path != "/auth/signed-in" ||
		!strings.Contains(body, `<script type="module" src="/auth/client.js"></script>`) ||
		!strings.Contains(body, "You can close this window.") ||
		!strings.Contains(page.Header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("ends at %s, headers %v: %s", page.Request.URL, page.Header, body)
	}
	for _, to := range []string{"/auth/signed-in/", "/auth/signed-in?x", "/auth/./signed-in",
		"/auth/signed-in#x", "/auth/%73igned-in", "/auth/logout"} {
		page := app.SignIn(t, rig.Browser(t), "alice", "/auth/login?return_to="+url.QueryEscape(to))
		if page.Request.URL.Path != "/" {
			t.Errorf("%s ends at %s", to, page.Request.URL)
		}
	}
	off := rig.New(t)
	page = off.SignIn(t, rig.Browser(t), "alice", "/auth/login?return_to=/auth/signed-in")
	if page.Request.URL.Path != "/" {
		t.Errorf("without SessionEndpoint: ends at %s", page.Request.URL)
	}
}
