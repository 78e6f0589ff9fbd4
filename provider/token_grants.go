package provider

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// The grants of this file are for programs beside the web page: jobs, command-line tools, services that call services.
// They use the same provider value, and none of them signs anybody in to the web application.

// grant sends a token request and reads the answer, which need not hold an ID token.
func (o *OIDC) grant(ctx context.Context, form url.Values, scopes []string, secrets ...string) (session.Tokens, error) {
	m, err := o.metadata(ctx)
	if err != nil {
		return session.Tokens{}, err
	}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	a, err := o.postToken(ctx, m, form)
	if err != nil {
		return session.Tokens{}, asUnavailable(FaultToken, err)
	}
	tokens, err := o.tokens(a, secrets...)
	if err != nil {
		return session.Tokens{}, err
	}
	return withScopes(tokens, scopes), nil
}

// ClientCredentials returns a source of access tokens for the program itself, with no user (RFC 6749 section 4.4). It keeps a
// token until a minute before its end, then gets another. It is safe for concurrent use; callers that need a new
// token at the same time share one request.
func (o *OIDC) ClientCredentials(scopes ...string) oauth2.TokenSource {
	return &machineTokens{o: o, scopes: scopes}
}

// machineTokens is the program's own token.
type machineTokens struct {
	o      *OIDC
	scopes []string

	mu     sync.Mutex
	tokens session.Tokens
}

// Token implements oauth2.TokenSource.
func (s *machineTokens) Token() (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens.AccessToken == "" || !s.tokens.Expiry.IsZero() && s.tokens.Expiry.Before(s.o.now().Add(time.Minute)) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*outboundTimeout) // the interface has no context
		defer cancel()
		tokens, err := s.o.grant(ctx, url.Values{"grant_type": {"client_credentials"}}, s.scopes)
		if err != nil {
			return nil, err
		}
		s.tokens = tokens
	}
	return &oauth2.Token{AccessToken: s.tokens.AccessToken, TokenType: s.tokens.TokenType, Expiry: s.tokens.Expiry}, nil
}

// A TokenExchange asks for another token in the place of one (RFC 8693 section 2.1), for instance to call a
// further service on behalf of a user. SubjectToken is needed.
type TokenExchange struct {
	SubjectToken       string
	SubjectTokenType   string // default: access token
	ActorToken         string
	ActorTokenType     string // default: access token, if there is an ActorToken
	RequestedTokenType string
	Audience, Resource []string
	Scopes             []string
}

// AccessTokenType is the token type identifier of an access token (RFC 8693 section 3).
const AccessTokenType = "urn:ietf:params:oauth:token-type:access_token"

// ExchangeToken performs a token exchange.
func (o *OIDC) ExchangeToken(ctx context.Context, x TokenExchange) (session.Tokens, error) {
	if x.SubjectToken == "" {
		return session.Tokens{}, errors.New("provider: TokenExchange has no SubjectToken")
	}
	form := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {x.SubjectToken},
		"subject_token_type": {AccessTokenType},
		"audience":           x.Audience,
		"resource":           x.Resource,
	}
	set := func(name, value string) {
		if value != "" {
			form.Set(name, value)
		}
	}
	set("subject_token_type", x.SubjectTokenType)
	set("requested_token_type", x.RequestedTokenType)
	if x.ActorToken != "" {
		form.Set("actor_token", x.ActorToken)
		form.Set("actor_token_type", AccessTokenType)
		set("actor_token_type", x.ActorTokenType)
	}
	return o.grant(ctx, form, x.Scopes, x.SubjectToken, x.ActorToken)
}

// JWTBearer exchanges an assertion that somebody whom the provider trusts has signed (RFC 7523 section 2.1).
func (o *OIDC) JWTBearer(ctx context.Context, assertion string, scopes ...string) (session.Tokens, error) {
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	return o.grant(ctx, form, scopes, assertion)
}

// Password exchanges a user's name and password for tokens (RFC 6749 section 4.3).
//
// Deprecated: the program sees the password, which no second factor and no consent can follow; RFC 9700 section 2.4 forbids the
// grant. It is here for legacy servers that offer nothing else.
func (o *OIDC) Password(ctx context.Context, username, password string, scopes ...string) (session.Tokens, error) {
	form := url.Values{"grant_type": {"password"}, "username": {username}, "password": {password}}
	return o.grant(ctx, form, scopes, password)
}
