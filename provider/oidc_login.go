package provider

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// Begin implements [Provider].
func (o *OIDC) Begin(ctx context.Context, f *Flow) (string, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return "", err
	}
	f.Issuer = o.Issuer
	f.State, f.Nonce = cmp.Or(f.State, random(16)), random(16)
	if o.usesPKCE() {
		f.Verifier = oauth2.GenerateVerifier()
	}
	params := o.authorizationRequest(f)
	if m.PARRequired || o.PAR == PARAlways {
		if params, err = o.push(ctx, m, params); err != nil {
			return "", err
		}
	}
	return withParams(m.AuthorizationEndpoint, params)
}

func (o *OIDC) usesPKCE() bool {
	return !o.InsecureNoPKCE && !o.Quirks.NoPKCE && o.responseType() != responseIDToken
}

// authorizationRequest is the request of OpenID Connect Core section 3.1.2.1.
func (o *OIDC) authorizationRequest(f *Flow) url.Values {
	params := client{o.ClientID, strings.Join(o.scopes(f.Request.Scopes), " "), o.AuthParams}.authorizationRequest(f)
	params.Set("response_type", o.responseType())
	if o.ResponseMode() != "query" {
		params.Set("response_mode", o.ResponseMode())
	}
	params.Set("nonce", f.Nonce)
	if maxAge := o.maxAge(f); maxAge != nil {
		params.Set("max_age", strconv.FormatInt(int64(*maxAge/time.Second), 10))
	}
	if acr := o.acrValues(f); len(acr) > 0 {
		params.Set("acr_values", strings.Join(acr, " "))
	}
	return params
}

// maxRequestURI bounds request_uri, which is of no use in an address that is too long for browsers.
const maxRequestURI = 1024

// push sends the request to the provider directly and returns what is left for the browser to carry
// (RFC 9126 section 2). There is no way back to a plain request: a failure fails the login.
func (o *OIDC) push(ctx context.Context, m *metadata, params url.Values) (url.Values, error) {
	a, err := o.post(ctx, m, m.PAREndpoint, params)
	if err != nil {
		return nil, asUnavailable(FaultRefused, err)
	}
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return nil, oauthError(FaultRefused, a, []string{params.Get("state"), params.Get("nonce")})
	}
	pushed, err := a.read(newSchema("answer to a pushed request", "request_uri"), &o.notes)
	if err != nil {
		return nil, &Error{Fault: FaultRefused, Err: err}
	}
	address, err := pushed.text("request_uri")
	if err != nil || address == "" || len(address) > maxRequestURI {
		return nil, &Error{Fault: FaultRefused, Err: errors.New("the answer to the pushed request has no usable request_uri")}
	}
	return url.Values{"client_id": {o.ClientID}, "request_uri": {address}}, nil
}

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
	more, err := o.callbackClaims(callback)
	if err != nil {
		return nil, err
	}
	return o.session(token, info.with(more), tokens)
}

// checkResponseIssuer also accepts an alias, and an organization's issuer from a provider of many: it is still the same provider.
func (o *OIDC) checkResponseIssuer(m *metadata, callback url.Values) error {
	issuer, iss := m.Issuer, callback.Get("iss")
	if slices.Contains(o.IssuerAliases, iss) || o.Organizations != nil && o.isIssuer(iss) {
		issuer = iss
	}
	return checkResponseIssuer(issuer, m.IssInResponse, callback)
}

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
