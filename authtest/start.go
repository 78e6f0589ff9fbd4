package authtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/session"
)

// Options say how [Start] starts a provider. The zero value is a provider with http on a free port
// of
// 127.0.0.1, with the users of [NewProvider].
type Options struct {
	// Addr is the TCP address to listen on, such as "localhost:9090". The default is "127.0.0.1:0",
	// which is a free port.
	Addr string
	// Issuer is the issuer identifier, and the URL where applications and browsers reach the
	// provider. Set it where that is not Addr, such as behind a proxy or in a container. It is an
	// http or https URL without query and fragment; all endpoints are below its path, if it has
	// one. The default is the address that the provider listens on.
	Issuer string
	// TLS serves https with a certificate for localhost, 127.0.0.1 and ::1 that only
	// Provider.HTTPClient and [NewBrowser] trust.
	TLS bool
	// Users are the users who can sign in. Each needs a Username and a Subject of its own.
	Users []session.User
}

// Start starts a provider without a test, such as in a program. It returns an error if an option is
// wrong or the address is taken. Close stops the provider.
func Start(o Options) (*Provider, error) {
	users := o.Users
	if len(users) == 0 {
		users = defaultUsers()
	}
	if err := errors.Join(checkUsers(users), checkIssuer(o.Issuer)); err != nil {
		return nil, err
	}
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("authtest: %w", err)
	}
	p := newProvider(users)
	p.issuer = o.Issuer
	if p.issuer == "" {
		p.issuer = address(listener.Addr(), o.TLS)
	}
	p.serve(listener, o.TLS)
	return p, nil
}

// NewProvider starts a provider with http on a free port of 127.0.0.1 until the test ends. Without
// users it has alice, who has the roles admin and staff, and bob, who has the role staff.
func NewProvider(t testing.TB, users ...session.User) *Provider {
	t.Helper()
	return startFor(t, Options{Users: users})
}

// NewTLSProvider is NewProvider with https. Provider.HTTPClient and [NewBrowser] trust it.
func NewTLSProvider(t testing.TB, users ...session.User) *Provider {
	t.Helper()
	return startFor(t, Options{TLS: true, Users: users})
}

func startFor(t testing.TB, o Options) *Provider {
	t.Helper()
	p, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Close stops the provider. It closes open connections.
func (p *Provider) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

func newProvider(users []session.User) *Provider {
	p := &Provider{
		now: time.Now, users: slices.Clone(users), claims: map[string]map[string]any{},
		pending: map[string]*authorization{}, pushed: map[string]*authorization{},
		logins: map[string]*login{}, codes: map[string]*authorization{},
		assertions: map[string]bool{}, access: map[string]issued{}, refresh: map[string]issued{},
		devices: map[string]*device{}, lifetime: time.Hour, oauth1: newSignedLogins(),
	}
	p.RotateKeys()
	p.route()
	return p
}

// serve answers requests until Close.
func (p *Provider) serve(listener net.Listener, https bool) {
	p.server = &httptest.Server{Listener: listener, Config: &http.Server{
		Handler:           http.HandlerFunc(p.answer),
		ErrorLog:          log.New(io.Discard, "", 0), // clients that go away are part of the tests
		ReadHeaderTimeout: 10 * time.Second,
	}}
	if https {
		testcert.Start(p.server)
	} else {
		p.server.Start()
	}
}

// address is the URL of a listener. A listener on all addresses is reached as localhost.
func address(addr net.Addr, https bool) string {
	scheme, host := "http", addr.String()
	if https {
		scheme = "https"
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		host = fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return scheme + "://" + host
}

func checkIssuer(issuer string) error {
	if issuer == "" {
		return nil
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
		u.User != nil {
		return fmt.Errorf("authtest: Issuer %q is not an http or https URL", issuer)
	}
	if strings.ContainsAny(issuer, "?#") {
		return fmt.Errorf("authtest: Issuer %q has a query or a fragment: remove it", issuer)
	}
	return nil
}

func defaultUsers() []session.User {
	return []session.User{
		{
			Subject: "1001", Username: "alice", Name: "Alice Adams",
			Email: "alice@example.com", EmailVerified: true, Roles: []string{"admin", "staff"},
		},
		{
			Subject: "1002", Username: "bob", Name: "Bob Brown",
			Email: "bob@example.com", EmailVerified: true, Roles: []string{"staff"},
		},
	}
}

// checkUsers makes sure that each sign-in is one user's.
func checkUsers(users []session.User) error {
	names, subjects := map[string]bool{}, map[string]bool{}
	for _, u := range users {
		switch {
		case u.Username == "" || u.Subject == "":
			return fmt.Errorf("authtest: user %q has no Username or no Subject: set both", u.Key())
		case names[u.Username]:
			return fmt.Errorf("authtest: two users have the Username %q", u.Username)
		case subjects[u.Subject]:
			return fmt.Errorf("authtest: two users have the Subject %q", u.Subject)
		}
		names[u.Username], subjects[u.Subject] = true, true
	}
	return nil
}

// outbound is how the provider itself, and clients of it, reach servers with test certificates.
func outbound() *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: testcert.Roots()}, DialContext: dial,
	}
}

// dial connects to this machine for all names below localhost (RFC 6761 section 6.3), as browsers
// do.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && strings.HasSuffix(host, ".localhost") {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}
