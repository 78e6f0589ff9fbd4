package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// PublicOnly returns an HTTP client that refuses private addresses, for providers whose URLs are
// supplied by tenants (SSRF):
//
//	publicOnly := provider.PublicOnly() // once, for all
//	...
//	&provider.OIDC{Issuer: tenant.Issuer, ClientID: tenant.ClientID, ClientSecret: tenant.Secret,
//		HTTPClient: publicOnly}
//
// It connects to public addresses only ([DialPublic]): not to this machine, its private network, or
// the metadata service of its cloud, whether directly, by a redirect, or by a DNS name. This
// includes all endpoints in the provider's metadata, which are reached through the same client.
//
// It ignores proxies from the environment (HTTPS_PROXY), because a proxy would choose the address.
// An application behind a proxy must use a client of its own, and a proxy that refuses private
// addresses.
//
// It is safe for concurrent use. Each call returns a client with its own connections.
func PublicOnly() *http.Client {
	t := newTransport(&net.Dialer{Control: DialPublic})
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 4
	return &http.Client{Transport: t}
}

// DialPublic refuses connections to addresses that are not public. It is a value for
// net.Dialer.Control, for applications that build their own HTTP client. It checks the address of
// the connection itself, after the DNS lookup, so DNS rebinding does not bypass it.
func DialPublic(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s", errNotPublic, network)
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || !public(to.Addr()) {
		return fmt.Errorf("%w: %s", errNotPublic, address)
	}
	return nil
}

var errNotPublic = errors.New("provider: connections are permitted to public addresses only")

var (
	// notPublic4 are the addresses that are not reachable over the internet (IANA IPv4
	// Special-Purpose Address Registry), or are not hosts. They include the metadata services of
	// clouds, except for one cloud's, which has a public address.
	notPublic4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
		"169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"224.0.0.0/4", "240.0.0.0/4",
		"168.63.129.16/32")

	// public6 are the addresses allocated for the internet, notPublic6 those of them with another
	// purpose: protocols (including Teredo), documentation, and 6to4, which embeds IPv4 addresses.
	public6    = netip.MustParsePrefix("2000::/3")
	notPublic6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

	// nat64 addresses end with the IPv4 address that they reach (RFC 6052 section 2.1).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// public reports whether an address is public. An IPv4 address embedded in an IPv6 address is
// checked as IPv4. An address with a zone is in no prefix.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		all := addr.As16()
		addr = netip.AddrFrom4([4]byte(all[12:]))
	}
	special := notPublic4
	if addr.Is6() {
		if !public6.Contains(addr) {
			return false
		}
		special = notPublic6
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// ClientWithCA returns an HTTP client that trusts the private CA whose certificate is in pem, in
// addition to the system's CAs. Use it as the HTTPClient of a provider.
func ClientWithCA(pem []byte) (*http.Client, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("provider: ClientWithCA: pem has no certificate")
	}
	t := ownTransport().Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return &http.Client{Transport: t}, nil
}

// Client implements [Provider]. It sends the access token in the Authorization header of every
// request (RFC 6750 section 2.1), so use it only for the API that the token was issued for. It
// sends requests to https URLs only, or with InsecureLoopbackHTTP to this machine, and does not
// follow redirects to another origin, which would leak the token.
func (o *OIDC) Client(_ context.Context, t session.Tokens) *http.Client {
	return o.outbound().apiClient(o.APIBase, func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+t.AccessToken)
		return nil
	})
}

// Client implements [Provider]. Every request is signed, with the parameters of its query and of
// its form (RFC 5849 section 3.4), and sent as it was signed; a form is buffered for that. URLs may
// be relative to APIBase. Use it only for the API that the token was issued for: any other receives
// a signature, and with PLAINTEXT both secrets. It therefore does not follow redirects to another
// origin.
func (o *OAuth1) Client(_ context.Context, t session.Tokens) *http.Client {
	signer := o.signer(t.AccessToken, t.Secret)
	return o.outbound().apiClient(o.APIBase, func(r *http.Request) error { return signer.Sign(r) })
}

