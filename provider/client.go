package provider

import (
	"context"
	"net/http"

	"github.com/sallyport-go/sallyport/session"
)

// Client implements [Provider]. The access token goes into the Authorization header of every request
// (RFC 6750 section 2.1), so the client is for the API that the token is meant for. It does not follow
// redirects to another origin, which would hand the token on.
func (o *OIDC) Client(_ context.Context, t session.Tokens) *http.Client {
	c := o.outbound().client(sameOrigin)
	c.Timeout = 0 // the request's context decides
	c.Transport = bearer{token: t.AccessToken, next: c.Transport}
	return c
}

// bearer adds the access token.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context()) // a RoundTripper must not change the request
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
