package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// R81: other origins are compared exactly.
func TestReturnOrigins_R81_Exactly(t *testing.T) {
	const front = "https://front.example.com"
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.ReturnOrigins = []string{front, "http://localhost:5173"}
		s.Config.TrustedOrigins = []string{"https://trusted.example.com"}
	})
	for to, want := range map[string]string{
		front:                                   front,
		front + "/":                             front + "/",
		front + "/a/b?c=https://d#e":            front + "/a/b?c=https://d#e",
		front + "/auth/logout":                  front + "/auth/logout", // not ours
		"http://localhost:5173/x":               "http://localhost:5173/x",
		app.URL + "/public/x":                   "/public/x",
		"http://localhost:5174/x":               "/",
		"http://localhost/x":                    "/",
		"https://localhost:5173/x":              "/",
		"http://front.example.com/":             "/",
		"https://FRONT.example.com/":            "/",
		"https://x.front.example.com/":          "/",
		front + ".evil.example/":                "/",
		front + "@evil.example/":                "/",
		front + ":443/":                         "/",
		front + ":pw@evil.example/":             "/",
		front + `\evil.example`:                 "/",
		front + `/\evil.example`:                "/",
		front + "//evil.example":                "/",
		front + "/%2Fevil.example":              "/",
		front + "/\tx":                          "/",
		front + "?x":                            "/",
		front + "/" + strings.Repeat("x", 2048): "/",
		"//front.example.com/":                  "/",
		"https:front.example.com/":              "/",
		" " + front + "/":                       "/",
		"https://trusted.example.com/":          "/",
		"https://user@front.example.com/":       "/",
	} {
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/auth/login/op?return_to="+url.QueryEscape(to))
		if got := app.Get(t, b, callback.RequestURI()).Header.Get("Location"); got != want {
			t.Errorf("a login for %q leads to %q, want %q", to, got, want)
		}
	}
	// A logout leads there as well.
	b := rig.Browser(t)
	resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {front + "/bye"}})
	if got := resp.Header.Get("Location"); got != front+"/bye" {
		t.Errorf("a logout leads to %q", got)
	}
	// ReturnOrigins is no leave to send requests.
	b = rig.SignedIn(t, app, "alice", "/me")
	if resp := app.Post(t, b, "/me", nil, "Origin", front, "Sec-Fetch-Site",
		"cross-site"); resp.StatusCode != 403 {
		t.Errorf("a POST from a page there: status %d", resp.StatusCode)
	}
}

// Naming the own origin does not open the login routes.
func TestReturnOrigins_OwnOrigin(t *testing.T) {
	c := rig.MinimalConfig(nil)
	c.ReturnOrigins = []string{c.BaseURL}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{c.BaseURL + "/auth/logout": "/",
		c.BaseURL + "/x": "/x"} {
		if got := auth.ReturnTo(to); got != want {
			t.Errorf("%s: %s", to, got)
		}
	}
}

func TestReturnOrigins_AreChecked(t *testing.T) {
	for _, origin := range []string{"", "*", "null", "https://", "front.example.com",
		"https://front.example.com/", "https://front.example.com/x", "https://*.example.com",
		"https://Front.example.com", "https://front.example.com:443", "http://front.example.com",
		"https://user@front.example.com", "https://front.example.com?x",
		"https://front.example.com#",
		"https://front.example.com.", "https://ä.example", "https://1.2.3",
		"ftp://front.example.com",
		"http://localhost:80", "HTTPS://front.example.com", "https://front.example.com:0443"} {
		c := rig.MinimalConfig(nil)
		c.ReturnOrigins = []string{origin}
		if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(),
			"ReturnOrigins") {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
