package providerguide_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/providerguide"
	"github.com/sallyport-go/sallyport/internal/settings"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

const top = "../.."

func guide(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(top, "docs", "providers.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestGuide_IsUpToDate(t *testing.T) {
	want, err := providerguide.Write(vendors.All())
	if err != nil {
		t.Fatal(err)
	}
	if got := guide(t); got != string(want) {
		t.Error("docs/providers.md is out of date: run go generate ./internal/providerguide")
	}
}

func TestSettings_IsUpToDate(t *testing.T) {
	want, err := providerguide.Settings()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(top, "docs", "settings.md"))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("docs/settings.md is out of date: run go generate "+
			"./internal/providerguide (%v)", err)
	}
}

// block returns the first code block of a kind in the document.
func block(t *testing.T, kind string) string {
	t.Helper()
	_, rest, found := strings.Cut(guide(t), "```"+kind+"\n")
	code, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatalf("the document has no %s code block", kind)
	}
	return code
}

// The three examples of the document are valid and configure the same providers.
func TestGuide_ExamplesAgree(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"google.secret", "intranet.secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("s\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{}
	for line := range strings.Lines(block(t, "sh")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.HasSuffix(name, "_FILE") {
			value = filepath.Join(dir, value)
		}
		env[name] = value
	}
	file := filepath.Join(dir, "providers.json")
	if err := os.WriteFile(file, []byte(block(t, "json")), 0o600); err != nil {
		t.Fatal(err)
	}
	document, err := settings.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fromEnv := read(t, nil, env)
	fromFile := read(t, document, map[string]string{"INTRANET_SECRET": "s"})
	if len(fromEnv) != 2 || !reflect.DeepEqual(fromEnv["intranet"], fromFile["intranet"]) ||
		fromEnv["google"].Registration() != fromFile["google"].Registration() {
		t.Errorf("providers from the environment %v, from the file %v", fromEnv, fromFile)
	}
}

// The Go code of the document is that of examples, which compile.
func TestGuide_GoCompiles(t *testing.T) {
	var examples []byte
	for _, file := range []string{"provider/example_test.go", "vendors/example_own_test.go"} {
		content, err := os.ReadFile(filepath.Join(top, file))
		if err != nil {
			t.Fatal(err)
		}
		examples = append(examples, content...)
	}
	blocks := strings.Split(guide(t), "```go\n")[1:]
	if len(blocks) != 2 {
		t.Errorf("the document has %d blocks of Go, want 2", len(blocks))
	}
	for _, rest := range blocks {
		code, _, _ := strings.Cut(rest, "```\n")
		indented := strings.ReplaceAll("\t"+strings.TrimSuffix(code, "\n"), "\n", "\n\t")
		if !bytes.Contains(examples, []byte(code)) && !bytes.Contains(examples, []byte(indented)) {
			t.Errorf("no example, which would be compiled, is\n%s", code)
		}
	}
}

// The JSON file in README.md is valid.
func TestReadme_File(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```json\n")
	content, _, _ := strings.Cut(rest, "```\n")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "login.secret"), []byte("s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	document, err := settings.Parse(filepath.Join(dir, "providers.json"), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if set := read(t, document, map[string]string{"INTRANET_SECRET": "s"}); len(set) != 2 {
		t.Errorf("the providers are %v", set)
	}
}

func read(t *testing.T, document *settings.Document, env map[string]string) provider.Set {
	t.Helper()
	all := vendors.All()
	if _, known := vendors.Named("google"); !known {
		all = append(all, vendors.Vendor{Name: "google", Label: "Google",
			Protocol: vendors.OpenIDConnect, New: func(v vendors.Values) (provider.Provider,
				error) {
				return &provider.OIDC{Issuer: "https://accounts.google.com",
					ClientID:     v["client_id"],
					ClientSecret: v["client_secret"]}, nil
			}})
	}
	e := &settings.Env{Lookup: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}}
	source := &settings.Source{Env: e, Document: document, Names: e.Names("SALLYPORT_PROVIDERS"),
		Vendors: all}
	set := source.Providers()
	if err := errors.Join(e.Mistakes...); err != nil {
		t.Fatal(err)
	}
	return set
}

// The document contains all data of a vendor, escaped for its place.
func TestGuide_Vendors(t *testing.T) {
	out, err := providerguide.Write([]vendors.Vendor{
		{
			Name: "acme", Label: "Acme | Co.", Protocol: vendors.OpenIDConnect,
			Register: "https://acme.example/apps",
			Settings: []vendors.Setting{{Name: "tenant", Help: "a|b", Required: true},
				{Name: "key", Help: "a key", Secret: true}},
			Notes: []string{"A note."}, Unconfirmed: []string{"A guess."},
			New: func(v vendors.Values) (provider.Provider, error) {
				if !strings.HasPrefix(v["tenant"], "https://") {
					return nil, errors.New("tenant must be a URL")
				}
				return &provider.OIDC{}, nil
			},
		},
		{Name: "old", Label: "Old", Protocol: vendors.OAuthOne,
			New: func(vendors.Values) (provider.Provider, error) {
				return &provider.OAuth1{}, nil
			}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `acme` | [Acme \\| Co.](#acme--co-acme) | OpenID Connect |", "### Acme | Co. `acme`",
		"<https://acme.example/apps>", "`BASE_URL/auth/callback/acme`",
		"Scopes: `openid profile email`.", "| `tenant` | a\\|b (required) |",
		"| `key`, `key_file`, `key_env` | a key |", "- A note.\n",
		"Not confirmed with the vendor:\n\n- A guess.\n",
		"### Old `old`\n\nOAuth 1.0a. Register the application with the redirect URI",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out[bytes.Index(out, []byte("## Vendors")):])
		}
	}
}
