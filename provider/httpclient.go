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

// PublicOnly returns a client for providers whose addresses come from strangers, such as tenants who configure their own ([Organizations]):
//
//	publicOnly := provider.PublicOnly() // once, for all
//	...
//	&provider.OIDC{Issuer: tenant.Issuer, ClientID: tenant.ClientID, ClientSecret: secret, HTTPClient: publicOnly}
//
// It connects to public addresses only, by [DialPublic]: not to this machine, the network that it is in, or the place where clouds
// keep the credentials of machines, neither at first nor by a redirect, nor through a name that leads there. All that the provider's
// metadata names is reached through the same client, so it holds for that as well.
//
// A proxy of the environment (HTTPS_PROXY) is not used: who connects decides where, and that would be the proxy. An application that
// has to go through one gives its providers a client of its own, and lets the proxy refuse what is not public.
//
// It is safe for concurrent use. Each call makes a client with connections of its own.
func PublicOnly() *http.Client {
	t := newTransport(&net.Dialer{Control: DialPublic})
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 4
	return &http.Client{Transport: t}
}

// DialPublic refuses connections to addresses that are not public. It is a value for net.Dialer.Control, for applications that make
// the client of their providers themselves. It judges the very address that is about to be connected to, after names have been looked
// up, so a name that leads somewhere else the second time does not help (DNS rebinding).
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
	// notPublic4 is what is not reached over the internet (IANA IPv4 Special-Purpose Address Registry), and what is not a
	// host. Among it are the addresses at which clouds give away credentials, but for one that has a public one.
	notPublic4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
		"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"168.63.129.16/32")

	// public6 is what has been given out for the internet, notPublic6 what of it has another purpose: protocols (Teredo among
	// them), documentation, and 6to4, which holds addresses of IPv4.
	public6    = netip.MustParsePrefix("2000::/3")
	notPublic6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

	// nat64 stands for the IPv4 address at its end (RFC 6052 section 2.1).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// public reports whether an address is one of the internet. An IPv4 address inside of an IPv6 address is judged as what it is. An address with a
// zone is in no prefix.
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
