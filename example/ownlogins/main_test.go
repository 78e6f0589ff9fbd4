package main

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// startApp runs the application. mails receives the links.
func startApp(t *testing.T) (base string, mails *[]string) {
	t.Helper()
	mails = new([]string)
	server := httptest.NewUnstartedServer(nil)
	base = "http://" + server.Listener.Addr().String()
	handler, err := newApp(base, rand.Text()+rand.Text(), authtest.NewProvider(t).OIDC(),
		newAccounts(1), func(_, link string) { *mails = append(*mails, link) })
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return base, mails
}

func TestPassword(t *testing.T) {
	base, _ := startApp(t)
	b := authtest.NewBrowser(t)
	page := authtest.Open(t, b, base+"/settings")
	wrong := authtest.Submit(t, b, page, url.Values{"name": {"alice"}, "password": {"bob"}})
	if wrong.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong password: status %d", wrong.StatusCode)
	}
	right := authtest.Submit(t, b, wrong, url.Values{"name": {"alice"}, "password": {"alice"}})
	if body := authtest.Body(t, right); !strings.Contains(body, "Settings of alice") {
		t.Errorf("at %s: %s", right.Request.URL, body)
	}
}

// R168: opening a magic link signs no one in; its button does, once.
func TestMagicLink_R168_ConfirmsByPOST(t *testing.T) {
	base, mails := startApp(t)
	b := authtest.NewBrowser(t)
	resp, err := b.PostForm(base+"/login/link", url.Values{"email": {"bob@example.com"},
		"return_to": {"//evil.example"}})
	if err != nil || len(*mails) != 1 {
		t.Fatalf("%v, mails %v", err, *mails)
	}
	resp.Body.Close()
	authtest.Open(t, authtest.NewBrowser(t), (*mails)[0]).Body.Close() // a mail scanner
	page := authtest.Open(t, b, (*mails)[0])
	if body := authtest.Body(t, authtest.Open(t, b, base+"/")); strings.Contains(body, "bob") {
		t.Error("a GET signed the user in")
	}
	in := authtest.Submit(t, b, page, nil)
	if body := authtest.Body(t, in); in.Request.URL.String() != base+"/" ||
		!strings.Contains(body, "Welcome, bob") {
		t.Errorf("at %s: %s", in.Request.URL, body)
	}
	if again := authtest.Submit(t, authtest.NewBrowser(t), page, nil); again.StatusCode !=
		http.StatusForbidden {
		t.Errorf("a used link: status %d", again.StatusCode)
	}
}

// The provider is offered beside the password.
func TestProvider(t *testing.T) {
	base, _ := startApp(t)
	b := authtest.NewBrowser(t)
	body := authtest.Body(t, authtest.SignIn(t, b, base+"/auth/login/work?return_to=/settings",
		"alice"))
	if !strings.Contains(body, "Settings of Alice Adams") {
		t.Errorf("%s", body)
	}
}

// The code in docs/own-logins.md is the code of this example.
func TestDocumentation(t *testing.T) {
	var source strings.Builder
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(raw)
	}
	doc, err := os.ReadFile("../../docs/own-logins.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(doc), "```go\n")
	if len(blocks) < 3 {
		t.Fatal("the page has no code")
	}
	for _, block := range blocks[1:] {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(source.String(), code) {
			t.Errorf("not in this example:\n%s", code)
		}
	}
}
