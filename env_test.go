package sallyport_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
)

const sessionSecret = "2f7d1c0e9b8a47566f3e2d1c0b9a8877e6d5c4b3a2918070605f4e3d2c1b0a99"

func lookupIn(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// providersFile is a file of three protocols.
func providersFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "providers.json")
	err := os.WriteFile(name, []byte(`{
  "login": {"issuer": "https://login.example.com", "client_id": "one", "client_secret_env": "LOGIN_SECRET"},
  "intranet": {
    "client_id": "two",
    "authorization_endpoint": "https://intranet.example.com/authorize", "token_endpoint": "https://intranet.example.com/token",
    "api_base_url": "https://intranet.example.com/api/", "userinfo_endpoint": "me", "user": {"id": "data.id"}
  },
  "old": {
    "client_id": "three", "client_secret": "in the file",
    "request_token_endpoint": "https://old.example.com/request", "authorization_endpoint": "https://old.example.com/authorize",
    "token_endpoint": "https://old.example.com/access", "userinfo_endpoint": "https://old.example.com/me", "user": {"id": "id"}
  }
}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// File, list and the short settings go together; the environment goes before the file.
func TestFromEnv_Together(t *testing.T) {
	file := providersFile(t)
	env := map[string]string{
		"BASE_URL": "https://app.example.com", "SESSION_SECRET": sessionSecret,
		"SALLYPORT_CONFIG": file, "LOGIN_SECRET": "from a variable",
		"SALLYPORT_PROVIDERS":            "more-of-it,login",
		"SALLYPORT_MORE_OF_IT_ISSUER":    "https://more.example.com",
		"SALLYPORT_MORE_OF_IT_CLIENT_ID": "c",
		"SALLYPORT_OLD_CLIENT_SECRET":    "from the environment",
		"OIDC_ISSUER":                    "https://op.example.com", "OIDC_CLIENT_ID": "c",
	}
	c, err := sallyport.FromEnv(lookupIn(env))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]sallyport.RegisteredURIs{}
	for _, name := range []string{"login", "intranet", "old", "more-of-it", "oidc"} {
		uris := sallyport.RegisteredURIs{
			Redirect: "https://app.example.com/auth/callback/" + name}
		if name != "intranet" && name != "old" { // which are not OpenID Connect
			uris.PostLogout = "https://app.example.com/auth/logged-out"
		}
		want[name] = uris
	}
	if got := auth.RedirectURIs(); !maps.Equal(got, want) {
		t.Errorf("redirect URIs %v", got)
	}
	if p := c.Providers["login"].(*provider.OIDC); p.ClientSecret != "from a variable" {
		t.Error("the secret of login is not the variable's")
	}
	if p := c.Providers["old"].(*provider.OAuth1); p.ClientSecret != "from the environment" {
		t.Error("the file goes before the environment")
	}
	delete(env, "SALLYPORT_CONFIG")
	c, err = sallyport.FromFile(file, lookupIn(env))
	if err != nil || len(c.Providers) != 5 {
		t.Errorf("FromFile: %v, %v", c.Providers, err)
	}
	if text := fmt.Sprintf("%v %+v %#v", c, c.Providers, c); strings.Contains(text, "from ") ||
		strings.Contains(text, "in the file") {
		t.Errorf("a secret is printed: %s", text)
	}
}

// All errors are reported together, one line each, without secrets.
func TestFromEnv_R157_MistakesOfAllSources(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte("{\n// hunter2\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	right := map[string]string{"BASE_URL": "https://app.example.com",
		"SESSION_SECRET": sessionSecret, "SALLYPORT_CONFIG": providersFile(t), "LOGIN_SECRET": "s"}
	for name, row := range map[string]struct {
		change map[string]string
		want   []string // the beginnings of the lines
	}{
		"right": {nil, nil},
		"everything": {
			map[string]string{
				"BASE_URL": "http://app.example.com", "SESSION_SECRET": "hunter22",
				"SALLYPORT_CONFIG": broken, "SALLYPORT_PROVIDERS": "a",
				"SALLYPORT_A_ISSUER":        "https://a.example",
				"SALLYPORT_A_CLIENT_SECRET": "hunter2", "OIDC_CLIENT_ID": "c",
				"SALLYPORT_CONFIG_FILE": broken,
			},
			[]string{"SALLYPORT_CONFIG_FILE is not supported", broken + ":2: JSON has no comments",
				"SALLYPORT_A_CLIENT_ID is not set", "OIDC_ISSUER is not set", "sallyport: BaseURL",
				"session: Secret"},
		},
		"file that is not there": {map[string]string{"SALLYPORT_CONFIG": "none.json"},
			[]string{"none.json: the file cannot be opened"}},
		"no provider": {map[string]string{"SALLYPORT_CONFIG": "",
			"SALLYPORT_PROVIDERS": ""}, []string{"OIDC_ISSUER is not set",
			"OIDC_CLIENT_ID is not set"}},
		"missing, and the rest": {map[string]string{"SESSION_SECRET": "", "LOGIN_SECRET": "",
			"BASE_URL": "http://app.example.com"}, []string{"SESSION_SECRET is not set",
			"file: login.client_secret cannot be read", "sallyport: BaseURL"}},
		"oidc twice": {
			map[string]string{"SALLYPORT_PROVIDERS": "oidc",
				"SALLYPORT_OIDC_ISSUER": "https://a.example", "SALLYPORT_OIDC_CLIENT_ID": "c",
				"OIDC_ISSUER": "https://b.example", "OIDC_CLIENT_ID": "c"},
			[]string{"OIDC_ISSUER: another provider is named oidc: give it another name"},
		},
		"insecure in public": {map[string]string{"SALLYPORT_LOGIN_INSECURE_NO_PKCE": "true"},
			[]string{`sallyport: provider "login": InsecureNoPKCE`}},
		"http in public": {map[string]string{"SALLYPORT_LOGIN_ISSUER": "http://localhost:1"},
			[]string{"SALLYPORT_LOGIN_ISSUER http://localhost:1 is http: that is for " +
				"development, with a BASE_URL on loopback"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := maps.Clone(right)
			maps.Copy(env, row.change)
			_, err := sallyport.FromEnv(lookupIn(env))
			if row.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			for _, want := range row.want {
				if !slices.ContainsFunc(lines, func(line string) bool {
					return strings.HasPrefix(line, want) ||
						strings.Contains(line, strings.TrimPrefix(want, "file: ")) &&
							strings.HasPrefix(want, "file: ")
				}) {
					t.Errorf("no mention of %q", want)
				}
			}
			if len(lines) != len(row.want) || strings.Contains(err.Error(), "hunter") {
				t.Errorf("%d mistakes, want %d:\n%v", len(lines), len(row.want), err)
			}
		})
	}
	if _, err := sallyport.FromFile("", lookupIn(right)); err == nil ||
		!strings.Contains(err.Error(), "the name of the file of providers is empty") {
		t.Errorf("FromFile without a name: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sallyport.FromFile(empty, lookupIn(right)); err == nil ||
		!strings.Contains(err.Error(), "no provider is configured") {
		t.Errorf("a file without providers: %v", err)
	}
}
