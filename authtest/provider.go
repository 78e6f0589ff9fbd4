package authtest

import (
	"crypto"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The client that every Provider knows.
const (
	ClientID     = "authtest-client"
	ClientSecret = "authtest secret: not a secret %+&"
)

// A Provider is an OpenID provider on loopback that speaks OAuth 2.0 alone and OAuth 1.0a as well. Its users sign in with their Username, which is also
// their password. It is safe for concurrent use.
type Provider struct {
	server *httptest.Server
	routes *http.ServeMux

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

	clientKey         crypto.PublicKey // replaces the client secret; nil for none
	assertions        map[string]bool  // by jti
	assertionAudience string

	backchannel, frontchannel string // logout URIs of the application
}

// NewProvider starts a provider with http on a free port of 127.0.0.1, until the test ends. Without users it
// has alice, who has the role admin, and bob.
func NewProvider(t testing.TB, users ...session.User) *Provider {
	t.Helper()
	p := newProvider(users)
	p.server.Start()
	t.Cleanup(p.Close)
	return p
}

// NewTLSProvider is NewProvider with https. Provider.HTTPClient and [NewBrowser] trust it.
func NewTLSProvider(t testing.TB, users ...session.User) *Provider {
	t.Helper()
	p := newProvider(users)
	p.server.StartTLS()
	t.Cleanup(p.Close)
	return p
}

// Start starts a provider with http at addr, such as "localhost:0", for programs. Close stops it.
func Start(addr string, users ...session.User) (*Provider, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("authtest: %w", err)
	}
	p := newProvider(users)
	p.server.Listener.Close()
	p.server.Listener = listener
	p.server.Start()
	return p, nil
}

func newProvider(users []session.User) *Provider {
	if len(users) == 0 {
		users = []session.User{
			{Subject: "1001", Username: "alice", Name: "Alice Adams", Email: "alice@example.com", EmailVerified: true, Roles: []string{"admin", "staff"}},
			{Subject: "1002", Username: "bob", Name: "Bob Brown", Email: "bob@example.com", EmailVerified: true, Roles: []string{"staff"}},
		}
	}
	p := &Provider{
		now: time.Now, users: slices.Clone(users), claims: map[string]map[string]any{},
		pending: map[string]*authorization{}, pushed: map[string]*authorization{}, logins: map[string]*login{},
		codes: map[string]*authorization{}, assertions: map[string]bool{}, access: map[string]issued{}, refresh: map[string]issued{}, devices: map[string]*device{}, lifetime: time.Hour,
		oauth1: newSignedLogins(),
	}
	p.RotateKeys()
	p.route()
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go away are part of the tests
	return p
}

// Close stops the provider.
func (p *Provider) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// Issuer returns the provider's issuer, which is also its address.
func (p *Provider) Issuer() string { return p.server.URL }

// HTTPClient returns a client that trusts the provider's certificate.
func (p *Provider) HTTPClient() *http.Client { return p.server.Client() }

// OIDC returns the provider's configuration for sallyport, to adjust before its first use.
func (p *Provider) OIDC() *provider.OIDC {
	o := &provider.OIDC{
		Issuer: p.Issuer(), ClientID: ClientID, ClientSecret: ClientSecret,
		DisplayName: "authtest", Now: p.time,
	}
	if p.server.TLS != nil {
		o.HTTPClient = p.HTTPClient()
	} else {
		o.InsecureLoopbackHTTP = true
	}
	return o
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

// SetClaims adds claims about a user to ID tokens, userinfo answers and profiles, over the usual ones.
func (p *Provider) SetClaims(username string, claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims[username] = maps.Clone(claims)
}

// SetTokenLifetime sets how long access and ID tokens are valid from now on. It is an hour at first.
func (p *Provider) SetTokenLifetime(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lifetime = d
}

// SetNow replaces the provider's clock, which is also the one of the configuration that OIDC returns.
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
