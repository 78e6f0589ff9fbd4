package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The ways in which a client authenticates (OpenID Connect Core section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authNone  = "none"
)

// credentials are what a client shows at the endpoints of its provider, and how.
type credentials struct{ id, secret, method string }

// post sends a form with client authentication. The secret never goes into a URL, and never in two ways at
// once (RFC 6749 section 2.3.1). Nothing is retried: a code that was sent may be spent.
func (c credentials) post(ctx context.Context, out outbound, endpoint string, form url.Values) (answer, error) {
	body := url.Values{}
	for name, values := range form {
		body[name] = values
	}
	switch c.method {
	case authPost:
		body.Set("client_id", c.id)
		body.Set("client_secret", c.secret)
	case authNone:
		body.Set("client_id", c.id)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body.Encode()))
	if err != nil {
		return answer{}, fmt.Errorf("bad address: %w", err)
	}
	req.GetBody = nil // not to be sent again by the transport either
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.method == authBasic {
		req.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
	}
	return do(out.client(never), req)
}
