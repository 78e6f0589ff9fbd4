package provider

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
)

// The ways in which a client authenticates (OpenID Connect Core section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authNone  = "none"
)

// credentials are what a client shows at the endpoints of its provider, and how. The secret is never shown in two
// ways at once (RFC 6749 section 2.3.1). With private_key_jwt, the secret is the assertion of one request.
type credentials struct{ id, secret, method string }

// in returns the parameters of a request with those credentials that go there.
func (c credentials) in(params url.Values) url.Values {
	all := maps.Clone(params)
	switch c.method {
	case authPost:
		all.Set("client_id", c.id)
		all.Set("client_secret", c.secret)
	case authNone:
		all.Set("client_id", c.id)
	case authKey:
		all.Set("client_id", c.id)
		all.Set("client_assertion_type", assertionType)
		all.Set("client_assertion", c.secret)
	}
	return all
}

// on puts the credentials that go into the header there, form-encoded before Basic unless raw.
func (c credentials) on(req *http.Request, raw bool) {
	if c.method != authBasic {
		return
	}
	if raw {
		req.SetBasicAuth(c.id, c.secret)
		return
	}
	req.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
}

// secrets are the spellings of the secret that a provider may repeat in an error.
func (c credentials) secrets() []string {
	if c.secret == "" {
		return nil
	}
	basic := func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) }
	escaped := url.QueryEscape(c.secret)
	return []string{basic(c.id, c.secret), basic(url.QueryEscape(c.id), escaped), c.secret, escaped, url.PathEscape(c.secret)}
}
