package sallyport_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// F46: an interface that holds a nil pointer is an error that names the field, and never a panic.
func TestNew_F46_TypedNil(t *testing.T) {
	var oidc *provider.OIDC
	var oauth2 *provider.OAuth2
	var oauth1 *provider.OAuth1
	var store *session.ServerStore
	var cookies *sessions.CookieStore
	var revocations *noRevocations
	var locker *noLocker
	var backend *session.MemoryBackend
	var page http.HandlerFunc
	var key *rsa.PrivateKey
	var transport *http.Transport
	for name, row := range map[string]struct {
		change func(*sallyport.Config)
		want   string
	}{
		"OpenID Connect": {func(c *sallyport.Config) {
			c.Providers["x"] = oidc
		}, `provider "x" is nil`},
		"OAuth 2.0": {func(c *sallyport.Config) {
			c.Providers["x"] = oauth2
		}, `provider "x" is nil`},
		"OAuth 1.0a": {func(c *sallyport.Config) {
			c.Providers["x"] = oauth1
		}, `provider "x" is nil`},
		"nothing": {func(c *sallyport.Config) {
			c.Providers["x"] = nil
		}, `provider "x" is nil`},
		"ServerStore": {func(c *sallyport.Config) {
			c.Session.Store = store
		}, "Store holds a nil"},
		"gorilla store": {func(c *sallyport.Config) {
			c.Session.Store = cookies
		}, "Store holds a nil"},
		"backend": {func(c *sallyport.Config) {
			c.Session.Store = session.NewServerStore(backend)
		}, "Backend of Store is nil"},
		"no backend": {func(c *sallyport.Config) {
			c.Session.Store = session.NewServerStore(nil)
		}, "Backend of Store is nil"},
		"revocations": {func(c *sallyport.Config) {
			c.Session.Revocations = revocations
		}, "Revocations holds a nil"},
		"locker": {func(c *sallyport.Config) {
			c.Session.Locker = locker
		}, "Locker holds a nil"},
		"login page": {func(c *sallyport.Config) {
			c.LoginPage = page
		}, "LoginPage holds a nil"},
		"client key": {func(c *sallyport.Config) {
			c.Providers["x"] = &provider.OIDC{Issuer: "https://x.example", ClientID: "c",
				ClientKey: &provider.ClientKey{Signer: key}}
		}, "Signer is missing"},
		"transport": {func(c *sallyport.Config) {
			c.Providers["x"] = &provider.OIDC{Issuer: "https://x.example", ClientID: "c",
				HTTPClient: &http.Client{Transport: transport}}
		}, "HTTPClient"},
		"key of OAuth 1.0a": {func(c *sallyport.Config) {
			c.Providers["x"] = &provider.OAuth1{
				ClientID: "c", SignatureMethod: "RSA-SHA1", PrivateKey: key,
				UserFields: provider.Fields{ID: "id"},
				Endpoints: provider.Endpoints{
					RequestToken:  "https://x.example/r",
					Authorization: "https://x.example/a",
					Token:         "https://x.example/t",
				},
			}
		}, "PrivateKey is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			c := at("https://app.example.com")
			row.change(&c)
			if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %q", err, row.want)
			}
		})
	}
}

type noRevocations struct{ session.Revocations }

type noLocker struct{ session.Locker }

// F46: a nil pointer that Tenants.Find returns is a mistake, which must not end sessions, rather
// than the answer that the tenant does not exist.
func TestNew_F46_TypedNilTenant(t *testing.T) {
	c := at("https://app.example.com")
	var none *provider.OIDC
	c.Tenants.Find = func(context.Context, string) (provider.Provider, error) { return none, nil }
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if resp := get(auth.Handler(http.NotFoundHandler()),
		"https://app.example.com/auth/login/acme"); resp.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", resp.Code)
	}
}

// F46: every line of an error says which provider it is about.
func TestNew_F46_EveryMistakeNamesItsProvider(t *testing.T) {
	c := at("https://app.example.com")
	c.Providers["first"] = &provider.OIDC{Issuer: "http://first.example", Leeway: -1,
		Scopes: []string{"a b"}, AuthParams: map[string][]string{"state": {"x"}}}
	c.Providers["second"] = &provider.OAuth2{}
	c.Providers["third"] = &provider.OAuth1{}
	_, err := sallyport.New(c)
	if err == nil {
		t.Fatal("no error")
	}
	count := map[string]int{}
	for _, line := range strings.Split(err.Error(), "\n") {
		name, _, found := strings.Cut(strings.TrimPrefix(line, `sallyport: provider "`), `": `)
		if !found {
			t.Errorf("a line without a provider: %s", line)
		}
		count[name]++
	}
	if count["first"] < 4 || count["second"] < 3 || count["third"] < 3 {
		t.Errorf("mistakes by provider: %v\n%v", count, err)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) < 10 {
		t.Error("the mistakes cannot be taken apart")
	}
	if errors.Is(err, provider.ErrUnavailable) {
		t.Error("a mistake is no outage")
	}
}

// R90: the public secret of tests never protects the sessions of a public application.
func TestNew_R90_SecretOfTests(t *testing.T) {
	for _, base := range []string{"https://app.example.com", "https://localhost.example.com"} {
		c := at(base)
		c.Session.Secret = authtest.Secret
		if _, err := sallyport.New(c); err == nil ||
			!strings.Contains(err.Error(), "authtest.Secret") {
			t.Errorf("%s: Secret: %v", base, err)
		}
		c = at(base)
		c.Session.OldSecrets = []string{authtest.Secret}
		if _, err := sallyport.New(c); err == nil ||
			!strings.Contains(err.Error(), "authtest.Secret") {
			t.Errorf("%s: OldSecrets: %v", base, err)
		}
	}
	c := at("http://localhost:8080")
	c.Session.Secret = authtest.Secret
	if _, err := sallyport.New(c); err != nil {
		t.Errorf("on this machine: %v", err)
	}
}
