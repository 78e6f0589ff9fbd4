package requirements_test

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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

// R144
func TestDoS_R144_Oversize(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	big := strings.Repeat("x", 500<<10)
	for name, try := range map[string]func() *http.Response{
		"callback query": func() *http.Response {
			return app.Get(t, b, "/auth/callback/op?state=x&code="+big)
		},
		"login query": func() *http.Response { return app.Get(t, b, "/auth/login?x="+big) },
		"logout form": func() *http.Response {
			return app.Post(t, b, "/auth/logout", url.Values{"x": {big}})
		},
		"many cookies": func() *http.Response {
			return app.Get(t, b, "/me", "Cookie",
				strings.Repeat("__Host-"+app.Auth.Sessions.CookieName()+".1=x; ", 3000))
		},
		"huge cookie": func() *http.Response {
			return app.Get(t, b, "/me", "Cookie", "__Host-"+app.Auth.Sessions.CookieName()+"="+big)
		},
		"many flows": func() *http.Response {
			return app.Get(t, b, "/auth/login", "Cookie", manyFlows(app))
		},
	} {
		if resp := try(); resp.StatusCode >= 500 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
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

func manyFlows(app *rig.App) string {
	var b bytes.Buffer
	for i := range 2000 {
		b.WriteString("__Host-" + app.Auth.Sessions.CookieName() + "-flow-" + strings.Repeat("x",
			i%10) + "=AcyAAAA; ")
	}
	return b.String()
}

// R145
func TestDoS_R145_OneSlowProviderDoesNotStallAnother(t *testing.T) {
	app := rig.New(t, rig.Second)
	release := make(chan struct{})
	reached := make(chan struct{}, 10)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "discovery" || e == "token" {
				reached <- struct{}{}
				<-release
			}
			return false
		}
	})
	var waiting sync.WaitGroup
	slow := rig.Browser(t)
	waiting.Go(func() { app.Get(t, slow, "/auth/login/op") })
	<-reached // it hangs now
	b := rig.Browser(t)
	if got := app.SignIn(t, b, "alice",
		"/auth/login/op2?return_to=/me").StatusCode; got != http.StatusOK {
		t.Errorf("the other provider: status %d", got)
	}
	close(release)
	waiting.Wait()
}

// R146
func TestDoS_R146_LoginStartsLeaveNoState(t *testing.T) {
	app := rig.New(t)
	bare := &http.Client{Transport: rig.Browser(t).Transport}
	for range 300 {
		resp := app.Get(t, bare, "/auth/login")
		if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
			t.Fatalf("status %d, %d cookies: everything about a login is in one cookie",
				resp.StatusCode, len(resp.Cookies()))
		}
	}
	if got := app.OP.Count("discovery"); got != 1 {
		t.Errorf("%d fetches of the metadata, want 1", got)
	}
}

// R156
func TestConfiguration_R156_SecureWithZeroOptions(t *testing.T) {
	var log bytes.Buffer
	c := rig.MinimalConfig(nil)
	c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := sallyport.New(c); err != nil || log.Len() > 0 {
		t.Errorf("the minimal configuration: %v, log %s", err, log.String())
	}
	local := c
	local.BaseURL = "http://localhost:8080"
	local.Providers = provider.Set{"op": &provider.OIDC{Issuer: "http://localhost:9090",
		ClientID: "c", InsecureLoopbackHTTP: true}}
	if _, err := sallyport.New(local); err != nil || !strings.Contains(log.String(),
		"InsecureLoopbackHTTP") {
		t.Errorf("an insecure switch on loopback: %v, log %q; want it logged", err, log.String())
	}
	public := c
	public.Providers = local.Providers
	if _, err := sallyport.New(public); err == nil ||
		!strings.Contains(err.Error(), "InsecureLoopbackHTTP") {
		t.Errorf("with a public base URL: %v, want an error", err)
	}
}

