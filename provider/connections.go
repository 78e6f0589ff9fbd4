package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// endpointIdle is how long a connection to a provider's endpoint is kept for the next request. It
// is less than what servers keep: one that the server closes just as a code arrives costs a login,
// and those on Node.js close after five seconds.
const endpointIdle = 3 * time.Second

// ownTransport is for providers without an HTTPClient: not http.DefaultTransport, which the
// application may have changed for its own purposes.
var ownTransport = sync.OnceValue(func() *http.Transport {
	t := newTransport(&net.Dialer{})
	t.Proxy = http.ProxyFromEnvironment
	t.MaxIdleConnsPerHost = 16
	return t
})

// newTransport is a transport that connects with the dialer. It knows TLS 1.2 or newer, and waits
// for a provider no longer than a request may take.
func newTransport(d *net.Dialer) *http.Transport {
	d.Timeout, d.KeepAlive = 5*time.Second, 30*time.Second
	return &http.Transport{
		DialContext:            d.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  outboundTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
		ForceAttemptHTTP2:      true,
	}
}

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

// A newRequestFunc makes a request with credentials that have never been sent: an assertion, a
// nonce and a timestamp of its own. The secrets are those of the client in it.
type newRequestFunc func(context.Context) (r *http.Request, secrets []string, err error)

// sendOnce sends a request that carries a code, a token or a secret. The provider may have acted on
// it even if no answer arrives, so it is not repeated, with one exception: a connection that was
// kept from an earlier request and ends before the first byte of the answer was most likely closed
// before the request arrived. A new request is then sent on a connection opened for it. Errors name
// the endpoint's address without its query.
func (out outbound) sendOnce(
	ctx context.Context, endpoint string, newRequest newRequestFunc,
) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, outboundTimeout)
	defer cancel()
	c := out.client(never)
	first := attempt{endpoint: endpoint}
	a, err := first.send(ctx, c, newRequest)
	if err == nil || ctx.Err() != nil || !first.closedBeforehand(err) {
		return a, err
	}
	if c.Transport = unused(c.Transport); c.Transport == nil {
		return a, err
	}
	second := attempt{endpoint: endpoint}
	a, err = second.send(ctx, c, newRequest)
	a.repeated = true
	return a, err
}

// An attempt observes one request on its way.
type attempt struct {
	endpoint         string
	reused, answered atomic.Bool // the connection; at least by one byte
}

func (t *attempt) send(
	ctx context.Context, c *http.Client, newRequest newRequestFunc,
) (answer, error) {
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(info httptrace.GotConnInfo) { t.reused.Store(info.Reused) },
		GotFirstResponseByte: func() { t.answered.Store(true) },
	})
	r, secrets, err := newRequest(traced)
	if err != nil {
		return answer{}, err
	}
	a, err := doNamed(c, r, displayed(t.endpoint))
	a.sent = secrets
	return a, err
}

// closedBeforehand reports whether the connection had been used before, and ended without an
// answer. What HTTP/2 calls the end of a stream is an answer.
func (t *attempt) closedBeforehand(err error) bool {
	if !t.reused.Load() || t.answered.Load() {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return (op.Op == "read" || op.Op == "write") && !op.Timeout()
	}
	// net/http has no name for the error of a connection that ends before the request is written.
	const unnamed = "server closed idle connection"
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), unnamed)
}

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
		return wrongField("InternalURL", "%s must be scheme, host and port only: paths are those of the provider's own addresses", where(u))
	}
	return nil
}
