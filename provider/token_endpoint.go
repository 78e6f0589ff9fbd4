package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// A tokenEndpoint sends requests to the token endpoint, and to the other endpoints with the same
// client authentication. Its fields are all that differs between OIDC and OAuth2.
type tokenEndpoint struct {
	out         outbound
	endpoints   Endpoints
	clientID    string
	credentials func(context.Context) (credentials, error) // of one request
	dialect     *Dialect
	header      http.Header // sent with every request
	openID      bool        // ID tokens in responses are kept
	authSetting string      // the field that configures client authentication, for errors
	scopes      []string    // that a login requests
	separator   string      // between scopes
	now         func() time.Time
	notes       *notes
}

// send sends a request with client authentication, which build returns.
func (e *tokenEndpoint) send(
	ctx context.Context, address string,
	build func(context.Context, credentials) (*http.Request, error),
) (answer, error) {
	send := func(ctx context.Context) (*http.Request, []string, error) {
		c, err := e.credentials(ctx)
		if err != nil {
			return nil, nil, err
		}
		r, err := build(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		addHeader(r, e.header)
		return r, c.secrets(), nil
	}
	return e.out.sendOnce(ctx, address, send)
}

// post sends a form to another endpoint than the token endpoint. The secret is never in a URL.
func (e *tokenEndpoint) post(ctx context.Context, address string, form url.Values) (answer, error) {
	return e.send(ctx, address, func(ctx context.Context, c credentials) (*http.Request, error) {
		return e.authenticated(ctx, http.MethodPost, address, form, false, c)
	})
}

// authenticated returns a request with the client's credentials, under the names of the dialect.
func (e *tokenEndpoint) authenticated(
	ctx context.Context, method, address string, params url.Values, asJSON bool, c credentials,
) (*http.Request, error) {
	params = maps.Clone(params)
	maps.Copy(params, renamed(c.in(url.Values{}), e.dialect.Names))
	r, err := newRequest(ctx, method, address, params, asJSON)
	if err != nil {
		return nil, err
	}
	c.on(r, e.dialect.RawBasic)
	return r, nil
}

// request sends a token request and reads the response, which it also returns as received. secrets
// are those in the request, to redact in errors.
func (e *tokenEndpoint) request(
	ctx context.Context, address string, form url.Values, secrets ...string,
) (session.Tokens, json.RawMessage, error) {
	a, err := e.send(ctx, address, func(ctx context.Context, c credentials) (*http.Request, error) {
		return e.dialect.tokenRequest(ctx, c, address, form)
	})
	if err != nil {
		return session.Tokens{}, nil, asUnavailable(faultToken, err)
	}
	tokens, received, err := e.dialect.tokens(a, e.now(), secrets, e.notes)
	if err != nil && form.Get("grant_type") == "refresh_token" {
		err = e.dialect.refreshError(err, a, e.authSetting)
	}
	if !e.openID { // it cannot be verified
		tokens.IDToken = ""
	}
	return tokens, received, err
}

// asUnavailable returns an ErrUnavailable for a request without a response, and a fault for any
// other failure.
func asUnavailable(fault Fault, err error) error {
	if _, ok := errors.AsType[*unreachable](err); ok {
		return &unavailable{err: err}
	}
	return &Error{Fault: fault, Err: err}
}

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
