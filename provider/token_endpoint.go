package provider

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A tokenEndpoint is where one client gets its tokens, with the endpoints beside it that want the
// same client authentication. OIDC and OAuth2 differ in nothing else there.
type tokenEndpoint struct {
	out         outbound
	endpoints   Endpoints
	clientID    string
	credentials func(context.Context) (credentials, error) // for one request
	dialect     *Dialect
	header      http.Header // sent with every request
	openID      bool        // ID tokens in answers are kept
	authSetting string      // the field that says how the client authenticates, for errors
	scopes      []string    // that a login asks for
	separator   string      // between scopes
	now         func() time.Time
	notes       *notes
}

// send sends a request with client authentication, made by build.
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

// post sends a form to an endpoint beside the token endpoint. The secret never goes into a URL.
func (e *tokenEndpoint) post(ctx context.Context, address string, form url.Values) (answer, error) {
	return e.send(ctx, address, func(ctx context.Context, c credentials) (*http.Request, error) {
		return e.authenticated(ctx, http.MethodPost, address, form, false, c)
	})
}

// authenticated makes a request with the client's credentials, under the names of the dialect.
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

// request sends a token request and reads the answer, which it also returns as it was received. The
// secrets are those of the request, which errors must not repeat.
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
	if !e.openID { // nothing here could verify it
		tokens.IDToken = ""
	}
	return tokens, received, err
}

// asUnavailable turns a request without an answer into ErrUnavailable, and any other failure into a
// fault.
func asUnavailable(fault Fault, err error) error {
	if _, ok := errors.AsType[*unreachable](err); ok {
		return &unavailable{err: err}
	}
	return &Error{Fault: fault, Err: err}
}
