package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// Grants gets tokens for other programs than web applications: jobs, command-line tools, services
// that call services. [OIDC.Grants] and [OAuth2.Grants] return it. No grant signs a user in to the
// web application, and ID tokens in responses are not verified. It is safe for concurrent use.
type Grants struct {
	endpoint func(context.Context) (*tokenEndpoint, error)
	now      func() time.Time
}

// Grants returns the grants of this provider, at the endpoints of its metadata.
func (o *OIDC) Grants() Grants {
	return Grants{now: o.now, endpoint: func(ctx context.Context) (*tokenEndpoint, error) {
		m, err := o.metadata(ctx)
		if err != nil {
			return nil, err
		}
		return o.tokenEndpoint(m), nil
	}}
}

// Grants returns the grants of this provider, at its Endpoints.
func (o *OAuth2) Grants() Grants {
	return Grants{now: o.now, endpoint: func(context.Context) (*tokenEndpoint, error) {
		return o.tokenEndpoint(), nil
	}}
}

// request sends a token request for scopes.
func (g Grants) request(
	ctx context.Context, form url.Values, scopes []string, secrets ...string,
) (session.Tokens, error) {
	e, err := g.endpoint(ctx)
	if err != nil {
		return session.Tokens{}, err
	}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, e.separator))
	}
	tokens, _, err := e.request(ctx, e.endpoints.Token, form, secrets...)
	if err != nil {
		return session.Tokens{}, err
	}
	return withScopes(tokens, scopes), nil
}

// ClientCredentials returns a source of access tokens for the program itself, without a user (RFC
// 6749 section 4.4). It reuses a token until one minute before it expires. Concurrent callers share
// one request.
func (g Grants) ClientCredentials(scopes ...string) oauth2.TokenSource {
	return &machineTokens{grants: g, scopes: scopes}
}

// machineTokens is the token source of ClientCredentials.
type machineTokens struct {
	grants Grants
	scopes []string

	mu     sync.Mutex
	tokens session.Tokens
}

// Token implements oauth2.TokenSource.
func (s *machineTokens) Token() (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens.AccessToken == "" || s.ending() {
		// The interface has no context.
		ctx, cancel := context.WithTimeout(context.Background(), 2*outboundTimeout)
		defer cancel()
		form := url.Values{"grant_type": {"client_credentials"}}
		tokens, err := s.grants.request(ctx, form, s.scopes)
		if err != nil {
			return nil, err
		}
		s.tokens = tokens
	}
	return &oauth2.Token{
		AccessToken: s.tokens.AccessToken, TokenType: s.tokens.TokenType, Expiry: s.tokens.Expiry,
	}, nil
}

// ending reports whether the token expires within a minute.
func (s *machineTokens) ending() bool {
	end := s.tokens.Expiry
	return !end.IsZero() && end.Before(s.grants.now().Add(time.Minute))
}

// A TokenExchange holds the parameters of a token exchange (RFC 8693 section 2.1), for instance to
// call another service on behalf of a user. SubjectToken is required.
type TokenExchange struct {
	SubjectToken string
	ActorToken   string // of the acting party; empty for none

	// The types are token type identifiers (RFC 8693 section 3). Default: that of access tokens,
	// "urn:ietf:params:oauth:token-type:access_token"; RequestedTokenType: the provider's choice.
	SubjectTokenType, ActorTokenType, RequestedTokenType string

	Audience, Resource []string
	Scopes             []string
}

// accessTokenType is the token type identifier of an access token (RFC 8693 section 3).
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token"

// ExchangeToken exchanges a token for another one (RFC 8693).
func (g Grants) ExchangeToken(ctx context.Context, x TokenExchange) (session.Tokens, error) {
	if x.SubjectToken == "" {
		return session.Tokens{}, errors.New("provider: TokenExchange.SubjectToken is missing")
	}
	form := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {x.SubjectToken},
		"subject_token_type": {accessTokenType},
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
		form.Set("actor_token_type", accessTokenType)
		set("actor_token_type", x.ActorTokenType)
	}
	return g.request(ctx, form, x.Scopes, x.SubjectToken, x.ActorToken)
}

// JWTBearer exchanges an assertion, a JWT signed by an issuer that the provider trusts, for tokens
// (RFC 7523 section 2.1).
func (g Grants) JWTBearer(
	ctx context.Context, assertion string, scopes ...string,
) (session.Tokens, error) {
	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion},
	}
	return g.request(ctx, form, scopes, assertion)
}

// Password exchanges a user's name and password for tokens (RFC 6749 section 4.3).
//
// Deprecated: the program sees the password, and neither a second factor nor consent is possible;
// RFC 9700 section 2.4 forbids the grant. Use it only for legacy servers that offer nothing else.
func (g Grants) Password(
	ctx context.Context, username, password string, scopes ...string,
) (session.Tokens, error) {
	form := url.Values{
		"grant_type": {"password"}, "username": {username}, "password": {password},
	}
	return g.request(ctx, form, scopes, password)
}

// An Introspection is the provider's response about a token (RFC 7662 section 2.2). If Active is
// false, all other fields are empty.
type Introspection struct {
	Active    bool
	Issuer    string
	Subject   string
	ClientID  string
	Username  string
	Audience  []string
	Scopes    []string
	TokenType string
	Expiry    time.Time // zero if unknown
}

// Introspect asks the provider whether an access or refresh token is active (RFC 7662).
func (g Grants) Introspect(ctx context.Context, token string) (Introspection, error) {
	e, err := g.endpoint(ctx)
	if err != nil {
		return Introspection{}, err
	}
	info, _, err := e.introspect(ctx, url.Values{"token": {token}})
	return info, err
}

// introspect sends the form of an introspection request. It also returns the whole response.
func (e *tokenEndpoint) introspect(
	ctx context.Context, form url.Values,
) (Introspection, document, error) {
	if e.endpoints.Introspection == "" {
		return Introspection{}, document{}, notOffered("introspection", "Introspection")
	}
	a, err := e.post(ctx, e.endpoints.Introspection, form)
	if err != nil {
		return Introspection{}, document{}, asUnavailable(faultToken, err)
	}
	if a.status != http.StatusOK {
		err := e.dialect.refused(faultToken, a, nil, []string{form.Get("token")})
		return Introspection{}, document{}, err
	}
	info, d, err := readIntrospection(a, e.notes)
	if err != nil {
		return Introspection{}, document{}, &Error{Fault: faultToken, Err: err}
	}
	return info, d, nil
}

// readIntrospection reads the response. A token is active only if "active" is the literal true.
func readIntrospection(a answer, n *notes) (Introspection, document, error) {
	members := append([]string{"active", "iss", "sub", "aud", "exp", "nbf", "token_type"},
		tokenMembers...)
	d, err := a.read(newSchema("introspection response", members...), n)
	if err != nil || string(d.claims["active"]) != "true" {
		return Introspection{}, d, err
	}
	info := Introspection{Active: true, ClientID: d.display("client_id"),
		Username: d.display("username"), TokenType: d.display("token_type")}
	var issErr, subErr, audErr, expErr, scopeErr error
	var scopes string
	info.Issuer, issErr = d.text("iss")
	info.Subject, subErr = d.text("sub")
	info.Audience, audErr = d.texts("aud")
	info.Expiry, expErr = d.time("exp")
	scopes, scopeErr = d.text("scope")
	if err := errors.Join(issErr, subErr, audErr, expErr, scopeErr); err != nil {
		return Introspection{}, d, err
	}
	if info.Subject != "" {
		err = checkIdentifier("sub", info.Subject)
	}
	info.Scopes = keptScopes(scopes)
	return info, d, err
}
