package handlers_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/rig"
)

func corpus(t *testing.T, app *rig.App, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "returnto", name))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	if err := json.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	for i, v := range values { // the corpus is written for another origin
		values[i] = strings.ReplaceAll(v, "https://app.example.com", app.URL)
	}
	return values
}

// endsAt logs in with a start path and returns where the callback leads.
func endsAt(t *testing.T, app *rig.App, b *http.Client, start string) string {
	t.Helper()
	resp := app.Get(t, b, app.Callback(t, b, "alice", start).String())
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("%.100s: status %d", start, resp.StatusCode)
	}
	return resp.Header.Get("Location")
}

// R81, R85, R86: through the parameter of the login.
func TestReturnTo_R81_LoginParameter(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	hostile := append(corpus(t, app, "hostile.json"), "/"+strings.Repeat("x", 20<<10))
	for _, value := range hostile {
		if got := endsAt(t, app, b, "/auth/login?return_to="+url.QueryEscape(value)); got != "/" {
			t.Errorf("return_to %.60q ends at %q, want /", value, got)
		}
	}
	// R86: malformed in other ways.
	for _, query := range []string{"return_to=%zz", "return_to",
		"return_to=&return_to=//evil.example", "return_to[]=x", ";return_to=//evil.example"} {
		if got := endsAt(t, app, b, "/auth/login?"+query); got != "/" {
			t.Errorf("%s ends at %q, want /", query, got)
		}
	}
}

// R82, R85
func TestReturnTo_R82_LegitimateValuesArrive(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, value := range corpus(t, app, "legitimate.json") {
		if got := endsAt(t, app, b, "/auth/login?return_to="+url.QueryEscape(value)); got != value {
			t.Errorf("return_to %q ends at %q", value, got)
		}
	}
}

// R81: through the parameter of the logout, with and without a provider to go through.
func TestReturnTo_R81_LogoutParameter(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, value := range corpus(t, app, "hostile.json") {
		if value == "" {
			continue // means: show the page
		}
		for _, target := range []string{"/auth/logout?return_to=" + url.QueryEscape(value),
			"/auth/logout"} {
			form := url.Values{}
			if !strings.Contains(target, "?") {
				form.Set("return_to", value)
			}
			if got := app.Post(t, b, target, form).Header.Get("Location"); got != "/" {
				t.Errorf("%.40s, %.60q ends at %q, want /", target, value, got)
			}
		}
	}
	app.SignIn(t, b, "alice", "/me")
	resp := app.Post(t, b, "/auth/logout", url.Values{"return_to": {"//evil.example"}})
	back := rig.Location(t, app.Get(t, b, resp.Header.Get("Location"))) // from the provider
	if got := app.Get(t, b, back.String()).Header.Get("Location"); got != "/" {
		t.Errorf("after the provider's logout: %q, want /", got)
	}
}

// R83: request lines that net/http reads as something surprising.
func TestReturnTo_R83_CapturedAddress(t *testing.T) {
	app := rig.New(t)
	// sees every path, as an application without a mux does
	guard := app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))
	app.Server.Config.Handler = handlerSwitch(app, guard)
	for _, target := range []string{
		"//evil.example/x", `/\evil.example`, "///evil.example", "/%2f%2fevil.example",
		"http://evil.example/x", "https://evil.example/x", "/./%5cevil.example",
		app.URL + "@evil.example/", "/x/..//evil.example", `/./\evil.example`, "/%09/evil.example",
	} {
		location := rawGet(t, app, target)
		login, err := url.Parse(location)
		if err != nil || !strings.HasPrefix(location, "/auth/login") {
			t.Errorf("%s: challenge leads to %q", target, location)
			continue
		}
		b := rig.Browser(t)
		got := endsAt(t, app, b, login.String())
		resolved, err := url.Parse(app.URL + "/")
		if err == nil {
			resolved, err = resolved.Parse(got)
		}
		if err != nil || resolved.Scheme+"://"+resolved.Host != app.URL ||
			strings.HasPrefix(got, "//") || strings.Contains(got, `\`) {
			t.Errorf("%s: the login ends at %q", target, got)
		}
	}
}

func handlerSwitch(app *rig.App, next http.Handler) http.Handler { return app.Auth.Handler(next) }

// rawGet sends a request line as it is and returns the Location of the answer.
func rawGet(t *testing.T, app *rig.App, target string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", app.Server.Listener.Addr().String(),
		&tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nConnection: "+
		"close\r\n\r\n", target, app.Server.Listener.Addr())
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Location")
}

// R83: a request of a unit test has no RequestURI, and an application may strip prefixes.
func TestReturnTo_R83_BehindStripPrefix(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/deep/", http.StripPrefix("/deep",
		app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
	resp := app.Get(t, rig.Browser(t), "/deep/page?x=1")
	if got := rig.Location(t, resp).Query().Get("return_to"); got != "/deep/page?x=1" {
		t.Errorf("captured %q, want what the browser asked for", got)
	}
}

// R84
func TestReturnTo_R84_SealedOnTheWay(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, "/auth/login?return_to=/public/secret-place")
	if strings.Contains(authorize.String(), "secret-place") {
		t.Error("the provider sees where the user goes")
	}
	flow := app.Cookies(b)[0]
	if strings.Contains(flow.Value, "secret-place") {
		t.Error("the cookie shows where the user goes")
	}
	callback := app.Authorize(t, b, authorize, "alice")
	for i := 0; i < len(flow.Value); i += 7 {
		changed := []byte(flow.Value)
		changed[i] ^= 1
		thief := rig.Browser(t)
		app.SetCookies(thief, &http.Cookie{Name: flow.Name, Value: string(changed)})
		if resp := app.Get(t, thief, callback.String()); resp.StatusCode != http.StatusBadRequest {
			t.Fatalf("byte %d changed: status %d, want 400", i, resp.StatusCode)
		}
	}
}

// R85
func TestReturnTo_R85_LocationIsVerbatim(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, value := range []string{"/x/./y/../z", "/x//y", "/.", "/x?y=/../z#/../w"} {
		if got := endsAt(t, app, b, "/auth/login?return_to="+url.QueryEscape(value)); got != value {
			t.Errorf("%q becomes %q", value, got)
		}
	}
}

// R87
func TestReturnTo_R87_NothingIsReplayed(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	for _, headers := range [][]string{{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Mode", "cors"}} {
		resp := app.Post(t, b, "/me?x=1", url.Values{"amount": {"7"}}, headers...)
		if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Location") != "" {
			t.Errorf("%v: status %d, Location %q; want 401", headers, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
	if resp := app.Do(t, b, "HEAD", "/me?x=1", nil); resp.StatusCode != http.StatusFound ||
		!strings.Contains(resp.Header.Get("Location"), "return_to=%2Fme%3Fx%3D1") {
		t.Errorf("HEAD: status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}
