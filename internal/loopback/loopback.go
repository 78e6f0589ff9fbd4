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

// URL reports whether an address leads to this machine.
func URL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && Host(u.Hostname())
}
