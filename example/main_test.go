package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// startApp runs the application with a provider for tests.
func startApp(t *testing.T, users ...session.User) (base string, op *authtest.Provider) {
	t.Helper()
	return startAppWith(t, func(*session.Config) {}, users...)
}

func startAppWith(t *testing.T, edit func(*session.Config), users ...session.User) (base string,
	op *authtest.Provider) {
	t.Helper()
	op = authtest.NewProvider(t, users...)
	server := httptest.NewUnstartedServer(nil)
	base = "http://" + server.Listener.Addr().String()
	oidc := op.OIDC()
	oidc.Scopes = []string{"openid", "profile", "email", "offline_access"}
	c := session.Config{Secret: randomSecret(), Now: oidc.Now}
	edit(&c)
	app, err := newApp(sallyport.Config{BaseURL: base, Session: c,
		Providers: provider.Set{"oidc": oidc}})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(app.stop)
	return base, op
}

func TestPages(t *testing.T) {
	base, _ := startApp(t)
	b := authtest.NewBrowser(t)
	if body := authtest.Body(t, authtest.Open(t, b, base+"/")); !strings.Contains(body,
		"You are not signed in") {
		t.Errorf("the public page:\n%s", body)
	}
	resp := authtest.SignIn(t, b, base+"/profile?x=1", "bob")
	body := authtest.Body(t, resp)
	if resp.Request.URL.RequestURI() != "/profile?x=1" {
		t.Errorf("ended at %s", resp.Request.URL)
	}
	for _, want := range []string{"Bob Brown", "bob@example.com", "preferred_username",
		"This session ends on", "called <code>", "has not been refreshed yet",
		"&#34;sub&#34;: &#34;1002&#34;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the profile does not show %q", want)
		}
	}
	if resp := authtest.Open(t, b, base+"/admin"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("/admin for bob: status %d, want 403", resp.StatusCode)
	}
	me := authtest.Open(t, b, base+"/api/me")
	if got := authtest.Body(t, me); !strings.Contains(got, `"sub":"1002"`) ||
		me.Header.Get("Content-Type") != "application/json" {
		t.Errorf("/api/me answers %s", got)
	}
	out := authtest.Submit(t, b, resp, url.Values{})
	if out.Request.URL.Path != "/auth/logged-out" {
		t.Errorf("signing out ends at %s", out.Request.URL)
	}
	if body := authtest.Body(t, authtest.Open(t, b, base+"/")); !strings.Contains(body,
		"You are not signed in") {
		t.Error("still signed in")
	}
	if body := authtest.Body(t, authtest.SignIn(t, authtest.NewBrowser(t), base+"/admin",
		"alice")); !strings.Contains(body, "You have the role") {
		t.Errorf("/admin for alice:\n%s", body)
	}
}

// Without settings there is a choice of three protocols. Each of them leads back to where the user
// wanted to go, and the page calls the provider's API as the user.
func TestDemo_EachProtocol(t *testing.T) {
	set, err := loadSettings(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.close)
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	set.config.BaseURL = base
	app, err := newApp(set.config)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(app.stop)
	for name, row := range map[string]struct{ label, path, says string }{
		"oidc":   {"OpenID Connect", "/userinfo", "&#34;sub&#34;: &#34;1001&#34;"},
		"oauth2": {"OAuth 2.0", "/user", "&#34;id&#34;: 1001"},
		"oauth1": {"OAuth 1.0a", "/oauth1/profile", "with a signature"},
	} {
		b := authtest.NewBrowser(t)
		chooser := authtest.Open(t, b, base+"/profile?x=1")
		link := "/auth/login/" + name + "?return_to=%2Fprofile%3Fx%3D1"
		if body := authtest.Body(t, chooser); !strings.Contains(body, `<a href="`+link+
			`">Sign in with `+row.label+`</a>`) {
			t.Fatalf("%s: the chooser:\n%s", name, body)
		}
		resp := authtest.SignIn(t, b, base+link, "alice")
		body := authtest.Body(t, resp)
		if resp.Request.URL.RequestURI() != "/profile?x=1" {
			t.Errorf("%s: ended at %s", name, resp.Request.URL)
		}
		for _, want := range []string{"Alice Adams", "Signed in with <strong>" + row.label,
			"has just called <code>" + set.demo.Issuer() + row.path + "</code>", row.says} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the profile does not show %q:\n%s", name, want, body)
			}
		}
	}
}

// The profile shows when the tokens were refreshed, on the very page that refreshed them.
func TestProfileShowsTheRefresh(t *testing.T) {
	base, op := startApp(t)
	b := authtest.NewBrowser(t)
	authtest.SignIn(t, b, base+"/", "alice")
	authtest.SignIn(t, b, base+"/profile", "alice")
	// the application's clock as well
	op.SetNow(func() time.Time { return time.Now().Add(2 * time.Hour) })
	body := authtest.Body(t, authtest.Open(t, b, base+"/profile"))
	if !strings.Contains(body, "was last refreshed on") || op.Count("token") != 2 {
		t.Errorf("%d token requests:\n%s", op.Count("token"), body)
	}
}

// What the provider says about a user is text, whatever it looks like.
func TestPagesEscapeWhatTheProviderSays(t *testing.T) {
	base, op := startApp(t, session.User{
		Subject: "1", Username: "eve", Name: `<script>alert(1)</script>`,
		Email: `"><img src=x>@example.com`, Picture: `javascript:alert(1)`,
	})
	op.SetClaims("eve", map[string]any{`<b>claim</b>`: `<i>value</i>`})
	b := authtest.NewBrowser(t)
	resp := authtest.SignIn(t, b, base+"/profile", "eve")
	body := authtest.Body(t, resp)
	if !strings.Contains(body, "&lt;script&gt;") {
		t.Fatalf("the name is not shown:\n%s", body)
	}
	for _, bad := range []string{"<script", "<img src=x", "<b>", "<i>", `src="javascript`} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp,
		"default-src 'none'") || !strings.Contains(csp, "img-src 'none'") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
}

