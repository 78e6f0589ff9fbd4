package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// tokenRequest returns a token request in the dialect.
func (d *Dialect) tokenRequest(ctx context.Context, c credentials, endpoint string,
	params url.Values) (*http.Request, error) {
	params = maps.Clone(params)
	maps.Copy(params, d.Params)
	params = renamed(c.in(params), d.Names)
	if d.EditRequest != nil {
		err := recovered.Call(func() error { d.EditRequest(params); return nil })
		if err != nil {
			return nil, fmt.Errorf("EditRequest: %w", err)
		}
	}
	how := d.Method
	if how == "" {
		how = http.MethodPost
	}
	r, err := newRequest(ctx, how, endpoint, params, d.JSONBody)
	if err != nil {
		return nil, err
	}
	c.on(r, d.RawBasic)
	return r, nil
}

// newRequest returns a request with parameters in the URL for GET, else in the body.
func newRequest(ctx context.Context, method, endpoint string, params url.Values,
	asJSON bool) (*http.Request, error) {
	body, media := "", ""
	switch {
	case method == http.MethodGet:
		var err error
		if endpoint, err = withParams(endpoint, params); err != nil {
			return nil, err
		}
	case asJSON:
		object := make(map[string]string, len(params))
		for name := range params {
			object[name] = params.Get(name)
		}
		raw, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body, media = string(raw), "application/json"
	case len(params) > 0:
		body, media = params.Encode(), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, method, endpoint, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("bad address: %w", rootCause(err))
	}
	notRepeated(req)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	return req, nil
}

// notRepeated prevents the transport from repeating the request: net/http repeats a GET, or a
// request without a body.
func notRepeated(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = io.NopCloser(http.NoBody)
	}
}

// addHeader adds the configured fields that are not set yet.
func addHeader(req *http.Request, header http.Header) {
	for name, values := range header {
		name = http.CanonicalHeaderKey(name)
		if _, set := req.Header[name]; !set {
			req.Header[name] = slices.Clone(values)
		}
	}
}

// The client authentication methods (OpenID Connect Core section 9).
const (
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
	authNone  = "none"
)

// credentials are the client credentials of one request, and the authentication method. The secret
// is never sent in two ways at once (RFC 6749 section 2.3.1). With private_key_jwt, secret is the
// assertion.
type credentials struct{ id, secret, method string }

// in returns the parameters of a request with the credentials that the method sends in the body.
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

// on sets the credentials that the method sends in the header, form-encoded before Basic unless
// raw.
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

// secrets returns the spellings of the secret that a provider may repeat in an error.
func (c credentials) secrets() []string {
	if c.secret == "" {
		return nil
	}
	basic := func(id, secret string) string {
		return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
	}
	escaped := url.QueryEscape(c.secret)
	return []string{basic(c.id, c.secret), basic(url.QueryEscape(c.id), escaped), c.secret, escaped,
		url.PathEscape(c.secret)}
}
