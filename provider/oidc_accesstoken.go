package provider

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/session"
)

// AccessTokens describes the access tokens that an API accepts. See middleware.API for the fields.
type AccessTokens struct {
	Audience     string
	ClientIDs    []string
	ClientTokens bool
	Untyped      bool
}

// VerifyAccessToken implements [TokenVerifier]. JWT access tokens (RFC 9068, typ at+jwt) are
// verified locally. All others are introspected (RFC 7662), if the provider supports it.
func (o *OIDC) VerifyAccessToken(
	ctx context.Context, token string, accepted AccessTokens,
) (*session.Session, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return nil, err
	}
	if len(token) > maxStranger {
		return nil, accessTokenFault(fmt.Errorf("the token has %d bytes, at most %d are accepted",
			len(token), maxStranger))
	}
	types := accessTokenTypes
	if accepted.Untyped {
		types = untypedTokenTypes
	}
	_, formErr := checkHeader(token, maxStranger, m.algs, types)
	switch {
	case formErr == nil:
		return o.checkJWTAccessToken(ctx, m, token, accepted)
	case m.IntrospectionEndpoint != "":
		return o.introspectAccessToken(ctx, m, token, accepted)
	}
	return nil, accessTokenFault(formErr)
}

func accessTokenFault(err error) error { return &Error{Fault: FaultAccessToken, Err: err} }

// checkJWTAccessToken checks a JWT access token (RFC 9068 section 4).
func (o *OIDC) checkJWTAccessToken(ctx context.Context, m *metadata, raw string,
	accepted AccessTokens) (*session.Session, error) {
	if o.SecretSignsTokens && o.confined.Load() {
		return nil, accessTokenFault(errors.New("the tenant has the secret that signs its " +
			"tokens, and could forge any"))
	}
	holder := tokenHolder{accepted: accepted}
	t, err := o.verifyJWT(ctx, m, raw, jwtKind{
		fault: FaultAccessToken, limit: maxStranger, budget: fromCaller, types: untypedTokenTypes,
		schema: o.configured(accessTokenSchema),
		claims: []func(*idToken) error{
			o.checkIssuer(ctx), holder.checkPurpose(raw), holder.read, o.checkTimes, readRest,
		},
	})
	if err != nil {
		return nil, err
	}
	expiry, err := t.claims.time("exp")
	if err != nil {
		return nil, accessTokenFault(err)
	}
	user := holder.named(o.user(t, t.document))
	return o.apiSession(user, t.raw, raw, scopesOf(t.claims), expiry, t)
}

// introspectAccessToken introspects a token.
func (o *OIDC) introspectAccessToken(ctx context.Context, m *metadata, token string,
	accepted AccessTokens) (*session.Session, error) {
	if o.Organizations != nil || o.TenantClaim != "" {
		return nil, accessTokenFault(errors.New("introspection cannot verify the tenant " +
			"of a token"))
	}
	done, err := o.strangers.admit(ctx, token, o.now())
	if err != nil {
		return nil, err
	}
	var info Introspection
	answered := false
	defer func() { done(answered, info.Active) }()
	info, d, err := o.tokenEndpoint(m).introspect(ctx, url.Values{
		"token": {token}, "token_type_hint": {"access_token"},
	})
	if err != nil {
		return nil, err
	}
	answered = true
	holder := tokenHolder{accepted: accepted}
	if err := o.checkIntrospection(info, d, &holder); err != nil {
		return nil, accessTokenFault(err)
	}
	user := holder.named(session.User{Issuer: o.Issuer, Subject: holder.subject,
		Username: info.Username})
	return o.apiSession(user, nil, token, info.Scopes, info.Expiry, &idToken{})
}

// checkIntrospection checks an introspection response.
func (o *OIDC) checkIntrospection(info Introspection, d document, holder *tokenHolder) error {
	if !info.Active {
		return errors.New("the token is not active (introspection)")
	}
	if info.Issuer != "" && info.Issuer != o.Issuer && !slices.Contains(o.IssuerAliases,
		info.Issuer) {
		return errors.New("the token is from another issuer")
	}
	if !info.Expiry.IsZero() && !info.Expiry.After(o.now().Add(-o.leeway())) {
		return errors.New("the token has expired")
	}
	notBefore, err := d.time("nbf")
	switch {
	case err != nil:
		return err
	case notBefore.After(o.now().Add(o.leeway())):
		return o.inFuture("nbf", notBefore)
	}
	if err := holder.checkIntrospectedType(d.claims); err != nil {
		return err
	}
	return holder.read(&idToken{document: d})
}

