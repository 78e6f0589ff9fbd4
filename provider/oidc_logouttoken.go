package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	// maxLogoutAge is the maximum age of a logout token, regardless of exp: its ID must be
	// remembered for that long (OpenID Connect Back-Channel Logout 1.0 section 4 recommends a
	// lifetime of two minutes).
	maxLogoutAge = time.Hour
	// maxTokenID bounds jti.
	maxTokenID = 1024

	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// The values of typ. Earlier drafts had none; tokens without it are distinguished from other kinds
// by their claims. StrictLogoutTokens requires it.
var (
	logoutTokenTypes  = []string{"", "jwt", "logout+jwt"}
	strictLogoutTypes = []string{"logout+jwt"}
)

// VerifyLogoutToken implements [LogoutVerifier] (OpenID Connect Back-Channel Logout 1.0 section
// 2.6). For an invalid token the error is an *[Error] with [FaultLogoutToken].
func (o *OIDC) VerifyLogoutToken(ctx context.Context, raw string) (*LogoutToken, error) {
	// The request is unauthenticated: a malformed token must not cause a request to the provider.
	if _, err := readHeader(raw, maxStranger); err != nil {
		return nil, &Error{Fault: FaultLogoutToken, Err: err}
	}
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	t, err := o.verifyJWT(ctx, m, raw, o.logoutKind(ctx))
	if err != nil {
		return nil, err
	}
	return &LogoutToken{Issuer: t.issuer, Subject: t.subject, SID: t.sid, ID: t.id,
		IssuedAt: t.issued, Until: o.acceptedUntil(t)}, nil
}

// logoutSchema is strict for all members: logout tokens are unauthenticated, and none of their
// claims is for display.
var logoutSchema = func() *schema {
	s := newSchema("logout token", everyToken...).with("jti", "sid")
	s.final = true
	return s
}()

func (o *OIDC) logoutKind(ctx context.Context) jwtKind {
	schema := o.configured(logoutSchema)
	kind := jwtKind{
		fault: FaultLogoutToken, limit: maxStranger, budget: fromLogout, types: logoutTokenTypes,
		schema: schema,
		claims: []func(*idToken) error{
			schema.checkNoNull, o.checkIssuer(ctx), o.checkAudience, o.checkLogoutTimes,
			checkLogoutEvent, checkNoNonce, checkTokenID, checkWhoLeft,
		},
	}
	if o.StrictLogoutTokens {
		kind.types = strictLogoutTypes
	}
	return kind
}

// checkNoNull rejects a token with a null in a member of the schema.
func (s *schema) checkNoNull(t *idToken) error {
	for name := range s.members {
		if t.named(name) && !t.has(name) {
			return fmt.Errorf("%s is null", name)
		}
	}
	return nil
}

// checkLogoutTimes permits a missing exp, as in earlier drafts, because iat also bounds the age.
func (o *OIDC) checkLogoutTimes(t *idToken) error {
	if o.StrictLogoutTokens || t.claims.named("exp") {
		if err := o.checkEnd(t); err != nil {
			return err
		}
	}
	if err := o.checkBegin(t); err != nil {
		return err
	}
	if o.now().Sub(t.issued) > maxLogoutAge {
		return errors.New("iat is too long ago; if the token is new, compare the clocks")
	}
	return nil
}

// acceptedUntil returns when a verified token expires, including leeway.
func (o *OIDC) acceptedUntil(t *idToken) time.Time {
	until := t.issued.Add(maxLogoutAge)
	if exp, err := t.claims.time("exp"); err == nil && t.claims.has("exp") &&
		exp.Add(o.leeway()).Before(until) {
		until = exp.Add(o.leeway())
	}
	return until
}

// checkLogoutEvent checks the event that distinguishes logout tokens from other kinds.
func checkLogoutEvent(t *idToken) error {
	var events, event claims
	_ = json.Unmarshal(t.claims["events"], &events) // only an object has members
	if json.Unmarshal(events[logoutEvent], &event) != nil || event == nil {
		return errors.New("events is not an object with the logout event, which is an object")
	}
	return nil
}

// checkNoNonce rejects ID tokens: any nonce is forbidden.
func checkNoNonce(t *idToken) error {
	if t.claims.named("nonce") {
		return errors.New("a token with a nonce is not a logout token")
	}
	return nil
}

func checkTokenID(t *idToken) (err error) {
	t.id, err = t.claims.text("jti")
	switch {
	case err != nil:
		return err
	case t.id == "":
		return errors.New("jti is missing or empty")
	case len(t.id) > maxTokenID:
		return errors.New("jti is too long")
	}
	return nil
}

// checkWhoLeft reads sub and sid: one must be present, and neither may be empty, which could mean
// all users.
func checkWhoLeft(t *idToken) (err error) {
	if !t.claims.named("sub") && !t.claims.named("sid") {
		return errors.New("sub and sid are both missing")
	}
	if t.claims.named("sub") {
		if err := checkSubject(t); err != nil {
			return err
		}
	}
	t.sid, err = t.claims.text("sid")
	if err == nil && t.claims.named("sid") && t.sid == "" {
		err = errors.New("sid is empty")
	}
	return err
}
