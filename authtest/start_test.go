package authtest

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/session"
)

// A program starts a provider with the issuer, the address and the users that it needs.
func TestStart_Options(t *testing.T) {
	carol := session.User{Subject: "7", Username: "carol", Name: "Carol Clark"}
	p, err := Start(Options{Addr: "localhost:0", Users: []session.User{carol}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if u, err := url.Parse(p.Issuer()); err != nil || u.Scheme != "http" || u.Port() == "" ||
		u.Port() == "0" {
		t.Errorf("issuer %s", p.Issuer())
	}
	if users := p.Users(); len(users) != 1 || users[0].Username != "carol" ||
		users[0].Issuer != p.Issuer() {
		t.Errorf("users %v", users)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(p.Issuer(), "http://"), ":")
	if taken, err := Start(Options{Addr: "127.0.0.1:" + port}); err == nil {
		taken.Close()
		t.Error("an address is used twice")
	}
	all, err := Start(Options{Addr: ":0"})
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	if !strings.HasPrefix(all.Issuer(), "http://localhost:") {
		t.Errorf("issuer on all addresses: %s", all.Issuer())
	}
}

// An issuer other than the address, with a path, works for the whole flow: all endpoints, forms and
// pages are below it.
func TestStart_IssuerBehindAProxy(t *testing.T) {
	var target *url.URL
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
	}})
	defer front.Close()
	for _, path := range []string{"", "/", "/realms/one", "/realms/one/"} {
		p, err := Start(Options{Issuer: front.URL + path})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if target, err = url.Parse("http://" + p.server.Listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if p.Issuer() != front.URL+path || p.OIDC().InsecureLoopbackHTTP {
			t.Errorf("issuer %s, %+v", p.Issuer(), p.OIDC().InsecureLoopbackHTTP)
		}
		signInBehind(t, p, front)
	}
}

// signInBehind signs in with other people's code, through a front door.
func signInBehind(t *testing.T, p *Provider, front *httptest.Server) {
	t.Helper()
	rp := newPartyWith(t, front.Client(), p.Issuer())
	b := NewBrowser(t)
	rp.visit(t, b, "bob")
	if rp.callback.Get("iss") != p.Issuer() || rp.callback.Get("code") == "" {
		t.Errorf("%s: callback %v", p.Issuer(), rp.callback)
	}
	style := Body(t, Open(t, b, strings.TrimSuffix(p.Issuer(), "/")+"/style.css"))
	if !strings.Contains(style, "{") {
		t.Errorf("%s: style sheet %q", p.Issuer(), style)
	}
}

func TestStart_WrongOptions(t *testing.T) {
	alice := session.User{Subject: "1", Username: "alice"}
	for name, o := range map[string]Options{
		"Issuer without a scheme": {Issuer: "login.example.com"},
		"Issuer of another one":   {Issuer: "ftp://login.example.com"},
		"Issuer with a query":     {Issuer: "https://login.example.com/?a=1"},
		"Issuer with a fragment":  {Issuer: "https://login.example.com/#"},
		"Issuer with a password":  {Issuer: "https://a:b@login.example.com"},
		"no Username":             {Users: []session.User{{Subject: "1"}}},
		"no Subject":              {Users: []session.User{{Username: "alice"}}},
		"one Username twice": {Users: []session.User{alice,
			{Subject: "2", Username: "alice"}}},
		"one Subject twice": {Users: []session.User{alice, {Subject: "1", Username: "bob"}}},
		"Addr":              {Addr: "127.0.0.1:x"},
	} {
		if p, err := Start(o); err == nil {
			p.Close()
			t.Errorf("%s: accepted", name)
		} else if !strings.HasPrefix(err.Error(), "authtest: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The package documentation lists every quirk, and no other.
func TestQuirks_AreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "# Quirks")
	var listed []string
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z0-9-]+)  +\S`).FindAllStringSubmatch(
		table, -1) {
		listed = append(listed, m[1])
	}
	if !slices.Equal(listed, allQuirks) {
		t.Errorf("documented: %q\nsupported: %q", listed, allQuirks)
	}
}
