package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// FlowKey implements [Provider].
func (o *OIDC) FlowKey(callback url.Values) string { return flowKey(callback) }

// Finish implements [Provider].
func (o *OIDC) Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session, error) {
	// 1. Is this an answer to our question, and from whom? Before that, nothing else is looked at.
	if err := checkState(f, callback); err != nil {
		return nil, err
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.checkResponseIssuer(m, callback); err != nil {
		return nil, err
	}
	// 2. What does it say?
	if err := checkResponse(strings.Fields(o.responseType()), f, o.Dialect.translated(callback)); err != nil {
		return nil, err
	}
	if o.responseType() == responseIDToken {
		return o.finishIDToken(ctx, m, f, callback.Get("id_token"))
	}
	// 3. Redeem the code, and look at the tokens no further until the ID token has passed.
	code := callback.Get("code")
	front, err := o.frontIDToken(ctx, m, f, callback)
	if err != nil {
		return nil, err
	}
	tokens, err := o.exchange(ctx, m, f, code)
	if err != nil {
		return nil, err
	}
	tokens = withScopes(tokens, o.scopes(f.Request.Scopes), proven(tokens)...)
	token, err := o.verifyIDToken(ctx, m, f, tokens.IDToken, maxDirect, hashed{tokens.AccessToken, code})
	if err != nil {
		return nil, err
	}
	if front != nil && front.subject != token.subject { // the issuer is the same: both have passed
		return nil, idTokenFault(errors.New("the two ID tokens are about different users"))
	}
	if err := checkScopes(f, tokens); err != nil {
		return nil, err
	}
	// 4. Complete the profile.
	info, err := o.userInfo(ctx, m, f, token, tokens.AccessToken)
	if err != nil {
		return nil, err
	}
	if o.callbackClaims != nil {
		info = info.with(o.callbackClaims(callback))
	}
	return o.session(token, info, tokens)
}

// checkResponseIssuer also accepts an alias, and an organization's issuer from a provider of many: it is still the same provider.
func (o *OIDC) checkResponseIssuer(m *metadata, callback url.Values) error {
	issuer, iss := m.Issuer, callback.Get("iss")
	if slices.Contains(o.IssuerAliases, iss) || o.Organizations != nil && o.isIssuer(iss) {
		issuer = iss
	}
	return checkResponseIssuer(issuer, m.IssInResponse, callback)
}
