package middleware

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
)

// originalHeaders are the names of the headers in which a proxy describes the request that it asks
// about.
type originalHeaders struct{ method, host, uri string }

// fieldName is a token (RFC 9110 section 5.6.2) without "_", which many servers take for "-".
var fieldName = regexp.MustCompile("^[!#$%&'*+.^`|~0-9A-Za-z-]+$")

func newOriginalHeaders(c ForwardAuthConfig) (originalHeaders, error) {
	h := originalHeaders{
		method: http.CanonicalHeaderKey(cmp.Or(c.MethodHeader, "X-Forwarded-Method")),
		host:   http.CanonicalHeaderKey(cmp.Or(c.HostHeader, "X-Forwarded-Host")),
		uri:    http.CanonicalHeaderKey(cmp.Or(c.URIHeader, "X-Forwarded-Uri")),
	}
	for _, name := range h.names() {
		if !fieldName.MatchString(name) {
			return h, fmt.Errorf("middleware: ForwardAuthConfig: %q is not a header name", name)
		}
	}
	if h.method == h.host || h.method == h.uri || h.host == h.uri {
		return h, errors.New("middleware: ForwardAuthConfig: MethodHeader, HostHeader and " +
			"URIHeader must differ")
	}
	return h, nil
}

func (h originalHeaders) names() []string { return []string{h.method, h.host, h.uri} }

// restore returns r as the guards are to see it. The method and the host decide about requests of
// other sites, and RequestURI is the address to return to. The URL stays that of the proxy's own
// request: what clients write into an address never decides who is admitted (R126).
func (h originalHeaders) restore(r *http.Request) (*http.Request, error) {
	values := make([]string, 0, 3)
	for _, name := range h.names() {
		lines := r.Header[name]
		if len(lines) != 1 || lines[0] == "" {
			return nil, fmt.Errorf("middleware: the proxy sent %d values of %s, want one: "+
				"see docs/forward-auth.md", len(lines), name)
		}
		values = append(values, lines[0])
	}
	original := r.Clone(context.WithValue(r.Context(), forwardedKey{}, true))
	original.Method, original.Host, original.RequestURI = values[0], values[1], values[2]
	// Proxies remove the Upgrade header, which concerns their own connection.
	if r.Header["Sec-Websocket-Key"] != nil || r.Header["Sec-Websocket-Version"] != nil {
		original.Header.Set("Upgrade", "websocket")
	}
	return original, nil
}

type forwardedKey struct{}

// isForwarded reports whether a proxy asks, which drops the cookies that are set.
func isForwarded(r *http.Request) bool { return r.Context().Value(forwardedKey{}) != nil }

// sentByProxy returns an error unless one of the proxies sent the request.
func sentByProxy(r *http.Request, proxies []netip.Prefix) error {
	ip, err := peer(r)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return fmt.Errorf("middleware: %s is not in ForwardAuthConfig.TrustedProxies", ip)
	}
	return nil
}

// peer is the address that the connection comes from. A Unix socket is open only to
// programs on this machine.
func peer(r *http.Request) (netip.Addr, error) {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local != nil && local.Network() == "unix" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("middleware: the peer has no IP address: %w", err)
	}
	return addr.Addr().Unmap().WithZone(""), nil
}
