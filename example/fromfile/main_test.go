package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// One provider for each protocol, configured only in a file.
const providers = `{
  "login": {"issuer": "OP", "client_id": "ID", "client_secret_file": "client.secret"},
  "intranet": {
    "display_name": "The intranet",
    "client_id": "ID", "client_secret_file": "client.secret",
    "authorization_endpoint": "OP/oauth/authorize", "token_endpoint": "OP/oauth/token",
    "api_base_url": "OP", "userinfo_endpoint": "user", "scopes": ["profile"],
    "user": {"id": "id", "name": "name|login"}
  },
  "old": {
    "client_id": "ID", "client_secret_file": "client.secret",
    "request_token_endpoint": "OP/oauth1/request_token", "authorization_endpoint": "OP/oauth1/authorize", "token_endpoint": "OP/oauth1/access_token",
    "userinfo_endpoint": "OP/oauth1/profile", "user": {"id": "id", "name": "name"}
  }
}`

func TestFromFile(t *testing.T) {
	op := authtest.NewProvider(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "providers.json")
	content := strings.NewReplacer("OP", op.Issuer(), "ID", authtest.ClientID).Replace(providers)
	for name, content := range map[string]string{file: content,
		filepath.Join(dir, "client.secret"): authtest.ClientSecret + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	env := map[string]string{"LISTEN_ADDR": server.Listener.Addr().String(),
		"SESSION_SECRET": "6f1c0a9be2d84735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6"}
	app, err := newApp(file, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	if page := authtest.Body(t, authtest.Open(t, authtest.NewBrowser(t),
		server.URL)); !strings.Contains(page, "Sign in with The intranet") ||
		!strings.Contains(page, "Sign in with old") {
		t.Errorf("the chooser:\n%s", page)
	}
	for _, name := range []string{"login", "intranet", "old"} {
		resp := authtest.SignIn(t, authtest.NewBrowser(t), server.URL+"/auth/login/"+name+
			"?return_to=%2Freports%3Fyear%3D2026", "bob")
		body := authtest.Body(t, resp)
		if resp.Request.URL.RequestURI() != "/reports?year=2026" ||
			body != "Hello, Bob Brown. You have signed in with "+name+".\n" {
			t.Errorf("%s: %s responds %s", name, resp.Request.URL, body)
		}
	}
	if _, err := newApp(filepath.Join(dir, "none.json"), os.LookupEnv); err == nil {
		t.Error("a missing file is not an error")
	}
}
