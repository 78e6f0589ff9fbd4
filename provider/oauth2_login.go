package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/internal/authparams"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// Begin implements [Provider].
func (o *OAuth2) Begin(_ context.Context, f *Flow) (string, error) {
	if f.Request.MaxAge != nil || len(f.Request.ACRValues) > 0 {
		return "", &Error{Fault: FaultStepUp,
			Err: errors.New("max_age and acr_values need OpenID Connect: OAuth 2.0 does not " +
				"report when or how the user authenticated")}
	}
	if err := o.checkParams(f); err != nil {
		return "", err
	}
	f.Issuer, f.State = o.issuer(), cmp.Or(f.State, random(16))
	if !o.InsecureNoPKCE && !o.Quirks.NoPKCE {
		f.Verifier = oauth2.GenerateVerifier()
	}
	return o.authorizationURL(f)
}

// checkParams also rejects the names that this provider uses for parameters that the library sets.
func (o *OAuth2) checkParams(f *Flow) error {
	if err := checkParams(f); err != nil {
		return err
	}
	for name := range f.Request.Params {
		for _, renamed := range o.AuthNames {
			if authparams.Canonical(name) == authparams.Canonical(renamed) {
				return fmt.Errorf("provider: Request.Params: %q is set by the library", name)
			}
		}
	}
	return unverifiable(f.Request.Params.Get("claims"))
}

// authorizationURL returns the authorization request (RFC 6749 section 4.1.1).
func (o *OAuth2) authorizationURL(f *Flow) (string, error) {
	c := client{o.ClientID, strings.Join(o.scopes(f.Request.Scopes), o.separator()), o.AuthParams}
	address, err := withParams(o.Endpoints.Authorization, renamed(c.authorizationRequest(f),
		o.AuthNames))
	if err != nil || o.AuthFragment == "" {
		return address, err
	}
	return address + "#" + url.PathEscape(o.AuthFragment), nil
}

func (o *OAuth2) scopes(more []string) []string { return distinctScopes(o.Scopes, more) }

// FlowKey implements [Provider].
func (o *OAuth2) FlowKey(callback url.Values) string { return flowKey(callback) }

// Finish implements [Provider].
func (o *OAuth2) Finish(ctx context.Context, f *Flow, callback url.Values) (*session.Session,
	error) {
	// 1. Does the callback belong to this login, and come from this issuer? Nothing else is read
	// before.
	if err := checkState(f, callback); err != nil {
		return nil, err
	}
	issuer, promised := o.ResponseIssuer, true
	if issuer == "" {
		issuer, promised = o.issuer(), false
	}
	if err := checkResponseIssuer(issuer, promised, callback); err != nil {
		return nil, err
	}
	// 2. Is it a success?
	if err := checkResponse([]string{responseCode}, f, o.Dialect.translated(callback)); err != nil {
		return nil, err
	}
	extra, err := o.readCallback(callback)
	if err != nil {
		return nil, err
	}
	// 3. Redeem the code. The access token was issued to this client, for this login: the identity
	// relies on that.
	tokens, p, err := o.exchange(ctx, f, callback.Get("code"), extra)
	if err != nil {
		return nil, err
	}
	tokens = withScopes(tokens, o.scopes(f.Request.Scopes), proven(tokens)...)
	if err := checkScopes(f, tokens); err != nil {
		return nil, err
	}
	// 4. Whose token is it?
	if p, err = o.fetchProfile(ctx, tokens, p); err != nil {
		return nil, err
	}
	return o.session(p, tokens)
}

// moreCallback is the key of the callback's parameters in Profile.More.
const moreCallback = "callback"

// maxCallbackParam bounds a configured parameter of the callback.
const maxCallbackParam = 2 << 10

// readCallback reads the configured parameters of the callback, and calls CheckCallback.
func (o *OAuth2) readCallback(callback url.Values) (url.Values, error) {
	extra := url.Values{}
	for _, name := range o.CallbackParams {
		switch values := callback[name]; {
		case len(values) > 1 || len(callback.Get(name)) > maxCallbackParam:
			return nil, &Error{Fault: FaultResponse,
				Err: fmt.Errorf("parameter %s is repeated or too long", name)}
		case len(values) == 1:
			extra[name] = values
		}
	}
	if o.CheckCallback != nil {
		err := recovered.Call(func() error { return o.CheckCallback(callback) })
		if err != nil {
			return nil, &Error{Fault: FaultResponse, Err: fmt.Errorf("CheckCallback: %w", err)}
		}
	}
	return extra, nil
}

