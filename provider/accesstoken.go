package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/sallyport-go/sallyport/session"
)

// VerifyAccessToken implements [TokenVerifier]: JWTs that say that they are access tokens (RFC 9068, typ at+jwt) are verified
// here; anything else is asked about (RFC 7662), if the provider offers that.
func (o *OIDC) VerifyAccessToken(ctx context.Context, token, audience string) (*session.Session, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if len(token) > maxStranger {
		return nil, accessTokenFault(fmt.Errorf("the token has %d bytes, at most %d are accepted", len(token), maxStranger))
	}
	_, formErr := checkHeader(token, maxStranger, m.algs, accessTokenTypes)
	switch {
	case formErr == nil:
		return o.verifyJWTAccessToken(ctx, m, token, audience)
	case m.IntrospectionEndpoint != "":
		return o.introspectAccessToken(ctx, token, audience)
	}
	return nil, accessTokenFault(formErr)
}

func accessTokenFault(err error) error { return &Error{Fault: FaultAccessToken, Err: err} }

// verifyJWTAccessToken checks a JWT access token (RFC 9068 section 4).
func (o *OIDC) verifyJWTAccessToken(ctx context.Context, m *metadata, raw, audience string) (*session.Session, error) {
	t, err := o.verifyJWT(ctx, m, raw, jwtKind{
		fault: FaultAccessToken, limit: maxStranger, types: accessTokenTypes, schema: o.tokenSchema("access token", "scope"),
		basic: oidc.Config{ClientID: audience},
		claims: []func(*idToken) error{
			o.checkIssuer(ctx), checkSubject, o.checkTimes, readRest,
			func(t *idToken) error { return hasAudience(t.claims, audience) },
		},
	})
	if err != nil {
		return nil, err
	}
	expiry, err := t.claims.time("exp")
	if err != nil {
		return nil, accessTokenFault(err)
	}
	return o.apiSession(o.user(t, t.document), t.raw, raw, strings.Fields(t.claims.display("scope")), expiry, t)
}

func hasAudience(c claims, audience string) error {
	audiences, err := c.texts("aud")
	if err == nil && !slices.Contains(audiences, audience) {
		err = errors.New("aud does not contain this API")
	}
	return err
}

// introspectAccessToken asks the provider. A token that names audiences must name this one.
func (o *OIDC) introspectAccessToken(ctx context.Context, token, audience string) (*session.Session, error) {
	info, err := o.Introspect(ctx, token)
	switch {
	case err != nil:
		return nil, err
	case !info.Active:
		return nil, accessTokenFault(errors.New("the provider says that the token is not active"))
	case o.Organizations != nil || o.TenantClaim != "":
		return nil, accessTokenFault(errors.New("the provider cannot be asked about tokens whose tenant matters"))
	case info.Issuer != "" && info.Issuer != o.Issuer && !slices.Contains(o.IssuerAliases, info.Issuer):
		return nil, accessTokenFault(errors.New("the token is of another issuer"))
	case info.Subject == "":
		return nil, accessTokenFault(errors.New("the token has no subject"))
	case len(info.Audience) > 0 && !slices.Contains(info.Audience, audience):
		return nil, accessTokenFault(errors.New("the token is for another API"))
	case !info.Expiry.IsZero() && !info.Expiry.After(o.now().Add(-o.leeway())):
		return nil, accessTokenFault(errors.New("the token has expired"))
	}
	user := session.User{Issuer: o.Issuer, Subject: info.Subject, Username: info.Username}
	return o.apiSession(user, nil, token, info.Scopes, info.Expiry, &idToken{})
}

// apiSession is the identity of one call.
func (o *OIDC) apiSession(u session.User, claims json.RawMessage, token string, scopes []string, expiry time.Time, t *idToken) (*session.Session, error) {
	s := &session.Session{User: u, Registration: o.Registration(), Expires: expiry, AuthTime: t.authTime, ACR: t.acr, AMR: t.amr, SID: t.sid}
	if claims != nil {
		if err := s.SetClaims(claims); err != nil {
			return nil, accessTokenFault(err)
		}
	}
	s.SetTokens(session.Tokens{AccessToken: token, TokenType: "Bearer", Scopes: scopes, Expiry: expiry})
	return s, nil
}
