package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// Refresh implements [Refresher] (RFC 6749 section 6). The profile is fetched again with the new token, so that what it says about the
// user is not older than the token; it has to be about the same user. When the profile cannot be had now, the new
// tokens are kept all the same, because the old ones may be spent.
func (o *OAuth2) Refresh(ctx context.Context, s *session.Session) (*session.Session, error) {
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
	endpoint := cmp.Or(o.RefreshURL, o.Endpoint.TokenURL)
	fresh, raw, err := o.requestTokens(ctx, endpoint, params, []string{old.RefreshToken, old.AccessToken})
	if err != nil {
		return nil, err
	}
	fresh = kept(fresh, old)
	renewed := s.Clone()
	if o.UserURL != "" { // else only the first answer had the profile
		if err := o.renewUser(ctx, renewed, fresh, raw); err != nil {
			return nil, err
		}
	}
	renewed.SetTokens(fresh)
	return renewed, nil
}

// renewUser brings the user up to date. A profile that is not what it has to be ends the session.
func (o *OAuth2) renewUser(ctx context.Context, s *session.Session, fresh session.Tokens, raw json.RawMessage) error {
	p := Profile{More: map[string]json.RawMessage{}}
	var err error
	if p.Token, err = o.asProfile(raw); err == nil {
		p, err = o.fetchProfile(ctx, fresh, p)
	}
	if errors.Is(err, ErrUnavailable) {
		return nil
	}
	var updated *session.Session
	if err == nil {
		updated, err = o.session(p, fresh)
	}
	if err == nil && (updated.User.Issuer != s.User.Issuer || updated.User.Subject != s.User.Subject) {
		err = errors.New("the profile is about another user")
	}
	if err != nil {
		return &Error{Fault: FaultRefresh, Err: fmt.Errorf("after a refresh: %w", err)}
	}
	s.User = updated.User
	return s.SetClaims(o.keptClaims(p.User))
}
