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

// endpointIdle is how long an idle connection to a provider's endpoint is kept. It is shorter than
// the limit of servers (five seconds on Node.js): a server that closes a connection just as a code
// arrives would fail a login.
const endpointIdle = 3 * time.Second

// ownTransport is for providers without an HTTPClient. It replaces http.DefaultTransport, which the
// application may have changed.
var ownTransport = sync.OnceValue(func() *http.Transport {
	t := newTransport(&net.Dialer{})
	t.Proxy = http.ProxyFromEnvironment
	t.MaxIdleConnsPerHost = 16
	return t
})

// newTransport returns a transport that connects with the dialer and TLS 1.2 or newer, and waits
// for a response no longer than a request may take.
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

// briefly returns a transport like t that keeps idle connections for at most endpointIdle.
func briefly(t *http.Transport) *http.Transport {
	if 0 < t.IdleConnTimeout && t.IdleConnTimeout <= endpointIdle {
		return t
	}
	brief := t.Clone()
	brief.IdleConnTimeout = endpointIdle
	return brief
}

// connections holds the transport to one provider's endpoints, if its HTTPClient has a transport.
// The zero value is ready for use.
type connections struct {
	once  sync.Once
	brief *http.Transport
}

// transport returns the transport for the provider's endpoints. Of the applications' transports,
// only an *http.Transport can limit idle time.
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

// unused returns a transport like t that opens a new connection for each request, or nil if t is
// not an *http.Transport.
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

// A newRequestFunc returns a request with new credentials: its own assertion, nonce and timestamp.
// secrets are the client secrets in it.
type newRequestFunc func(context.Context) (r *http.Request, secrets []string, err error)

// sendOnce sends a request that carries a code, a token or a secret. The provider may have
// processed it even if no response arrives, so it is not repeated, with one exception: if a reused
// connection ends before the first byte of the response, it was most likely closed before the
// request arrived. A new request is then sent on a new connection. Errors name the endpoint's URL
// without its query.
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

// An attempt observes the connection of one request.
type attempt struct {
	endpoint         string
	reused, answered atomic.Bool // the connection was; at least one byte was
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

// closedBeforehand reports whether a reused connection ended without a response. The end of an
// HTTP/2 stream is a response.
func (t *attempt) closedBeforehand(err error) bool {
	if !t.reused.Load() || t.answered.Load() {
		return false
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return (op.Op == "read" || op.Op == "write") && !op.Timeout()
	}
	// net/http does not export the error of a connection that ends before the request is written.
	const unnamed = "server closed idle connection"
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		strings.Contains(err.Error(), unnamed)
}

// A detour is the origin at which this process reaches a provider that browsers reach at another:
// in a container network, or behind a proxy. The zero value is none.
type detour struct {
	origin string // of the provider, as browsers know it
	to     string // here; empty for no detour
}

// wrap returns a transport that sends requests for the provider's origin to the detour.
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

// RoundTrip implements http.RoundTripper. It keeps the Host header, so that the provider returns
// the same URLs as to browsers.
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

// check returns the mistake in the address, if any.
func (d detour) check(out outbound) error {
	if d.to == "" {
		return nil
	}
	if err := out.checkEndpoint("InternalURL", d.to); err != nil {
		return err
	}
	if u, _ := url.Parse(d.to); u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Path != "" &&
		u.Path != "/" {
		return wrongField("InternalURL",
			"%s must be scheme, host and port only: paths are taken from the provider's own URLs",
			where(u))
	}
	return nil
}
