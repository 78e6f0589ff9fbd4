package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
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
