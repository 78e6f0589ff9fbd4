package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/session"
)

// A Revocation describes how a provider revokes tokens. The zero value is RFC 7009: a POST for the
// refresh token, then one for the access token, each in the parameter token with token_type_hint,
// and with client authentication.
type Revocation struct {
	// Method is the HTTP method: POST (the default) or DELETE.
	Method string

	// TokenParam is the parameter for the access token, such as "access_token", for providers that
	// expect only that token and no hint. Some then revoke all tokens of the login. Default: RFC
	// 7009.
	TokenParam string

	// Params are additional parameters, such as {"grant_type": {"delete"}}.
	Params url.Values

	// JSONBody sends a JSON object of strings instead of a form.
	JSONBody bool

	// ByToken authenticates the request with the access token, like a request to the API, instead
	// of the client, for providers that revoke the token of the request. Status 401 means that the
	// token is already invalid.
	ByToken bool
}

// check returns the mistakes in the fields.
func (v *Revocation) check() []error {
	var mistakes []error
	if !slices.Contains([]string{"", http.MethodPost, http.MethodDelete}, v.Method) {
		mistakes = append(mistakes, wrongField("Revocation.Method", "%q is not POST or DELETE",
			v.Method))
	}
	if v.ByToken && v.TokenParam != "" {
		mistakes = append(mistakes, wrongField("Revocation.TokenParam",
			"is not sent with ByToken: remove one"))
	}
	return mistakes
}

// revocations returns the parameters of each request. The refresh token is first: most providers
// then revoke its access tokens too, but not all do.
func (v *Revocation) revocations(t session.Tokens) []url.Values {
	add := func(all []url.Values, token string, params url.Values) []url.Values {
		if token == "" {
			return all
		}
		maps.Copy(params, v.Params)
		return append(all, params)
	}
	switch {
	case v.ByToken:
		return add(nil, t.AccessToken, url.Values{})
	case v.TokenParam != "":
		return add(nil, t.AccessToken, url.Values{v.TokenParam: {t.AccessToken}})
	}
	all := add(nil, t.RefreshToken, url.Values{"token": {t.RefreshToken},
		"token_type_hint": {"refresh_token"}})
	return add(all, t.AccessToken, url.Values{"token": {t.AccessToken},
		"token_type_hint": {"access_token"}})
}

// Revoke implements [Revoker] (RFC 7009). Without a revocation endpoint it does nothing.
func (o *OIDC) Revoke(ctx context.Context, t session.Tokens) error {
	m, err := o.metadata(ctx)
	if err != nil {
		return err
	}
	return o.tokenEndpoint(m).revoke(ctx, &Revocation{}, t, nil)
}

// Revoke implements [Revoker]. Without a revocation endpoint it does nothing.
func (o *OAuth2) Revoke(ctx context.Context, t session.Tokens) error {
	carry := func(r *http.Request) error { return o.carry(r, t, Profile{}) }
	return o.tokenEndpoint().revoke(ctx, &o.Revocation, t, carry)
}

// revoke revokes tokens as v describes. carry adds the access token to a request.
func (e *tokenEndpoint) revoke(
	ctx context.Context, v *Revocation, t session.Tokens, carry func(*http.Request) error,
) error {
	if e.endpoints.Revocation == "" {
		return nil
	}
	for _, params := range v.revocations(t) {
		a, err := e.sendRevocation(ctx, v, params, carry)
		if err != nil {
			return asUnavailable(FaultRefused, err)
		}
		spent := v.ByToken && a.status == http.StatusUnauthorized
		if (a.status < 200 || a.status > 299) && !spent {
			err := fmt.Errorf("revocation: status %d", a.status)
			return &Error{Fault: FaultRefused, Err: err}
		}
	}
	return nil
}

func (e *tokenEndpoint) sendRevocation(
	ctx context.Context, v *Revocation, params url.Values, carry func(*http.Request) error,
) (answer, error) {
	address, method := e.endpoints.Revocation, cmp.Or(v.Method, http.MethodPost)
	if !v.ByToken {
		return e.send(ctx, address, func(ctx context.Context, c credentials) (*http.Request,
			error) {
			return e.authenticated(ctx, method, address, params, v.JSONBody, c)
		})
	}
	build := func(ctx context.Context) (*http.Request, []string, error) {
		r, err := newRequest(ctx, method, address, params, v.JSONBody)
		if err != nil {
			return nil, nil, err
		}
		return r, nil, carry(r)
	}
	return e.out.sendOnce(ctx, address, build)
}
