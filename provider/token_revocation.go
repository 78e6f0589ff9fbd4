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

// Revoke implements [Revoker]. A provider without RevokeURL is no error.
func (o *OAuth2) Revoke(ctx context.Context, t session.Tokens) error {
	if o.RevokeURL == "" {
		return nil
	}
	for _, params := range o.Revocation.revocations(t) {
		a, err := o.revoke(ctx, t, params)
		if err != nil {
			return asUnavailable(FaultRefused, err)
		}
		spent := o.Revocation.ByToken && a.status == http.StatusUnauthorized
		if (a.status < 200 || a.status > 299) && !spent {
			return &Error{Fault: FaultRefused, Err: fmt.Errorf("revocation: status %d", a.status)}
		}
	}
	return nil
}

func (o *OAuth2) revoke(ctx context.Context, t session.Tokens, params url.Values) (answer, error) {
	c := o.credentials()
	if !o.Revocation.ByToken {
		params = renamed(c.in(params), o.Dialect.Names)
	}
	method := cmp.Or(o.Revocation.Method, http.MethodPost)
	return o.outbound().sendOnce(ctx, o.RevokeURL, func(ctx context.Context) (*http.Request, []string, error) {
		r, err := newRequest(ctx, method, o.RevokeURL, params, o.Revocation.JSONBody)
		if err != nil {
			return nil, nil, err
		}
		if o.Revocation.ByToken {
			return r, nil, o.carry(r, t, Profile{})
		}
		addHeader(r, o.Header)
		c.on(r, o.Dialect.RawBasic)
		return r, c.secrets(), nil
	})
}

// Revoke implements [Revoker] (RFC 7009). A provider without a revocation endpoint is no error.
func (o *OIDC) Revoke(ctx context.Context, t session.Tokens) error {
	m, err := o.metadata(ctx)
	if err != nil || m.RevocationEndpoint == "" {
		return err
	}
	for _, params := range new(Revocation).revocations(t) {
		a, err := o.post(ctx, m, m.RevocationEndpoint, params)
		if err != nil {
			return asUnavailable(FaultRefused, err)
		}
		if a.status != http.StatusOK {
			return &Error{Fault: FaultRefused, Err: fmt.Errorf("revocation: status %d", a.status)}
		}
	}
	return nil
}
