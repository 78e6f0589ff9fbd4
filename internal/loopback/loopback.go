// Package loopback tells the machine itself from everything else: plain http is for the former only.
package loopback

import (
	"net/netip"
	"net/url"
)

// Host reports whether a host name is this machine: localhost, 127.0.0.0/8 or ::1, without a port.
func Host(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// URL reports whether an address leads to this machine.
func URL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && Host(u.Hostname())
}
