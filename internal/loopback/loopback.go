// Package loopback tells the machine itself from everything else: plain http is for the former only.
package loopback

import (
	"net/netip"
	"net/url"
	"strings"
)

// Host reports whether a host name is this machine: localhost and the names below it (RFC 6761
// section 6.3), 127.0.0.0/8 or ::1, without a port.
func Host(host string) bool {
	if below, found := strings.CutSuffix(host, "localhost"); found {
		return below == "" || strings.HasSuffix(below, ".") && !strings.HasPrefix(below, ".")
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Beside reports whether a host can only be a machine near this one, such as a container of the same
// network: a name without a dot or below .internal or .local, or a private address.
func Beside(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate()
	}
	return host != "" && !strings.ContainsAny(host, ".:") ||
		strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}

// URL reports whether an address leads to this machine.
func URL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && Host(u.Hostname())
}
