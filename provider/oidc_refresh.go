package provider

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// Refresh implements [Refresher] (RFC 6749 section 6, OpenID Connect Core section 12).
func (o *OIDC) Refresh(ctx context.Context, s *session.Session, store func(*session.Session)) (
	*session.Session, error) {
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
	if err := o.readyToVerify(ctx, m); err != nil {
		return nil, err
	}
	fresh, err := o.redeemRefreshToken(ctx, m, old)
	if err != nil {
		return nil, err
	}
	fresh = kept(fresh, old, assumedExpiry(s, old, o.now()))
	renewed := s.Clone()
	if fresh.IDToken == "" {
		fresh.IDToken = old.IDToken
		renewed.SetTokens(fresh)
		store(renewed)
		return renewed, nil
	}
	unverified := fresh
	unverified.IDToken = old.IDToken // until the new one is verified
	renewed.SetTokens(unverified)
	store(renewed)
	return o.finishRefresh(ctx, m, renewed, old, fresh)
}

// readyToVerify fetches the keys before the refresh token is spent, because that may fail
// temporarily.
func (o *OIDC) readyToVerify(ctx context.Context, m *metadata) error {
	if o.SecretSignsTokens {
		return nil // there are no keys to fetch
	}
	_, err := m.keys.known(ctx)
	return err
}

var errNoRefreshToken = &Error{
	Fault: FaultRefresh, Err: errors.New("the session has no refresh token"),
}

// redeemRefreshToken sends the refresh token once.
func (o *OIDC) redeemRefreshToken(
	ctx context.Context, m *metadata, old session.Tokens,
) (session.Tokens, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.RefreshToken}}
	if o.Dialect.RefreshScope && len(old.Scopes) > 0 {
		scopes := old.Scopes
		if slices.Contains(o.Scopes, scopeOffline) { // may not have been listed
			scopes = distinctScopes(scopes, []string{scopeOffline})
		}
		form.Set("scope", strings.Join(scopes, " "))
	}
	e := o.tokenEndpoint(m)
	fresh, _, err := e.request(ctx, m.TokenEndpoint, form, old.RefreshToken, old.AccessToken)
	return fresh, err
}

// kept keeps the old values that the response lacks, except the ID token.
func kept(fresh, old session.Tokens, expiry time.Time) session.Tokens {
	fresh.RefreshToken = cmp.Or(fresh.RefreshToken, old.RefreshToken)
	fresh.Expiry = cmp.Or(fresh.Expiry, expiry)
	// The login had an ID token, so openid was granted. The response decides about offline access.
	return withScopes(fresh, old.Scopes, scopeOpenID)
}

// assumedExpiry returns when a new access token expires if the response does not say: it assumes
// the lifetime of the previous token, which was issued at the last login or refresh. Zero means
// unknown.
func assumedExpiry(s *session.Session, old session.Tokens, now time.Time) time.Time {
	life := old.Expiry.Sub(s.Proven)
	if old.Expiry.IsZero() || s.Proven.IsZero() || life <= 0 {
		return time.Time{}
	}
	return now.Add(life)
}

// finishRefresh applies the refreshed ID token, and userinfo if available. The new tokens are kept
// unless one of the two ends the session.
func (o *OIDC) finishRefresh(
	ctx context.Context, m *metadata, s *session.Session, old, fresh session.Tokens,
) (*session.Session, error) {
	if err := o.unverifiable(ctx, m, fresh.IDToken); err != nil {
		return s, fmt.Errorf("the refreshed ID token is not applied: %w", err)
	}
	same := func(t *idToken) error {
		return errors.Join(sameSignIn(s, t), sameNonce(old.IDToken, t))
	}
	hashes := hashed{accessToken: fresh.AccessToken}
	token, err := o.verifyToken(ctx, m, fresh.IDToken, maxDirect, hashes, same)
	if errors.Is(err, ErrUnavailable) {
		return s, err
	}
	if err != nil {
		return nil, endsSession(err)
	}
	info, infoErr := o.fetchUserInfo(ctx, m, &Flow{}, token, fresh.AccessToken)
	switch {
	case errors.Is(infoErr, errOtherSubject):
		return nil, endsSession(infoErr)
	case infoErr != nil:
		info, infoErr = earlierInfo(s, old.IDToken), o.unlessNeeded(infoErr)
	}
	updated, err := o.session(token, info, fresh)
	if refusal(err) {
		return nil, endsSession(err)
	}
	if err != nil { // MapUser failed
		return s, errors.Join(infoErr, err)
	}
	if infoErr != nil && updated.User.Email == s.User.Email && !s.User.EmailVerified {
		updated.User.EmailVerified = false // until userinfo is available again
	}
	renewed, err := o.continued(s, updated)
	return renewed, errors.Join(infoErr, err)
}

