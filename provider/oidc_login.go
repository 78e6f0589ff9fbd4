package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// The response types that are supported.
const (
	responseCode        = "code"
	responseIDToken     = "id_token"
	responseCodeIDToken = "code id_token"
)

func (o *OIDC) responseMode() string {
	if o.responseType() == responseCode && !o.FormPost {
		return "query"
	}
	return "form_post" // the default would be the fragment, which servers do not receive
}

func (o *OIDC) responseType() string {
	if o.ResponseType == "" {
		return responseCode
	}
	return o.ResponseType
}

var errTokenInBrowser = errors.New("an access token must not pass through the browser, where it " +
	"leaks and can be swapped (RFC 9700 section 2.1.2); use the code flow")

// Begin implements [Provider].
func (o *OIDC) Begin(ctx context.Context, f *Flow) (string, error) {
	if err := checkParams(f); err != nil {
		return "", err
	}
	if _, err := o.requestedClaims(f); err != nil {
		return "", fmt.Errorf("provider: Request.Params: %w", err)
	}
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
	if m.PARRequired || o.PAR {
		if params, err = o.push(ctx, m, params); err != nil {
			return "", err
		}
	}
	return withParams(m.AuthorizationEndpoint, params)
}

func (o *OIDC) usesPKCE() bool {
	return !o.InsecureNoPKCE && !o.Quirks.NoPKCE && o.responseType() != responseIDToken
}

// authorizationRequest returns the authorization request (OpenID Connect Core section 3.1.2.1).
func (o *OIDC) authorizationRequest(f *Flow) url.Values {
	params := client{o.ClientID, strings.Join(o.scopes(f.Request.Scopes), " "),
		o.AuthParams}.authorizationRequest(f)
	params.Set("response_type", o.responseType())
	if o.responseMode() != "query" {
		params.Set("response_mode", o.responseMode())
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

// maxRequestURI bounds request_uri, because browsers limit the length of URLs.
const maxRequestURI = 1024

// push sends the request to the provider directly and returns the parameters for the browser (RFC
// 9126 section 2). It does not fall back to a plain request: a failure fails the login.
func (o *OIDC) push(ctx context.Context, m *metadata, params url.Values) (url.Values, error) {
	a, err := o.tokenEndpoint(m).post(ctx, m.PAREndpoint, params)
	if err != nil {
		return nil, asUnavailable(FaultRefused, err)
	}
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return nil, o.Dialect.refused(FaultRefused, a, nil,
			[]string{params.Get("state"), params.Get("nonce")})
	}
	pushed, err := a.read(newSchema("PAR response", "request_uri"), &o.notes)
	if err != nil {
		return nil, &Error{Fault: FaultRefused, Err: err}
	}
	address, err := pushed.text("request_uri")
	if err != nil || address == "" || len(address) > maxRequestURI {
		return nil, &Error{Fault: FaultRefused,
			Err: errors.New("the response to the pushed request has no usable request_uri")}
	}
	return url.Values{"client_id": {o.ClientID}, "request_uri": {address}}, nil
}

// FlowKey implements [Provider].
func (o *OIDC) FlowKey(callback url.Values) string { return flowKey(callback) }

// A login is the state of a callback in the four steps of Finish.
type login struct {
	flow     *Flow
	callback url.Values
	metadata *metadata

	front  *idToken // from the browser; nil in the code flow
	tokens session.Tokens
	token  *idToken // identifies the user
}

// Finish implements [Provider].
func (o *OIDC) Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session, error) {
	l := &login{flow: f, callback: callback}
	steps := []func(context.Context, *login) error{o.checkCallback, o.redeemCode, o.verifyLogin}
	for _, step := range steps {
		if err := step(ctx, l); err != nil {
			return nil, err
		}
	}
	return o.completeUser(ctx, l)
}

// checkCallback checks that the callback belongs to this login and comes from this provider, before
// anything else is read, and that it is a success.
func (o *OIDC) checkCallback(ctx context.Context, l *login) (err error) {
	if err := checkState(l.flow, l.callback); err != nil {
		return err
	}
	if l.metadata, err = o.metadata(ctx); err != nil {
		return err
	}
	if err := o.checkResponseIssuer(l.metadata, l.callback); err != nil {
		return err
	}
	asked := strings.Fields(o.responseType())
	return checkResponse(asked, l.flow, o.Dialect.translated(l.callback))
}

// redeemCode exchanges the code for tokens, which are not used before the ID token is verified. An
// ID token from the browser is verified first: it may be issued with the code (OpenID Connect Core
// section 3.3.2.12), or without a code and access token (section 3.2).
func (o *OIDC) redeemCode(ctx context.Context, l *login) (err error) {
	code, raw := l.callback.Get("code"), l.callback.Get("id_token")
	if o.responseType() != responseCode {
		h := hashed{code: code}
		l.front, err = o.verifyIDToken(ctx, l.metadata, l.flow, raw, maxStranger, h)
		if err != nil {
			return err
		}
	}
	if o.responseType() == responseIDToken {
		l.tokens = session.Tokens{IDToken: raw}
		return nil
	}
	if l.front != nil && !l.front.named("c_hash") {
		return idTokenFault(errors.New("c_hash is missing"))
	}
	tokens, err := o.exchange(ctx, l.metadata, l.flow, code)
	l.tokens = withScopes(tokens, o.scopes(l.flow.Request.Scopes), proven(tokens)...)
	return err
}

// verifyLogin verifies the ID token from the token endpoint, and that the scopes of Flow.Request
// were granted.
func (o *OIDC) verifyLogin(ctx context.Context, l *login) (err error) {
	if o.responseType() == responseIDToken {
		l.token = l.front
		return nil
	}
	h := hashed{l.tokens.AccessToken, l.callback.Get("code")}
	l.token, err = o.verifyIDToken(ctx, l.metadata, l.flow, l.tokens.IDToken, maxDirect, h)
	if err != nil {
		return err
	}
	if l.front != nil && l.front.subject != l.token.subject { // both have the same issuer
		return idTokenFault(errors.New("the two ID tokens are about different users"))
	}
	return checkScopes(l.flow, l.tokens)
}

// completeUser adds the profile, and returns the session.
func (o *OIDC) completeUser(ctx context.Context, l *login) (*session.Session, error) {
	if o.responseType() == responseIDToken { // no access token, so no userinfo
		return o.session(l.token, document{}, l.tokens)
	}
	info, err := o.userInfo(ctx, l.metadata, l.flow, l.token, l.tokens.AccessToken)
	if err != nil {
		return nil, err
	}
	more, err := o.callbackClaims(l.callback)
	if err != nil {
		return nil, err
	}
	return o.session(l.token, info.with(more), l.tokens)
}

// checkResponseIssuer also accepts an alias, and the issuer of one of the provider's organizations.
func (o *OIDC) checkResponseIssuer(m *metadata, callback url.Values) error {
	issuer, iss := m.Issuer, callback.Get("iss")
	if slices.Contains(o.IssuerAliases, iss) || o.Organizations != nil && o.isIssuer(iss) {
		issuer = iss
	}
	return checkResponseIssuer(issuer, m.IssInResponse, callback)
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
