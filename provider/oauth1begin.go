package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

// Begin implements [Provider]. It asks for a request token (RFC 5849 section 2.1), which the browser takes along; its secret
// stays in the flow.
func (o *OAuth1) Begin(ctx context.Context, f *Flow) (string, error) {
	if err := checkRequest(f.Request); err != nil {
		return "", err
	}
	f.Issuer, f.State = o.issuer(), cmp.Or(f.State, random(16))
	// The provider brings back nothing but the token and the verifier, so our own state is part of the address that it sends the
	// browser to. Unlike the token it is not in the authorization request, where others may see it.
	callback, err := withParams(f.RedirectURI, url.Values{"state": {f.State}})
	if err != nil {
		return "", err
	}
	granted, err := o.ask(ctx, FaultRefused, o.RequestTokenURL, o.signer("", ""), oauth1.Param{Name: "oauth_callback", Value: callback})
	if err != nil {
		return "", err
	}
	if err := o.checkConfirmed(granted); err != nil {
		return "", &Error{Fault: FaultRefused, Err: err}
	}
	f.Token, f.Secret = granted.token, granted.secret
	params := maps.Clone(o.AuthorizeParams)
	if params == nil {
		params = url.Values{}
	}
	params.Set("oauth_token", f.Token)
	return withParams(o.AuthorizeURL, params)
}

// checkConfirmed makes sure that this is OAuth 1.0a, in which the callback cannot be exchanged for another later on (RFC 5849 section
// 2.1). Some servers write True.
func (o *OAuth1) checkConfirmed(c credential) error {
	if !strings.EqualFold(c.extras["oauth_callback_confirmed"], "true") && !o.InsecureUnconfirmedCallback {
		return errors.New("the answer lacks oauth_callback_confirmed=true: is this a server of OAuth 1.0a, and does it know the redirect URI?")
	}
	return nil
}

// checkRequest refuses what OAuth 1.0a cannot deliver before the user goes there in vain.
func checkRequest(r Request) error {
	var what string
	switch {
	case r.MaxAge != nil:
		what = "a recent sign-in"
	case len(r.ACRValues) > 0:
		what = "an authentication context class"
	case len(r.Scopes) > 0:
		what = "a scope"
	default:
		return nil
	}
	return &Error{Fault: FaultStepUp, Err: fmt.Errorf("OAuth 1.0a knows no way to ask for %s", what)}
}
