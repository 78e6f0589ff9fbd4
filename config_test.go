package sallyport_test

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

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
		"base URL with odd path": {func(c *sallyport.Config) {
			c.BaseURL = "https://app.example.com/x//y"
		}, "not plain"},
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