// refusal reports whether MapUser rejected the user, or the ID token ended the session.
func refusal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Fault == FaultDenied || e.Fault == faultNotAdmitted || e.Fault == faultIDToken)
}

// unverifiable returns an error if the available keys cannot verify the token's signature. The
// token came from the provider itself, so this does not invalidate the session.
func (o *OIDC) unverifiable(ctx context.Context, m *metadata, raw string) error {
	keys, err := o.signers(ctx, m, fromEndpoint)
	if err == nil {
		_, err = keys.verifySignature(ctx, raw, asymmetricAlgs...)
	}
	switch {
	case errors.Is(err, errNoKey), errors.Is(err, errOtherSecret), errors.Is(err, ErrUnavailable):
		return err
	}
	return nil
}

// continued returns s with the updates of a refresh.
func (o *OIDC) continued(s, updated *session.Session) (*session.Session, error) {
	renewed := s.Clone()
	tokens, err := updated.Tokens()
	if err != nil {
		return s, err
	}
	renewed.SetTokens(tokens)
	var claims claimsHolder
	if err := updated.Claims(&claims); err != nil {
		return renewed, err
	}
	if err := renewed.SetClaims(claims.raw); err != nil {
		return renewed, err
	}
	if o.CallbackClaims != nil { // sent at the first login only
		updated.User.Name = cmp.Or(updated.User.Name, s.User.Name)
	}
	renewed.User, renewed.ACR, renewed.AMR = updated.User, updated.ACR, updated.AMR
	if updated.AuthTime.After(s.AuthTime) { // the user authenticated again
		renewed.AuthTime = updated.AuthTime
	}
	if !updated.Expires.IsZero() && updated.Expires.Before(s.Expires) { // never later
		renewed.Expires = updated.Expires
	}
	return renewed, nil
}

// earlierInfo returns the claims of s that are not from its ID token: the last userinfo response.
// Without that ID token they cannot be distinguished, so it returns none.
func earlierInfo(s *session.Session, idToken string) document {
	said, err := unverifiedClaims(idToken)
	var all claims
	if err != nil || s.Claims(&all) != nil {
		return document{}
	}
	for name := range said.claims {
		delete(all, name)
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return document{}
	}
	info, _ := newSchema("userinfo").read(raw, nil) // has been read before
	return info
}

// claimsHolder keeps raw claims.
type claimsHolder struct{ raw []byte }

// UnmarshalJSON implements json.Unmarshaler.
func (h *claimsHolder) UnmarshalJSON(raw []byte) error {
	h.raw = append([]byte(nil), raw...)
	return nil
}

// sameSignIn checks that a refreshed ID token continues the session (OpenID Connect Core section
// 12.2).
func sameSignIn(s *session.Session, t *idToken) error {
	switch {
	case t.subject != s.User.Subject || t.issuer != s.User.Issuer:
		return errors.New("the refreshed token is another user's")
	case s.SID != "" && t.sid != "" && t.sid != s.SID:
		return errors.New("sid of the refreshed token is another session's")
	}
	return nil
}

// sameNonce accepts a refreshed token without a nonce, or with that of the first one, if that was
// kept.
func sameNonce(first string, t *idToken) error {
	nonce, err := t.claims.text("nonce")
	if err != nil || !t.claims.named("nonce") {
		return err
	}
	kept, err := unverifiedClaims(first)
	if err != nil {
		return nil // not kept
	}
	if want := kept.display("nonce"); want != "" && want != nonce {
		return errors.New("nonce of the refreshed token is another login's")
	}
	return nil
}

// unverifiedClaims reads the payload of an ID token that was verified before.
func unverifiedClaims(idToken string) (document, error) {
	_, payload, _ := strings.Cut(idToken, ".")
	payload, _, _ = strings.Cut(payload, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return document{}, err
	}
	return newSchema("ID token", "nonce").read(raw, nil)
}

// endsSession returns a FaultRefresh for an invalid response.
func endsSession(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Fault: FaultRefresh, Err: fmt.Errorf("after a refresh: %w", e)}
	}
	return err
}
