package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

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
