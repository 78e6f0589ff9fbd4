// Package loopback recognizes addresses of this machine, the only ones that may use plain http.
package loopback

import (
	"net/netip"
	"net/url"
	"strings"
)

// Host reports whether a host, without a port, is this machine: localhost and its subdomains (RFC
// 6761 section 6.3), 127.0.0.0/8 or ::1.
func Host(host string) bool {
	if below, found := strings.CutSuffix(host, "localhost"); found {
		return below == "" || strings.HasSuffix(below, ".") && !strings.HasPrefix(below, ".")
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Beside reports whether a host, without a port, must be in the local network, such as another
// container: a name without a dot or under .internal or .local, or a private address.
func Beside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate()
	}
	return host != "" && !strings.ContainsAny(host, ".:") ||
		strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}

// URL reports whether the host of a URL is this machine.
func URL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && Host(u.Hostname())
}
