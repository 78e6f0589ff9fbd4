package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/sallyport-go/sallyport/session"
)

// authMethod is the one way to authenticate. It is decided beforehand: a second try would
// find the code spent.
func (o *OIDC) authMethod(m *metadata) (string, error) {
	switch {
	case o.AuthMethod != "":
		return o.AuthMethod, nil
	case o.ClientSecret == "":
		return authNone, nil
	case len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, authBasic):
		return authBasic, nil
	case slices.Contains(m.AuthMethods, authPost):
		return authPost, nil
	}
	return "", errors.New("the provider takes no client secret at its token endpoint")
}

// post sends a form to one of the provider's endpoints with client authentication.
func (o *OIDC) post(ctx context.Context, m *metadata, endpoint string, form url.Values) (answer, error) {
	method, err := o.authMethod(m)
	if err != nil {
		return answer{}, err
	}
	return credentials{o.ClientID, o.ClientSecret, method}.post(ctx, o.outbound(), endpoint, form)
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
	a, err := o.post(ctx, m, m.TokenEndpoint, form)
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
	tokens, _, err := new(Dialect).tokens(a, o.now(), append(secrets, o.ClientSecret))
	return tokens, err
}
