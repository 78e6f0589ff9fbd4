package provider

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// Refresh implements [Refresher] (RFC 6749 section 6, OpenID Connect Core section 12).
func (o *OIDC) Refresh(ctx context.Context, s *session.Session) (*session.Session, error) {
	old, err := s.Tokens()
	if err != nil {
		return nil, err
	}
	if old.RefreshToken == "" {
		return nil, errNoRefreshToken
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	// What may fail although nobody is to blame is tried first: once the refresh token is spent, the new one must not be lost.
	if _, err := m.keys.known(ctx); err != nil {
		return nil, err
	}
	fresh, err := o.redeemRefreshToken(ctx, m, old)
	if err != nil {
		return nil, err
	}
	renewed := s.Clone()
	if fresh.IDToken != "" {
		if err := o.renewClaims(ctx, m, renewed, old, fresh); err != nil {
			return nil, err
		}
	}
	renewed.SetTokens(kept(fresh, old))
	return renewed, nil
}

var errNoRefreshToken = &Error{Fault: FaultRefresh, Err: errors.New("the session has no refresh token")}

// redeemRefreshToken sends the refresh token, once.
func (o *OIDC) redeemRefreshToken(ctx context.Context, m *metadata, old session.Tokens) (session.Tokens, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.RefreshToken}}
	if o.Dialect.RefreshScope && len(old.Scopes) > 0 {
		form.Set("scope", strings.Join(old.Scopes, " "))
	}
	a, err := o.postToken(ctx, m, form)
	if err != nil {
		return session.Tokens{}, asUnavailable(FaultToken, err)
	}
	fresh, err := o.tokens(a, old.RefreshToken, old.AccessToken)
	if err != nil {
		return session.Tokens{}, refreshError(err, a.status)
	}
	return fresh, nil
}

// refreshError tells a refresh token that is of no use any more from a provider that has trouble now.
func refreshError(err error, status int) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code == "invalid_grant" {
		e.Fault = FaultRefresh
	} else if status >= 500 || status == http.StatusTooManyRequests {
		return &unavailable{err: err}
	}
	return err
}

// kept fills in what the provider does not send again: it stays as it was.
func kept(fresh, old session.Tokens) session.Tokens {
	fresh.IDToken = cmp.Or(fresh.IDToken, old.IDToken)
	fresh.RefreshToken = cmp.Or(fresh.RefreshToken, old.RefreshToken)
	if fresh.Scopes == nil {
		fresh.Scopes = old.Scopes
	}
	return fresh
}

// renewClaims checks a refreshed ID token like a first one, and that it is about the same user and the same sign-in;
// then its claims take the place of the old ones. Another user's token ends the session.
func (o *OIDC) renewClaims(ctx context.Context, m *metadata, s *session.Session, old, fresh session.Tokens) error {
	token, err := o.verifyToken(ctx, m, fresh.IDToken, maxDirect, hashed{accessToken: fresh.AccessToken}, func(t *idToken) error {
		return errors.Join(sameSignIn(s, t), sameNonce(old.IDToken, t))
	})
	if err != nil {
		return endsSession(err)
	}
	info, err := o.userInfo(ctx, m, &Flow{}, token, fresh.AccessToken)
	if errors.Is(err, ErrUnavailable) {
		return nil // the claims stay as they were, the tokens are good
	}
	if err != nil {
		return endsSession(err)
	}
	updated, err := o.session(token, info, fresh)
	if err != nil {
		return endsSession(err)
	}
	var claims claimsHolder
	if err := updated.Claims(&claims); err != nil {
		return err
	}
	if o.callbackClaims != nil { // they were said once
		updated.User.Name = cmp.Or(updated.User.Name, s.User.Name)
	}
	s.User = updated.User
	s.ACR, s.AMR = updated.ACR, updated.AMR
	if !updated.Expires.IsZero() && updated.Expires.Before(s.Expires) { // never later
		s.Expires = updated.Expires
	}
	return s.SetClaims(claims.raw)
}

// claimsHolder takes claims as they are.
type claimsHolder struct{ raw []byte }

// UnmarshalJSON implements json.Unmarshaler.
func (h *claimsHolder) UnmarshalJSON(raw []byte) error {
	h.raw = append([]byte(nil), raw...)
	return nil
}

// sameSignIn is the part of OpenID Connect Core section 12.2 that concerns the session.
func sameSignIn(s *session.Session, t *idToken) error {
	switch {
	case t.subject != s.User.Subject || t.issuer != s.User.Issuer:
		return errors.New("the refreshed token is about another user")
	case !t.authTime.IsZero() && !s.AuthTime.IsZero() && t.authTime.Unix() != s.AuthTime.Unix():
		return errors.New("auth_time of the refreshed token is that of another sign-in")
	case s.SID != "" && t.sid != "" && t.sid != s.SID:
		return errors.New("sid of the refreshed token is that of another sign-in")
	}
	return nil
}

// sameNonce accepts a refreshed token without a nonce, or with that of the first one (if that was kept).
func sameNonce(first string, t *idToken) error {
	nonce, err := t.claims.text("nonce")
	if err != nil || !t.claims.named("nonce") {
		return err
	}
	_, payload, _ := strings.Cut(first, ".")
	payload, _, _ = strings.Cut(payload, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || payload == "" {
		return nil // not kept
	}
	kept, err := newSchema("ID token", "nonce").read(raw, nil)
	if err != nil {
		return err
	}
	if want := kept.display("nonce"); want != "" && want != nonce {
		return errors.New("nonce of the refreshed token is that of another sign-in")
	}
	return nil
}

// endsSession turns a token that does not pass into the end of the session; a provider that cannot be reached is no reason.
func endsSession(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Fault: FaultRefresh, Err: fmt.Errorf("after a refresh: %w", e)}
	}
	return err
}
