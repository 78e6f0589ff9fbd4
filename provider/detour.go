package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/loopback"
)

// A detour is where this process reaches a provider that browsers reach at another origin:
// through a network of containers, or past a proxy. The zero value is none.
type detour struct {
	origin string // of the provider, as browsers know it
	to     string // here; empty for no detour
}

// wrap sends what is for the provider's origin on the detour.
func (d detour) wrap(next http.RoundTripper) http.RoundTripper {
	to, err := url.Parse(d.to)
	if d.to == "" || err != nil {
		return next
	}
	return &detourTransport{next: next, origin: originIn(d.origin), to: to}
}

type detourTransport struct {
	next   http.RoundTripper
	origin string
	to     *url.URL
}

// RoundTrip implements http.RoundTripper. The Host header stays, so that the provider speaks of itself
// as it does to browsers.
func (t *detourTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if originIn(r.URL.String()) != t.origin {
		return t.next.RoundTrip(r)
	}
	sent := r.Clone(r.Context())
	if sent.Host == "" {
		sent.Host = r.URL.Host
	}
	sent.URL.Scheme, sent.URL.Host = t.to.Scheme, t.to.Host
	resp, err := t.next.RoundTrip(sent)
	if err == nil {
		resp.Request = r
	}
	return resp, err
}

// check returns what is wrong with the address.
func (d detour) check(out outbound) error {
	if d.to == "" {
		return nil
	}
	if err := out.checkEndpoint("InternalURL", d.to); err != nil {
		return err
	}
	if u, _ := url.Parse(d.to); u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("InternalURL %s must be scheme, host and port only: paths are those of the provider's own addresses", where(u))
	}
	return nil
}

// plainHTTP lists the addresses with plain http on another machine, for the warning at start.
func plainHTTP(addresses ...address) []string {
	var found []string
	for _, a := range addresses {
		u, err := url.Parse(a.url)
		if err == nil && u.Scheme == "http" && u.Host != "" && !loopback.Host(u.Hostname()) {
			found = append(found, a.name+" "+where(u))
		}
	}
	return found
}

// ClientWithCA returns a client for a provider whose certificate is signed by a private authority, of
// which pem holds the certificate. It accepts those that the system trusts as well. It is a value for
// the HTTPClient of a provider.
func ClientWithCA(pem []byte) (*http.Client, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("provider: there is no certificate in the PEM of the authority")
	}
	t := ownTransport().Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return &http.Client{Transport: t}, nil
}