func TestRun_BadSettings(t *testing.T) {
	for name, row := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"address": {map[string]string{"LISTEN_ADDR": "nonsense"}, []string{"LISTEN_ADDR"}},
		"no port": {map[string]string{"LISTEN_ADDR": "localhost:"},
			[]string{"LISTEN_ADDR"}},
		"half a setting": {map[string]string{"OIDC_CLIENT_ID": "c"},
			[]string{"OIDC_ISSUER", "SESSION_SECRET"}},
		"bad issuer": {map[string]string{"OIDC_ISSUER": "ftp://x", "OIDC_CLIENT_ID": "c",
			"SESSION_SECRET": "short"}, []string{"OIDC_ISSUER", "ecret"}},
		"demo in public": {map[string]string{"LISTEN_ADDR": "0.0.0.0:8080"},
			[]string{"OIDC_ISSUER", "loopback"}},
		"odd store": {map[string]string{"SESSION_STORE": "disk"},
			[]string{"SESSION_STORE", "memory, cookies or redis"}},
		"store without": {map[string]string{"SESSION_STORE": "redis"}, []string{"REDIS_URL"}},
		"odd Redis": {map[string]string{"REDIS_URL": "http://user:hunter2@x"},
			[]string{"REDIS_URL"}},
		"two mistakes": {map[string]string{"SESSION_STORE": "disk", "OIDC_CLIENT_ID": "c"},
			[]string{"SESSION_STORE", "OIDC_ISSUER"}},
		"file": {map[string]string{"SALLYPORT_CONFIG": "hunter.json"},
			[]string{"hunter.json: the file cannot be opened"}},
		"list": {map[string]string{"SALLYPORT_PROVIDERS": "intranet",
			"SALLYPORT_INTRANET_CLIENT_SECRET": "hunter2"},
			[]string{"intranet: the kind of provider is not set"}},
		"list in public": {map[string]string{"LISTEN_ADDR": ":8080", "SALLYPORT_PROVIDERS": "x",
			"SALLYPORT_X_ISSUER": "https://op.example"}, []string{"BASE_URL", "SESSION_SECRET",
			"SALLYPORT_X_CLIENT_ID"}},
		"demo, bad secret": {map[string]string{"SESSION_SECRET": "short"}, []string{"ecret"}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), func(name string) (string, bool) {
				v, ok := row.env[name]
				return v, ok
			}, &stdout, &stderr)
			if code != 2 || stdout.Len() > 0 {
				t.Errorf("exit status %d, stdout %q", code, stdout.String())
			}
			for _, want := range row.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("the message does not mention %s:\n%s", want, stderr.String())
				}
			}
			if strings.Contains(stderr.String(), "hunter2") {
				t.Errorf("the message shows a password:\n%s", stderr.String())
			}
		})
	}
}

// A program that already uses the port, and arguments, are answered with what to do.
func TestRun_SaysWhatToDo(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), func(name string) (string, bool) {
		v, ok := map[string]string{"LISTEN_ADDR": busy.Addr().String()}[name]
		return v, ok
	}, &stdout, &stderr)
	want := "Another program is using " + busy.Addr().String()
	if code != 1 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), want) ||
		!strings.Contains(stderr.String(), "LISTEN_ADDR=localhost:8081 go run ./example") {
		t.Errorf("exit status %d, stdout %q, stderr:\n%s", code, &stdout, &stderr)
	}
	for _, row := range []struct {
		args           []string
		code           int
		done           bool
		stdout, stderr string
	}{
		{nil, 0, false, "", ""},
		{[]string{"-h"}, 0, true, "Usage: go run ./example", ""},
		{[]string{"--help"}, 0, true, "Usage: go run ./example", ""},
		{[]string{"serve"}, 2, true, "", `unknown argument "serve"`},
	} {
		var stdout, stderr bytes.Buffer
		code, done := readArguments(row.args, &stdout, &stderr)
		if code != row.code || done != row.done || !strings.HasPrefix(stdout.String(),
			row.stdout) ||
			!strings.HasPrefix(stderr.String(), row.stderr) || row.stdout == "" &&
			stdout.Len() > 0 {
			t.Errorf("%q: %d %t, stdout %q, stderr %q", row.args, code, done, &stdout, &stderr)
		}
	}
}

// It starts without settings, says what to open, and stops when told.
func TestRun_WithoutSettings(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &watcher{found: make(chan string, 1)}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, func(name string) (string, bool) {
			v, ok := map[string]string{"LISTEN_ADDR": "127.0.0.1:0"}[name]
			return v, ok
		}, out, out)
	}()
	select {
	case text := <-out.found:
		if out.before != "" {
			t.Errorf("before the address it says:\n%s", out.before)
		}
		for _, want := range []string{"alice", "bob", "password", "OIDC_ISSUER",
			"SALLYPORT_CONFIG"} {
			if !strings.Contains(text, want) {
				t.Errorf("the welcome does not mention %s:\n%s", want, text)
			}
		}
	case code := <-done:
		t.Fatalf("ended with %d", code)
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("exit status %d, want 0", code)
	}
}

// A watcher hands over the text with the address. It notes what is written before.
type watcher struct {
	found  chan string
	before string
	seen   bool
}

// Write implements io.Writer.
func (w *watcher) Write(p []byte) (int, error) {
	switch {
	case strings.Contains(string(p), "Open http"):
		w.seen = true
		w.found <- string(p)
	case !w.seen:
		w.before += string(p)
	}
	return len(p), nil
}
