package oauth1

import (
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// A Transport signs each request on its way. It is safe for concurrent use if Next is.
//
// A redirect that the client follows is signed anew. That is safe on one origin; a client must not follow redirects to another,
// which would be handed a signature of the user's, and with PLAINTEXT the secrets.
type Transport struct {
	Signer *Signer
	Next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. It sends a copy: the request itself is not changed.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if err := t.Signer.Sign(signed); err != nil {
		if r.Body != nil {
			r.Body.Close() // as a RoundTripper must, also when it fails
		}
		return nil, err
	}
	return recovered.Get(func() (*http.Response, error) { return t.Next.RoundTrip(signed) })
}
