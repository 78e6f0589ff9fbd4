package sallyport_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
)

// F40: files end their lines, which is not part of the value; white space in a variable is a
// mistake.
func TestFromEnv_F40_WhiteSpace(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "value")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, row := range map[string]struct {
		variable, value string
		want            string // in the error; empty for none
	}{
		"secret in a file": {"SESSION_SECRET_FILE", write(sessionSecret + "\n"), ""},
		"space in the file": {"SESSION_SECRET_FILE", write(sessionSecret + " \n"),
			"white space"},
		"quotes in the file": {"SESSION_SECRET_FILE", write(`"` + sessionSecret + `"`),
			"quotation marks"},
		"secret with a line end": {"SESSION_SECRET", sessionSecret + "\n", "white space"},
		"quoted secret": {"SESSION_SECRET", `'` + sessionSecret + `'`,
			"quotation marks"},
		"client secret in a file": {"OIDC_CLIENT_SECRET_FILE",
			write("hunter2 with space \r\n"), ""},
		"client ID in a file":  {"OIDC_CLIENT_ID_FILE", write("\n client\n"), ""},
		"client ID, line end":  {"OIDC_CLIENT_ID", "client\n", "OIDC_CLIENT_ID"},
		"client secret, space": {"OIDC_CLIENT_SECRET", "hunter2 ", "OIDC_CLIENT_SECRET"},
		"issuer, line end":     {"OIDC_ISSUER", "https://op.example.com\n", "OIDC_ISSUER"},
		"provider's ID": {"SALLYPORT_X_CLIENT_ID", "client\n",
			"SALLYPORT_X_CLIENT_ID has white space"},
		"provider's secret": {"SALLYPORT_X_CLIENT_SECRET", " hunter2",
			"SALLYPORT_X_CLIENT_SECRET has white space"},
		"provider's secret, file": {"SALLYPORT_X_CLIENT_SECRET_FILE", write("hunter2 \n"), ""},
		"provider's issuer": {"SALLYPORT_X_ISSUER", "https://x.example.com\t",
			"SALLYPORT_X_ISSUER"},
		"base URL with a line end": {"BASE_URL", "https://app.example.com\n", "BaseURL"},
	} {
		env := map[string]string{
			"BASE_URL": "https://app.example.com", "SESSION_SECRET": sessionSecret,
			"OIDC_ISSUER": "https://op.example.com", "OIDC_CLIENT_ID": "client",
			"SALLYPORT_PROVIDERS": "x", "SALLYPORT_X_ISSUER": "https://x.example.com",
			"SALLYPORT_X_CLIENT_ID": "client",
		}
		delete(env, strings.TrimSuffix(row.variable, "_FILE"))
		env[row.variable] = row.value
		c, err := sallyport.FromEnv(lookupIn(env))
		switch {
		case row.want != "":
			if err == nil || !strings.Contains(err.Error(), row.want) ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, p := range c.Providers {
			o := p.(*provider.OIDC)
			if text := o.ClientID + o.ClientSecret; text != strings.TrimSpace(text) ||
				strings.ContainsAny(text, "\r\n") {
				t.Errorf("%s: client %q", name, text)
			}
		}
		if c.Session.Secret != sessionSecret {
			t.Errorf("%s: another secret", name)
		}
	}
}

// F27: an application that listens on any port sets BaseURL when it knows the port.
func TestFromEnv_AnyPort(t *testing.T) {
	c, err := sallyport.FromEnv(lookupIn(map[string]string{
		"LISTEN_ADDR": "127.0.0.1:0", "SESSION_SECRET": sessionSecret,
		"OIDC_ISSUER": "https://op.example.com", "OIDC_CLIENT_ID": "client",
	}))
	if err != nil || c.BaseURL != "http://127.0.0.1:0" {
		t.Errorf("%q, %v", c.BaseURL, err)
	}
}
