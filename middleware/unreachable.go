package middleware

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// unreachable reports whether an error of a call to an API means that the API does not answer now:
// the network, a deadline, or a connection that broke. A request that was never sent, because it
// must not have been, is a fault of the application.
func unreachable(err error) bool {
	if recovered.Is(err) {
		return false
	}
	if _, refused := errors.AsType[interface {
		error
		NotSent()
	}](err); refused {
		return false
	}
	call, isCall := errors.AsType[*url.Error](err)
	if isCall {
		return call.Op != "parse" && sendable(call.URL)
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// sendable reports whether net/http can send a request to an address. A relative one is for the API
// of the provider.
func sendable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https")
}