// exchange redeems the code (RFC 6749 section 4.1.3) with the verifier and redirect URI of its
// flow.
func (o *OAuth2) exchange(ctx context.Context, f *Flow, code string,
	extra url.Values) (session.Tokens, Profile, error) {
	params := url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {f.RedirectURI}}
	if f.Verifier != "" {
		params.Set("code_verifier", f.Verifier)
	}
	secrets := []string{code, f.State, f.Verifier}
	p := Profile{More: map[string]json.RawMessage{}}
	if len(o.CallbackParams) > 0 {
		p.More[moreCallback] = callbackObject(extra)
	}
	for name, values := range extra {
		params[name] = values
		secrets = append(secrets, values...)
	}
	tokens, raw, err := o.tokenEndpoint().request(ctx, o.Endpoints.Token, params, secrets...)
	if err != nil {
		return session.Tokens{}, Profile{}, err
	}
	p.Token, err = o.asProfile(raw)
	return tokens, p, err
}

// asProfile reads a token response for MapUser. Without a profile document it identifies the user.
func (o *OAuth2) asProfile(answer json.RawMessage) (json.RawMessage, error) {
	schema := newSchema("token response")
	if o.Endpoints.UserInfo == "" {
		schema = o.UserFields.schema()
	}
	d, err := schema.read(answer, &o.notes)
	if err != nil {
		return nil, userInfoFault(fmt.Errorf("the profile: %w", err))
	}
	return d.raw, nil
}

func callbackObject(extra url.Values) json.RawMessage {
	object := make(map[string]string, len(extra))
	for name := range extra {
		object[name] = extra.Get(name)
	}
	raw, _ := json.Marshal(object) // strings always marshal
	return raw
}

// Refresh implements [Refresher]. It fetches the profile with the new token, so that the user is as
// current as the token.
func (o *OAuth2) Refresh(ctx context.Context, s *session.Session, store func(*session.Session)) (
	*session.Session, error) {
	old, err := s.Tokens()
	if err != nil {
		return nil, err
	}
	if old.RefreshToken == "" {
		return nil, errNoRefreshToken
	}
	params := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.RefreshToken}}
	if o.Dialect.RefreshScope && len(old.Scopes) > 0 {
		params.Set("scope", strings.Join(old.Scopes, o.separator()))
	}
	endpoint := cmp.Or(o.RefreshURL, o.Endpoints.Token)
	e := o.tokenEndpoint()
	fresh, raw, err := e.request(ctx, endpoint, params, old.RefreshToken, old.AccessToken)
	if err != nil {
		return nil, err
	}
	fresh = kept(fresh, old, assumedExpiry(s, old, o.now()))
	renewed := s.Clone()
	renewed.SetTokens(fresh)
	store(renewed)
	if o.Endpoints.UserInfo == "" { // only the first token response had the profile
		return renewed, nil
	}
	return o.renewUser(ctx, renewed, fresh, raw)
}

// renewUser updates the user. Only the profile of another user ends the session.
func (o *OAuth2) renewUser(
	ctx context.Context, s *session.Session, fresh session.Tokens, raw json.RawMessage,
) (*session.Session, error) {
	p := Profile{More: map[string]json.RawMessage{}}
	var err error
	if p.Token, err = o.asProfile(raw); err == nil {
		p, err = o.fetchProfile(ctx, fresh, p)
	}
	if err != nil {
		return s, err
	}
	updated, err := o.session(p, fresh)
	if refusal(err) {
		return nil, endsSession(err)
	}
	if err != nil {
		return s, err
	}
	if updated.User.Issuer != s.User.Issuer || updated.User.Subject != s.User.Subject {
		err := errors.New("after a refresh: the profile is another user's")
		return nil, &Error{Fault: FaultRefresh, Err: err}
	}
	renewed := s.Clone()
	renewed.User = updated.User
	return renewed, renewed.SetClaims(o.keptClaims(p.User))
}
