package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// authMethod is the one way to authenticate. It is decided beforehand: a second try would
// find the code spent.
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
	return "", fmt.Errorf("token_endpoint_auth_methods_supported is %s, and a client secret is configured: remove the secret, "+
		"or set AuthMethod to %s or %s if the provider accepts it all the same", listedTexts(m.AuthMethods), authBasic, authPost)
}

func (o *OIDC) hasSecret() bool { return o.ClientSecret != "" || o.SecretFunc != nil }

// credentials are what the client shows in one request.
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
			return credentials{}, errors.New("SecretFunc: the secret is empty")
		}
	}
	return credentials{o.ClientID, secret, method}, nil
}

// post sends a form to one of the provider's endpoints with client authentication. The secret never
// goes into a URL.
func (o *OIDC) post(ctx context.Context, m *metadata, endpoint string, form url.Values) (answer, error) {
	return o.outbound().sendOnce(ctx, endpoint, func(ctx context.Context) (*http.Request, []string, error) {
		c, err := o.credentials(ctx, m)
		if err != nil {
			return nil, nil, err
		}
		r, err := newRequest(ctx, http.MethodPost, endpoint, c.in(form), false)
		if err != nil {
			return nil, nil, err
		}
		c.on(r, o.Dialect.RawBasic)
		return r, c.secrets(), nil
	})
}

// postToken sends a token request.
func (o *OIDC) postToken(ctx context.Context, m *metadata, form url.Values) (answer, error) {
	return o.outbound().sendOnce(ctx, m.TokenEndpoint, func(ctx context.Context) (*http.Request, []string, error) {
		c, err := o.credentials(ctx, m)
		if err != nil {
			return nil, nil, err
		}
		r, err := o.Dialect.tokenRequest(ctx, c, m.TokenEndpoint, form)
		return r, c.secrets(), err
	})
}

// asUnavailable turns a request without an answer into ErrUnavailable, and any other failure into a fault.
func asUnavailable(fault Fault, err error) error {
	if _, ok := errors.AsType[*unreachable](err); ok {
		return &unavailable{err: err}
	}
	return &Error{Fault: fault, Err: err}
}

// exchange redeems the code (RFC 6749 section 4.1.3) with the verifier and redirect URI of its own flow.
func (o *OIDC) exchange(ctx context.Context, m *metadata, f *Flow, code string) (session.Tokens, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {f.RedirectURI}}
	if f.Verifier != "" {
		form.Set("code_verifier", f.Verifier)
	}
	a, err := o.postToken(ctx, m, form)
	if err != nil {
		return session.Tokens{}, asUnavailable(FaultToken, err)
	}
	tokens, err := o.tokens(a, code, f.State, f.Nonce, f.Verifier)
	if err != nil {
		return session.Tokens{}, err
	}
	if tokens.IDToken == "" {
		return session.Tokens{}, &Error{Fault: FaultToken, Err: errors.New("the answer has no id_token: is this an OpenID provider, and was openid granted?")}
	}
	return tokens, nil
}

// tokens reads an answer of the token endpoint. The secrets are those of the request.
func (o *OIDC) tokens(a answer, secrets ...string) (session.Tokens, error) {
	tokens, _, err := o.Dialect.tokens(a, o.now(), secrets, &o.notes)
	return tokens, err
}
