package middleware

import (
	"io"
	"net/http"
	"slices"
)

// removedFromTrailers are the headers that have no place in a trailer (RFC 9110 section 6.5.1), but
// that a cache or proxy may merge into those of the response. What is removed from headers is
// removed from trailers as well.
var removedFromTrailers = slices.Concat([]string{
	"Set-Cookie", "Location", "Www-Authenticate", "Authorization", "Content-", "Cache-Control",
	"Expires", "Pragma", "Vary", "Age", "Date", "Retry-After", "Warning", "Connection",
	"Keep-Alive", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Host", "X-Content-Type-Options",
	"X-Frame-Options",
}, cacheFields, removedFromResponses)

// filterTrailers filters the trailers that a response announces, and those that come with the end
// of its body.
func filterTrailers(resp *http.Response) {
	removeListed(resp.Trailer, removedFromTrailers)
	if resp.StatusCode != http.StatusSwitchingProtocols { // its body is the connection
		resp.Body = trailed{resp.Body, resp}
	}
}

// trailed is a body that filters the trailers once it has been read.
type trailed struct {
	io.ReadCloser
	of *http.Response
}

// Read implements io.Reader.
func (b trailed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		removeListed(b.of.Trailer, removedFromTrailers)
	}
	return n, err
}

// Close implements io.Closer. Reading what is left may bring trailers.
func (b trailed) Close() error {
	err := b.ReadCloser.Close()
	removeListed(b.of.Trailer, removedFromTrailers)
	return err
}
