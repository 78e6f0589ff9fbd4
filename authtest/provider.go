package authtest

import (
	"crypto"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/testsecret"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The client that every Provider knows.
const (
	ClientID     = "authtest-client"
	ClientSecret = "authtest secret: not a secret %+&"
)

// Secret is a session secret for tests ([session.Config].Secret). It is public: sallyport.New
// rejects it unless the application is on this machine (BaseURL on loopback).
const Secret = testsecret.Secret

// A Provider is an OpenID provider that also speaks OAuth 2.0 without OpenID Connect, and OAuth
// 1.0a. Its users sign in with their Username, which is also their password. It redirects to
// applications on this machine only. It is safe for concurrent use.
type Provider struct {
	server *httptest.Server
	routes http.Handler
	issuer string

	mu       sync.Mutex // guards what follows
	now      func() time.Time
	users    []session.User
	claims   map[string]map[string]any // more claims, by Username
	keys     []*signingKey             // the first one signs
	pending  map[string]*authorization // being decided on, by request ID
	pushed   map[string]*authorization // by request_uri
	logins   map[string]*login         // by cookie
	codes    map[string]*authorization
	access   map[string]issued  // by access token
	refresh  map[string]issued  // by refresh token
	lifetime time.Duration      // of access and ID tokens
	devices  map[string]*device // by device code
	signIns  int
	oauth1   signedLogins
	faults   Faults
	quirks   quirkSet // of the side without OpenID Connect
	down     bool
	requests []Request

	clientKey  crypto.PublicKey // replaces the client secret; nil for none
	assertions map[string]bool  // by jti

	backchannel, frontchannel string // logout URIs of the application
}

// Issuer returns the provider's issuer identifier, which is also its URL: http://127.0.0.1 with the
// port, unless Options say otherwise.
func (p *Provider) Issuer() string { return p.issuer }

// base is what the URLs of all endpoints begin with.
func (p *Provider) base() string { return strings.TrimSuffix(p.issuer, "/") }

// secure reports whether browsers reach the provider by https.
func (p *Provider) secure() bool { return strings.HasPrefix(p.issuer, "https:") }

// HTTPClient returns a client that trusts the provider's certificate.
func (p *Provider) HTTPClient() *http.Client { return p.server.Client() }

// trusted is the HTTPClient of a configuration: nil where no certificate of tests is in use.
func (p *Provider) trusted() *http.Client {
	if p.server.TLS == nil {
		return nil
	}
	return p.HTTPClient()
}

// OIDC returns the provider's configuration for sallyport, to adjust before its first use.
func (p *Provider) OIDC() *provider.OIDC {
	return &provider.OIDC{
		Issuer: p.Issuer(), ClientID: ClientID, ClientSecret: ClientSecret,
		DisplayName: "authtest", Now: p.time,
		HTTPClient: p.trusted(), InsecureLoopbackHTTP: !p.secure(),
	}
}

// Users returns the users, with their Issuer filled in.
func (p *Provider) Users() []session.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	users := slices.Clone(p.users)
	for i := range users {
		users[i].Issuer = p.Issuer()
	}
	return users
}

// SetClaims adds claims about a user to ID tokens, userinfo answers and profiles. They replace the
// usual claims of the same name, and all claims of an earlier call.
func (p *Provider) SetClaims(username string, claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims[username] = maps.Clone(claims)
}

// SetTokenLifetime sets how long access and ID tokens are valid from now on. It is an hour at
// first.
func (p *Provider) SetTokenLifetime(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lifetime = d
}

// SetNow replaces the provider's clock, which is also the one of the configuration that OIDC
// returns.
func (p *Provider) SetNow(now func() time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = now
}

func (p *Provider) time() time.Time {
	p.mu.Lock()
	now := p.now
	p.mu.Unlock()
	return now()
}

// user finds a user by name.
func (p *Provider) user(username string) (session.User, bool) {
	for _, u := range p.Users() {
		if u.Username == username {
			return u, true
		}
	}
	return session.User{}, false
}
