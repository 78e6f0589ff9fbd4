package provider

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// endpointIdle is how long a connection to a provider's endpoint is kept for the next request. It
// is less than what servers keep: one that the server closes just as a code arrives costs a login,
// and those on Node.js close after five seconds.
const endpointIdle = 3 * time.Second

// ownTransport is for providers without an HTTPClient: not http.DefaultTransport, which the
// application may have changed for its own purposes.
var ownTransport = sync.OnceValue(func() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  outboundTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
})

// ownEndpoints is ownTransport for the endpoints of all providers without an HTTPClient.
var ownEndpoints = sync.OnceValue(func() *http.Transport { return briefly(ownTransport()) })

// briefly is a transport like t that keeps idle connections for endpointIdle at most.
func briefly(t *http.Transport) *http.Transport {
	if 0 < t.IdleConnTimeout && t.IdleConnTimeout <= endpointIdle {
		return t
	}
	brief := t.Clone()
	brief.IdleConnTimeout = endpointIdle
	return brief
}

// connections are those to one provider's endpoints, if its HTTPClient has a transport of its own.
// The zero value is ready for use.
type connections struct {
	once  sync.Once
	brief *http.Transport
}

// transport returns what requests to the provider's endpoints are sent with. Of the transports of
// applications only *http.Transport can be told how long to keep a connection.
func (c *connections) transport(configured http.RoundTripper) http.RoundTripper {
	switch t := configured.(type) {
	case nil:
		return ownEndpoints()
	case *http.Transport:
		c.once.Do(func() { c.brief = briefly(t) })
		return c.brief
	}
	return configured
}

// unused is a transport like t that opens a connection for each request, or nil if t is not an
// *http.Transport, which cannot be told to.
func unused(t http.RoundTripper) http.RoundTripper {
	if through, ok := t.(*detourTransport); ok {
		next := unused(through.next)
		if next == nil {
			return nil
		}
		return &detourTransport{next: next, origin: through.origin, to: through.to}
	}
	known, ok := t.(*http.Transport)
	if !ok {
		return nil
	}
	fresh := known.Clone()
	fresh.DisableKeepAlives = true
	return fresh
}
