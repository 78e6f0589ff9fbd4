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

// A Revocation says how a provider takes tokens back. The zero value is RFC 7009: a POST for the refresh token, then one for the
// access token, each in the parameter token with token_type_hint, and with client authentication.
type Revocation struct {
	// Method is that of the requests: POST (the default) or DELETE.
	Method string

	// TokenParam is the parameter for the access token, such as "access_token", for providers that want that alone and know no
	// hint. Some take all tokens of the login back with it.
	TokenParam string

	// Params are sent along, such as {"grant_type": {"delete"}}.
	Params url.Values

	// JSONBody sends a JSON object of texts instead of a form.
	JSONBody bool

	// ByToken shows the access token as any request to the API does, and no client authentication, for providers that take back
	// what a request is made with. Status 401 means that the token is of no use already.
	ByToken bool
}

// check returns what is wrong with it.
func (v *Revocation) check() []error {
	var mistakes []error
	if !slices.Contains([]string{"", http.MethodPost, http.MethodDelete}, v.Method) {
		mistakes = append(mistakes, wrongField("Revocation.Method", "%q is not POST or DELETE", v.Method))
	}
	if v.ByToken && v.TokenParam != "" {
		mistakes = append(mistakes, wrongField("Revocation.TokenParam", "is not sent with ByToken: remove one"))
	}
	return mistakes
}

// revocations are the parameters of the requests that it takes. The refresh token goes first: most providers take the access tokens
// that came from it back as well, but not all do.
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
	all := add(nil, t.RefreshToken, url.Values{"token": {t.RefreshToken}, "token_type_hint": {"refresh_token"}})
	return add(all, t.AccessToken, url.Values{"token": {t.AccessToken}, "token_type_hint": {"access_token"}})
}

// Revoke implements [Revoker] (RFC 7009). A provider without a revocation endpoint is no error.
func (o *OIDC) Revoke(ctx context.Context, t session.Tokens) error {
	m, err := o.metadata(ctx)
	if err != nil {
		return err
	}
	return o.tokenEndpoint(m).revoke(ctx, &Revocation{}, t, nil)
}

// Revoke implements [Revoker]. A provider without a revocation endpoint is no error.
func (o *OAuth2) Revoke(ctx context.Context, t session.Tokens) error {
	carry := func(r *http.Request) error { return o.carry(r, t, Profile{}) }
	return o.tokenEndpoint().revoke(ctx, &o.Revocation, t, carry)
}

// revoke revokes tokens in the way of v. carry puts the access token into a request to the API.
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
		return e.send(ctx, address, func(ctx context.Context, c credentials) (*http.Request, error) {
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
