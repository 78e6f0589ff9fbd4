package provider

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
)

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