// apiSession returns the identity of one API request.
func (o *OIDC) apiSession(u session.User, claims json.RawMessage, token string, scopes []string,
	expiry time.Time, t *idToken) (*session.Session, error) {
	s := &session.Session{User: u, Registration: o.Registration(), Expires: expiry,
		AuthTime: t.authTime, ACR: t.acr, AMR: t.amr, SID: t.sid}
	if claims != nil {
		if err := s.SetClaims(claims); err != nil {
			return nil, accessTokenFault(err)
		}
	}
	s.SetTokens(session.Tokens{AccessToken: token, TokenType: "Bearer", Scopes: scopes,
		Expiry: expiry})
	return s, nil
}

// scopesOf reads scope (RFC 9068 section 2.2.3), or scp, which some vendors use instead: a list, or
// a string with spaces.
func scopesOf(c claims) []string {
	if c.has("scope") {
		return keptScopes(c.display("scope"))
	}
	texts, _ := c.texts("scp")
	return keptScopes(strings.Join(texts, " "))
}

const (
	// maxAsking bounds the concurrent introspection requests.
	maxAsking = 32
	// askingWait is how long a further caller waits.
	askingWait = 5 * time.Second

	// wrongTokens is the number of invalid tokens in a short time after which unknown tokens are
	// introspected at the rate wrongPerSecond only.
	wrongTokens    = 100
	wrongPerSecond = 5

	// rememberActive is how long a token that was active is exempt from this limit.
	rememberActive = 10 * time.Minute
	maxActive      = 10_000
)

// strangers limits the requests to a provider that forged access tokens can cause. Valid tokens are
// free; each invalid one is charged to a budget, and when it is used up, unknown tokens have to
// wait. The zero value is ready for use.
type strangers struct {
	once  sync.Once
	turns chan struct{}

	mu     sync.Mutex
	wrong  float64                                 // invalid tokens, less those forgiven since
	since  time.Time                               // when wrong was updated
	active *bounded.Cache[[sha256.Size]byte, bool] // tokens that were active recently
}

var errManyWrong = errors.New("many access tokens were invalid, so unknown ones are introspected " +
	"less often")

// admit waits until a token may be introspected. The caller reports the result with done: whether
// the provider answered, and whether the token is active.
func (s *strangers) admit(ctx context.Context, token string, now time.Time) (done func(answered,
	active bool), err error) {
	hash := sha256.Sum256([]byte(token))
	if !s.may(hash, now) {
		return nil, &unavailable{retryAfter: time.Second, err: errManyWrong}
	}
	s.once.Do(func() { s.turns = make(chan struct{}, maxAsking) })
	ctx, cancel := context.WithTimeoutCause(ctx, askingWait,
		errors.New("too many access tokens are being checked"))
	defer cancel()
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, &unavailable{err: context.Cause(ctx)}
	}
	return func(answered, active bool) {
		<-s.turns
		if answered {
			s.learn(hash, now, active)
		}
	}, nil
}

// may reports whether a token may be introspected now: always if it was active recently, otherwise
// if the budget permits.
func (s *strangers) may(hash [sha256.Size]byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == nil {
		s.active = bounded.New[[sha256.Size]byte, bool](bounded.Limits{Count: maxActive,
			TTL: rememberActive})
	}
	if _, known := s.active.Get(hash, now); known {
		return true
	}
	if passed := now.Sub(s.since); passed > 0 {
		s.wrong = max(0, s.wrong-passed.Seconds()*wrongPerSecond)
	}
	s.since = now
	return s.wrong < wrongTokens
}

func (s *strangers) learn(hash [sha256.Size]byte, now time.Time, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if active {
		s.active.Put("", hash, true, 0, rememberActive, now)
		return
	}
	s.active.Delete(hash)
	s.wrong++
}
