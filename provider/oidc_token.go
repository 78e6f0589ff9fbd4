package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// authMethod returns the client authentication method. It is decided beforehand: after a failure
// the code is spent, so a retry with another method is not possible.
func (o *OIDC) authMethod(m *metadata) (string, error) {
	switch {
	case o.AuthMethod != "":
		return o.AuthMethod, nil
	case o.ClientKey != nil:
		return authKey, nil
	case !o.hasSecret():
		return authNone, nil
	case len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, authBasic):
		return authBasic, nil
	case slices.Contains(m.AuthMethods, authPost):
		return authPost, nil
	}
	return "", fmt.Errorf("token_endpoint_auth_methods_supported is %s, and a client secret is "+
		"configured: remove the secret, "+
		"or set AuthMethod to %s or %s if the provider accepts it all the same",
		listedTexts(m.AuthMethods), authBasic, authPost)
}

func (o *OIDC) hasSecret() bool { return o.ClientSecret != "" || o.SecretFunc != nil }

// credentials returns the client credentials for one request.
func (o *OIDC) credentials(ctx context.Context, m *metadata) (credentials, error) {
	method, err := o.authMethod(m)
	if err != nil {
		return credentials{}, err
	}
	if method == authKey {
		return o.asserting(ctx, m)
	}
	secret := o.ClientSecret
	if o.SecretFunc != nil && method != authNone {
		secret, err = recovered.Get(func() (string, error) { return o.SecretFunc(ctx) })
		if err != nil {
			return credentials{}, fmt.Errorf("SecretFunc: %w", err)
		}
		if secret == "" {
			return credentials{}, errors.New("SecretFunc returned an empty secret")
		}
	}
	return credentials{o.ClientID, secret, method}, nil
}

// tokenEndpoint returns the token endpoint in the metadata.
func (o *OIDC) tokenEndpoint(m *metadata) *tokenEndpoint {
	return &tokenEndpoint{
		out: o.outbound(), endpoints: *m.endpoints(), clientID: o.ClientID, dialect: &o.Dialect,
		credentials: func(ctx context.Context) (credentials, error) {
			return o.credentials(ctx, m)
		},
		openID: true, authSetting: "AuthMethod",
		scopes: o.scopes(nil), separator: " ", now: o.now, notes: &o.notes,
	}
}

// exchange redeems the code (RFC 6749 section 4.1.3) with the verifier and redirect URI of its
// flow.
func (o *OIDC) exchange(
	ctx context.Context, m *metadata, f *Flow, code string,
) (session.Tokens, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {f.RedirectURI},
	}
	if f.Verifier != "" {
		form.Set("code_verifier", f.Verifier)
	}
	e := o.tokenEndpoint(m)
	tokens, _, err := e.request(ctx, m.TokenEndpoint, form, code, f.State, f.Nonce, f.Verifier)
	if err != nil {
		return session.Tokens{}, err
	}
	if tokens.IDToken == "" {
		err := errors.New("the response has no id_token: check that this is an OpenID provider " +
			"and that it granted the scope openid")
		return session.Tokens{}, &Error{Fault: faultToken, Err: err}
	}
	return tokens, nil
}
