package main

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
)

// startApp runs the application with the customers acme and globex.
func startApp(t *testing.T) (base string, customers *directory) {
	t.Helper()
	customers = newDirectory()
	for _, name := range []string{"acme", "globex"} {
		customers.add(name, authtest.NewProvider(t).OIDC())
	}
	server := httptest.NewUnstartedServer(nil)
	base = "http://" + server.Listener.Addr().String()
	app, err := newApp(base, rand.Text()+rand.Text(), customers)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	return base, customers
}

func TestEachCustomerHasItsOwnProvider(t *testing.T) {
	base, _ := startApp(t)
	b := authtest.NewBrowser(t)
	resp := authtest.SignIn(t, b, base+"/t/acme/", "alice")
	if body := authtest.Body(t, resp); resp.Request.URL.Path != "/t/acme/" ||
		!strings.Contains(body, "Reports of acme") || !strings.Contains(body, "Alice Adams") {
		t.Errorf("at %s: %s", resp.Request.URL, body)
	}
	if resp := authtest.Open(t, b, base+"/t/globex/"); resp.StatusCode != http.StatusForbidden ||
		strings.Contains(authtest.Body(t, resp), "Reports of") {
		t.Errorf("the reports of another customer: status %d", resp.StatusCode)
	}
	if body := authtest.Body(t, authtest.Open(t, b, base+"/")); !strings.Contains(body,
		"You signed in with acme") {
		t.Errorf("the start page: %s", body)
	}
	other := authtest.NewBrowser(t)
	if body := authtest.Body(t, authtest.SignIn(t, other, base+"/t/globex/",
		"alice")); !strings.Contains(body, "Reports of globex") {
		t.Errorf("globex: %s", body)
	}
}

// The login page asks for the customer and keeps the return address.
func TestLoginPage(t *testing.T) {
	base, customers := startApp(t)
	b := authtest.NewBrowser(t)
	page := authtest.Open(t, b, base+"/auth/login?return_to=%2Ft%2Facme%2F")
	if body := authtest.Body(t, page); !strings.Contains(body, `value="/t/acme/"`) ||
		strings.Contains(body, "globex") {
		t.Errorf("the page: %s", body)
	}
	resp := authtest.SignIn(t, b, base+"/customer?"+url.Values{"name": {" Acme "},
		"return_to": {"/t/acme/"}}.Encode(), "bob")
	if body := authtest.Body(t, resp); !strings.Contains(body, "Reports of acme") {
		t.Errorf("at %s: %s", resp.Request.URL, body)
	}
	for _, name := range []string{"unknown", "", "../logout", "//evil.example", "a b",
		"http://evil.example/"} {
		resp := authtest.Open(t, authtest.NewBrowser(t), base+"/customer?"+
			url.Values{"name": {name}}.Encode())
		if resp.StatusCode != http.StatusNotFound ||
			resp.Request.URL.Host != strings.TrimPrefix(base, "http://") {
			t.Errorf("%q: status %d at %s", name, resp.StatusCode, resp.Request.URL)
		}
	}
	customers.remove("globex")
	if resp := authtest.Open(t, authtest.NewBrowser(t),
		base+"/t/globex/"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a removed customer: status %d", resp.StatusCode)
	}
}
