package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-go/sallyport/authtest"
)

// choose presses the button of a provider on the chooser page, and waits for the provider's login
// page.
func (w *window) choose(t *testing.T, name string) {
	t.Helper()
	link := `a[href^="/auth/login/` + name + `?"]`
	w.do(t, chromedp.Click(chromedp.CSS(link), chromedp.NodeVisible),
		chromedp.WaitVisible(chromedp.ID("username")))
}

// signInAs signs in on the pages of authtest, up to the profile page.
func (w *window) signInAs(t *testing.T, name string) {
	t.Helper()
	w.do(t, chromedp.SendKeys(chromedp.ID("username"), name),
		chromedp.SendKeys(chromedp.ID("password"), name))
	w.press(t, "button[type=submit]", "Allow access?")
	w.press(t, `button[value="allow"]`, "Your profile")
}

// Without settings the example offers three protocols. Each works in a browser.
func TestChromium_ChooserOfThreeProtocols(t *testing.T) {
	app := start(t, freeAddr(t))
	for name, row := range map[string]struct{ label, says string }{
		"oidc":   {"OpenID Connect", `"sub": "1001"`},
		"oauth2": {"OAuth 2.0", `"id": 1001`},
		"oauth1": {"OAuth 1.0a", "with a signature"},
	} {
		w := open(t, "chooser-"+name)
		w.goTo(t, app.url+"/profile?tab=a%20b")
		w.shows(t, "/auth/login?return_to=", "Choose how you want to sign in",
			"Sign in with "+row.label)
		if name == "oidc" {
			w.shot(t, "1-chooser")
			w.dark(t, true)
			w.shot(t, "2-chooser-dark")
			w.size(t, 360, 740)
			w.shot(t, "3-chooser-phone-dark")
			w.dark(t, false)
			w.shot(t, "4-chooser-phone")
			w.size(t, 1000, 800)
		}
		w.choose(t, name)
		w.signInAs(t, "alice")
		w.shows(t, "/profile?tab=a%20b", "Alice Adams", "Signed in with "+row.label,
			"has just called", row.says)
		w.shot(t, "5-profile")
	}
}

// Providers configured only in a file work in a browser.
func TestChromium_ProvidersFromAFile(t *testing.T) {
	op := authtest.NewProvider(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "providers.json")
	content := strings.NewReplacer("OP", op.Issuer(), "ID", authtest.ClientID).Replace(`{
  "login": {"display_name": "Example Login", "issuer": "OP", "client_id": "ID", "client_secret_file": "client.secret"},
  "intranet": {
    "display_name": "the intranet of a company with a rather long name that needs two lines",
    "client_id": "ID", "client_secret_file": "client.secret",
    "authorization_endpoint": "OP/oauth/authorize", "token_endpoint": "OP/oauth/token",
    "api_base_url": "OP", "userinfo_endpoint": "user", "scopes": ["profile"],
    "user": {"id": "id", "name": "name|login"}
  },
  "old": {
    "client_id": "ID", "client_secret_env": "OLD_SECRET",
    "request_token_endpoint": "OP/oauth1/request_token", "authorization_endpoint": "OP/oauth1/authorize", "token_endpoint": "OP/oauth1/access_token",
    "userinfo_endpoint": "OP/oauth1/profile", "user": {"id": "id", "name": "name"}
  }
}`)
	for name, content := range map[string]string{file: content,
		filepath.Join(dir, "client.secret"): authtest.ClientSecret + "\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	addr := freeAddr(t)
	app := start(t, addr, "SALLYPORT_CONFIG="+file, "OLD_SECRET="+authtest.ClientSecret)
	for name, api := range map[string]string{"login": "/userinfo", "intranet": "user",
		"old": "/oauth1/profile"} {
		w := open(t, "file-"+name)
		w.goTo(t, app.url+"/profile?tab=a%20b")
		if name == "intranet" {
			w.size(t, 360, 740)
			w.shot(t, "1-chooser-phone")
			w.size(t, 1000, 800)
			w.shot(t, "2-chooser")
		}
		w.choose(t, name)
		w.signInAs(t, "bob")
		w.shows(t, "/profile?tab=a%20b", "Bob Brown", "has just called", api, "1002")
		w.shot(t, "3-profile")
	}
	if secrets := app.users + app.stderr.String(); strings.Contains(secrets,
		authtest.ClientSecret) || !strings.Contains(secrets, "http://"+addr+"/auth/callback/") {
		t.Errorf("the output contains a secret, or no redirect URI:\n%s", secrets)
	}
}