// apiClient returns a client for a provider's API: URLs may be relative to base, and carry adds the
// token to each request.
func (out outbound) apiClient(base string, carry func(*http.Request) error) *http.Client {
	c := out.callAPI(nil)
	t := &apiTransport{out: out, carry: carry, next: c.Transport}
	t.base, t.err = parseAPIBase(base)
	c.Transport, c.CheckRedirect = t, t.redirect
	return c
}

// parseAPIBase reads the base as a directory, with or without a slash at its end. It returns nil
// for an empty base.
func parseAPIBase(base string) (*url.URL, error) {
	if base == "" {
		return nil, nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, errors.New("provider: APIBase is not a URL")
	}
	if !strings.HasSuffix(u.Path, "/") {
		u = u.JoinPath("/")
	}
	return u, nil
}

func checkAPIBase(out outbound, base string) error {
	if base == "" {
		return nil
	}
	if err := out.checkEndpoint("APIBase", base); err != nil {
		return err
	}
	if u, _ := url.Parse(base); u.RawQuery != "" || u.ForceQuery || u.User != nil {
		return wrongField("APIBase", "%q must have no query and no user", u.Redacted())
	}
	return nil
}

// An apiTransport sends requests to a provider's API.
type apiTransport struct {
	out   outbound
	base  *url.URL // of relative URLs; nil for none
	err   error    // why the base is unusable
	carry func(*http.Request) error
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *apiTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := recovered.Get(func() (*http.Request, error) { return t.prepare(r) })
	if err != nil {
		if r.Body != nil {
			r.Body.Close() // required of a RoundTripper
		}
		return nil, &notSent{err}
	}
	resp, err := recovered.Get(func() (*http.Response, error) { return t.next.RoundTrip(sent) })
	if err == nil {
		// Printing the response's request must not reveal the token.
		resp.Request = r.WithContext(r.Context())
		resp.Request.URL, _ = t.resolve(r.URL)
	}
	return resp, withoutQuotes(err)
}

// notSent is the error of a request or redirect to an API that was rejected before it was sent.
type notSent struct{ error }

// NotSent distinguishes this error from an outage of the API.
func (*notSent) NotSent() {}

// Unwrap returns the cause.
func (e *notSent) Unwrap() error { return e.error }

// prepare returns the request to send instead of r, which a RoundTripper must not change.
func (t *apiTransport) prepare(r *http.Request) (*http.Request, error) {
	target, err := t.resolve(r.URL)
	if err != nil {
		return nil, err
	}
	if err := t.out.checkConfidential(target); err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.URL = target
	if err := t.carry(sent); err != nil {
		return nil, err
	}
	return sent, t.out.checkConfidential(sent.URL) // PrepareAPI may have changed it
}

var errNoAPIBase = errors.New("provider: the URL is relative, but APIBase is not set")

// resolve makes a URL absolute. One with a host but no scheme is most likely a mistake.
func (t *apiTransport) resolve(u *url.URL) (*url.URL, error) {
	switch {
	case u.Scheme != "":
		copied := *u
		return &copied, nil
	case t.err != nil:
		return nil, t.err
	case t.base == nil:
		return nil, errNoAPIBase
	case u.Host != "" || u.User != nil:
		return nil, errors.New("provider: the URL has a host but no scheme")
	}
	return t.base.ResolveReference(u), nil
}

// redirect follows redirects within the origin of the first request.
func (t *apiTransport) redirect(req *http.Request, via []*http.Request) error {
	if err := t.follow(req, via); err != nil {
		return &notSent{err}
	}
	return nil
}

// follow sets the URL of a redirect. It is relative to the URL that the last request was really
// sent to, which may differ from the one that net/http knows.
func (t *apiTransport) follow(req *http.Request, via []*http.Request) error {
	first, err := t.resolve(via[0].URL)
	if err != nil {
		return err
	}
	last, err := t.resolve(via[len(via)-1].URL)
	if err != nil {
		return err
	}
	if req.URL, err = last.Parse(req.Response.Header.Get("Location")); err != nil {
		return errors.New("provider: the API redirects to a malformed URL")
	}
	return withinOrigin(first, req.URL, len(via))
}
