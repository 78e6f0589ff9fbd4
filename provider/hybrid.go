package provider

import (
	"context"
	"errors"
	"net/url"

	"github.com/sallyport-go/sallyport/session"
)

// finishIDToken ends a login whose ID token came through the browser (OpenID Connect Core section 3.2). There is
// no access token, so neither userinfo nor any other API can be asked.
func (o *OIDC) finishIDToken(ctx context.Context, m *metadata, f *Flow, raw string) (*session.Session, error) {
	token, err := o.verifyIDToken(ctx, m, f, raw, maxStranger, hashed{})
	if err != nil {
		return nil, err
	}
	return o.session(token, document{}, session.Tokens{IDToken: raw})
}

// frontIDToken checks the ID token that comes along with the code in the hybrid flow (Core section 3.3.2.12), and that the code is
// the one it was issued with. It is nil in the code flow.
func (o *OIDC) frontIDToken(ctx context.Context, m *metadata, f *Flow, callback url.Values) (*idToken, error) {
	if o.responseType() != responseCodeIDToken {
		return nil, nil
	}
	token, err := o.verifyIDToken(ctx, m, f, callback.Get("id_token"), maxStranger, hashed{code: callback.Get("code")})
	if err == nil && !token.named("c_hash") {
		err = idTokenFault(errors.New("c_hash is missing"))
	}
	return token, err
}