// R157, R90
func TestConfiguration_R157_EveryMistakeAtOnce(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*sallyport.Config)
		want   string
	}{
		"no base URL": {func(c *sallyport.Config) { c.BaseURL = "" }, "BaseURL"},
		"base URL without scheme": {func(c *sallyport.Config) {
			c.BaseURL = "app.example.com"
		}, "BaseURL"},
		"base URL with path": {func(c *sallyport.Config) {
			c.BaseURL = "https://app.example.com/x"
		}, "Prefix"},
		"base URL with query": {func(c *sallyport.Config) {
			c.BaseURL = "https://app.example.com?x"
		}, "BaseURL"},
		"base URL with user": {func(c *sallyport.Config) {
			c.BaseURL = "https://u:hunter2@app.example.com"
		}, "BaseURL"},
		"base URL of another kind": {func(c *sallyport.Config) {
			c.BaseURL = "ftp://app.example.com"
		}, "BaseURL"},
		"base URL unreadable": {func(c *sallyport.Config) {
			c.BaseURL = "https://%zz"
		}, "BaseURL"},
		"prefix without slash": {func(c *sallyport.Config) { c.Prefix = "auth" }, "Prefix"},
		"prefix of dots": {func(c *sallyport.Config) {
			c.Prefix = "/x/../auth"
		}, "Prefix"},
		"prefix with slash":   {func(c *sallyport.Config) { c.Prefix = "/auth/" }, "Prefix"},
		"prefix /":            {func(c *sallyport.Config) { c.Prefix = "/" }, "Prefix"},
		"prefix with pattern": {func(c *sallyport.Config) { c.Prefix = "/{x}" }, "Prefix"},
		"no providers":        {func(c *sallyport.Config) { c.Providers = nil }, "Providers"},
		"nil provider": {func(c *sallyport.Config) {
			c.Providers = provider.Set{"x": nil}
		}, "nil"},
		"provider name": {func(c *sallyport.Config) {
			c.Providers = provider.Set{"a/b": c.Providers["op"]}
		}, "name"},
		"provider name empty": {func(c *sallyport.Config) {
			c.Providers = provider.Set{"": c.Providers["op"]}
		}, "name"},
		"provider name upper": {func(c *sallyport.Config) {
			c.Providers = provider.Set{"Google": c.Providers["op"]}
		}, "name"},
		"no secret": {func(c *sallyport.Config) { c.Session.Secret = "" }, "ecret"},
		"short secret": {func(c *sallyport.Config) {
			c.Session.Secret = "hunter22"
		}, "ecret"},
		"zero secret": {func(c *sallyport.Config) {
			c.Session.Secret = strings.Repeat("0", 64)
		}, "ecret"},
		"old secret short": {func(c *sallyport.Config) {
			c.Session.OldSecrets = []string{"hunter22"}
		}, "ecret"},
		"cookie name": {func(c *sallyport.Config) {
			c.Session.CookieName = "a b"
		}, "CookieName"},
		"cookie name with prefix": {func(c *sallyport.Config) {
			c.Session.CookieName = "__Host-x"
		}, "CookieName"},
		"domain of another": {func(c *sallyport.Config) {
			c.Session.Domain = "evil.example"
		}, "Domain"},
		"negative idle": {func(c *sallyport.Config) {
			c.Session.Idle = -time.Hour
		}, "Idle"},
		"idle beyond lifetime": {func(c *sallyport.Config) {
			c.Session.Idle, c.Session.Lifetime = 48*time.Hour, time.Hour
		}, "Idle"},
		"lifetime too long": {func(c *sallyport.Config) {
			c.Session.Lifetime = 500 * 24 * time.Hour
		}, "Lifetime"},
	} {
		t.Run(name, func(t *testing.T) {
			c := rig.MinimalConfig(nil)
			c.Providers = maps.Clone(c.Providers)
			row.change(&c)
			auth, err := sallyport.New(c)
			if err == nil || auth != nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one about %s", err, row.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	_, err := sallyport.New(sallyport.Config{Prefix: "x",
		Providers: provider.Set{"X": &provider.OIDC{Leeway: -1}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"BaseURL", "Prefix", "name", "Issuer", "ClientID", "Leeway",
		"ecret"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not among the mistakes:\n%v", want, err)
		}
	}
}

// R157
func TestConfiguration_R157_FromEnv(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right := map[string]string{"BASE_URL": "https://app.example.com", "SESSION_SECRET": rig.Secret,
		"OIDC_ISSUER": "https://op.example", "OIDC_CLIENT_ID": "c"}
	for name, row := range map[string]struct {
		change map[string]string
		want   []string // parts of the error; nil: right
	}{
		"right": {nil, nil},
		"nothing": {map[string]string{"BASE_URL": "", "SESSION_SECRET": "",
			"OIDC_ISSUER": "", "OIDC_CLIENT_ID": ""}, []string{"SESSION_SECRET", "OIDC_ISSUER",
			"OIDC_CLIENT_ID", "openssl"}},
		"secret in a file": {map[string]string{"SESSION_SECRET": "",
			"SESSION_SECRET_FILE": file("secret", rig.Secret+"\n")}, nil},
		"both": {
			map[string]string{"SESSION_SECRET_FILE": file("secret2", rig.Secret)},
			[]string{"SESSION_SECRET and SESSION_SECRET_FILE"}},
		"missing file": {map[string]string{"OIDC_CLIENT_SECRET_FILE": filepath.Join(dir,
			"none")}, []string{"OIDC_CLIENT_SECRET_FILE"}},
		"empty file": {map[string]string{"OIDC_CLIENT_ID": "",
			"OIDC_CLIENT_ID_FILE": file("empty", "\n")}, []string{"OIDC_CLIENT_ID_FILE", "empty"}},
		"bad values": {map[string]string{"BASE_URL": "http://app.example.com",
			"OIDC_ISSUER": "ftp://op.example", "SESSION_SECRET": "short"},
			[]string{"BaseURL", "OIDC_ISSUER", "ecret"}},
		"http issuer": {map[string]string{"OIDC_ISSUER": "http://localhost:9998"},
			[]string{"OIDC_ISSUER"}},
		"all on loopback": {map[string]string{"OIDC_ISSUER": "http://localhost:9998",
			"BASE_URL": "http://localhost:8080"}, nil},
		"no base URL, on loopback": {map[string]string{"BASE_URL": "",
			"OIDC_ISSUER": "http://127.0.0.1:9998", "LISTEN_ADDR": "127.0.0.1:8080"}, nil},
		"no base URL, public": {map[string]string{"BASE_URL": "", "LISTEN_ADDR": ":8080"},
			[]string{"BASE_URL is not set"}},
		"bad address": {map[string]string{"BASE_URL": "", "LISTEN_ADDR": "8080"},
			[]string{"LISTEN_ADDR"}},
		"bad scope": {map[string]string{"OIDC_SCOPES": `openid "x"`},
			[]string{"OIDC_SCOPES"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := maps.Clone(right)
			maps.Copy(env, row.change)
			c, err := sallyport.FromEnv(func(name string) (string, bool) {
				v, ok := env[name]
				return v, ok
			})
			if row.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := sallyport.New(c); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not mention %q:\n%v", want, err)
				}
			}
		})
	}
}
