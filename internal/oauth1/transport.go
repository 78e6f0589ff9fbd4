package oauth1

import (
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// A Transport signs each request and sends it with Next. It is safe for concurrent use if Next is.
//
// Redirected requests are signed again. The client must follow redirects within one origin only:
// another origin would receive a signature made for the user or, with PLAINTEXT, the secrets.
type Transport struct {
	Signer *Signer
	Next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. It signs and sends a copy of the request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if err := t.Signer.Sign(signed); err != nil {
		if r.Body != nil {
			r.Body.Close() // a RoundTripper must close the body, even on error
		}
		return nil, err
	}
	return recovered.Get(func() (*http.Response, error) { return t.Next.RoundTrip(signed) })
}
