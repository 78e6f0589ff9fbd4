package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// An API says which access tokens [Guard.Bearer] accepts.
type API struct {
	// Audience is what tokens for this API have in "aud". It is required: tokens for other APIs
	// must not be valid here.
	Audience string

	// Provider is the configured name of the provider that issues the tokens. Default: the only one
	// that is configured.
	Provider string

	// Tenant, in place of Provider, returns the tenant whose provider issues the tokens of a
	// request, such as r.PathValue("tenant"). It must not depend on the content of the token, which
	// has not been verified. An unknown tenant, or one whose provider cannot verify access tokens,
	// makes every token invalid. Default: nil.
	Tenant func(r *http.Request) string

	// BearerOnly rejects requests without a token. Otherwise they continue, and a guard behind
	// Bearer decides by the session cookie: the route then accepts both.
	BearerOnly bool

	// ClientIDs are clients whose tokens are accepted although they name no audience at all, for
	// providers that cannot put this API into "aud", such as Amazon Cognito. A token that names
	// other audiences is rejected all the same. Default: none.
	ClientIDs []string

	// ClientTokens also accepts tokens that a client got for itself (client credentials): there is
	// no user behind them. User.Subject is then the client, and User.Issuer ends in "#clients", so
	// that no client passes for a user. Default: they are rejected.
	ClientTokens bool

	// Untyped also accepts tokens that do not say by the standard that they are access tokens, for
	// providers that do not follow RFC 9068: JWTs with typ "JWT" or none (Microsoft Entra ID,
	// Amazon Cognito and Auth0 by default), if they have a scope, scp or another sign of an access
	// token, and neither nonce, at_hash nor c_hash; and introspection responses with neither aud
	// nor token_type. Default: they are rejected, because ID tokens and refresh tokens look like
	// that.
	Untyped bool

	// CacheFor is how long the result of a check is used before the token is checked again, never
	// beyond the end of the token: for that long, a token may work after it was revoked. Default:
	// one minute.
	CacheFor time.Duration
}

// Bearer accepts access tokens in the Authorization header (RFC 6750): JWTs (RFC 9068), and opaque
// ones by introspection (RFC 7662). The identity becomes the session of the request, so the guards
// of this Auth and session.FromContext work as with a cookie:
//
//	api := auth.Bearer(middleware.API{Audience: "https://api.example.com"})
//	mux.Handle("GET /api/reports", api(auth.RequireScope("reports")(reports)))
//
// Tokens with a confirmation key (cnf: DPoP, mutual TLS) are rejected, because proof of possession
// is not checked here.
//
// An invalid token gets 401 with error="invalid_token", even beside a valid cookie; a provider that
// does not answer is 503. Tokens in a query or a body are ignored. Bearer panics if Audience is
// missing or Provider is not configured, which is a mistake in the program.
func (g *Guard) Bearer(api API) func(http.Handler) http.Handler {
	verifier := g.verifier(api)
	if api.CacheFor == 0 {
		api.CacheFor = time.Minute
	}
	tokens := newTokenCache(api.CacheFor, g.config.Sessions.Now)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Vary", "Authorization")
			token, found, err := bearerToken(r)
			switch {
			case err != nil:
				g.failBearer(w, r, failed("invalid_request", "", err),
					`Bearer error="invalid_request"`)
				return
			case !found && api.BearerOnly:
				w.Header().Set("WWW-Authenticate", "Bearer")
				g.config.Report.Challenge(w, r, answer.New("token_missing"))
				return
			case !found:
				next.ServeHTTP(w, r)
				return
			}
			name, v, err := verifier(r)
			if err != nil {
				g.refuseBearer(w, r, name, err)
				return
			}
			s, err := tokens.get(name, token, func() (*session.Session, error) {
				ctx := context.WithoutCancel(r.Context()) // others may wait for the same answer
				return recovered.Get(func() (*session.Session, error) {
					return notOwn(v.VerifyAccessToken(ctx, token, api.accepted()))
				})
			})
			if err != nil {
				g.refuseBearer(w, r, name, err)
				return
			}
			s.Provider, s.User.Tenant = name, g.config.Providers.TenantOf(name)
			// For this Auth only: another one, nested with it, has not accepted the token.
			m := g.config.Sessions
			next.ServeHTTP(w, r.WithContext(m.Use(m.Attach(r.Context(), s))))
		})
	}
}

// notOwn rejects a token of a provider that claims the issuer of the application's own logins.
func notOwn(s *session.Session, err error) (*session.Session, error) {
	if err == nil && s.User.Issuer == session.OwnIssuer {
		return nil, &provider.Error{Fault: provider.FaultAccessToken, Err: errImitation}
	}
	return s, err
}

var errImitation = errors.New("middleware: the issuer of the token's user is session.OwnIssuer, " +
	"which is reserved for the application's own logins")

// accepted describes the access tokens that the API accepts.
func (api *API) accepted() provider.AccessTokens {
	return provider.AccessTokens{
		Audience: api.Audience, ClientIDs: api.ClientIDs, ClientTokens: api.ClientTokens,
		Untyped: api.Untyped,
	}
}

// A verifier finds the provider that has to have issued the token of a request.
type verifier func(*http.Request) (name string, v provider.TokenVerifier, err error)

// verifier is the one of the provider that an API names, or of the tenants.
func (g *Guard) verifier(api API) verifier {
	if api.Tenant != nil {
		if api.Provider != "" || api.Audience == "" {
			panic("middleware: API with a Tenant needs an Audience, and no Provider")
		}
		return func(r *http.Request) (string, provider.TokenVerifier, error) {
			name, err := recovered.Get(func() (string, error) { return api.Tenant(r), nil })
			if err != nil {
				return "", nil, err
			}
			return g.tenantVerifier(r, name)
		}
	}
	configured, name := g.config.Providers.Configured(), api.Provider
	if name == "" && len(configured) == 1 {
		for only := range configured {
			name = only
		}
	}
	v, ok := configured[name].(provider.TokenVerifier)
	if !ok || api.Audience == "" {
		panic("middleware: API needs an Audience, and a Provider that can verify access tokens")
	}
	return func(*http.Request) (string, provider.TokenVerifier, error) { return name, v, nil }
}

func (g *Guard) tenantVerifier(
	r *http.Request, name string,
) (string, provider.TokenVerifier, error) {
	p, err := g.config.Providers.Find(r.Context(), name)
	if errors.Is(err, provider.ErrUnavailable) {
		return name, nil, err
	}
	v, ok := p.(provider.TokenVerifier)
	if !ok {
		return "", nil, &provider.Error{Fault: provider.FaultAccessToken,
			Err: fmt.Errorf("no provider verifies access tokens for tenant %q", name)}
	}
	return name, v, nil
}

var errBearer = errors.New("middleware: malformed Authorization header")

// bearerToken reads the one place where a token may be (RFC 6750 section 2.1). A second
// Authorization header beside it is an error: the field has one value (RFC 9110 section 11.6.2),
// and a proxy might have read the other one.
func bearerToken(r *http.Request) (token string, found bool, err error) {
	lines := r.Header["Authorization"]
	for _, line := range lines {
		scheme, rest, _ := strings.Cut(line, " ")
		if strings.EqualFold(scheme, "Bearer") {
			token, found = rest, true
		}
	}
	if found && (len(lines) > 1 || token == "" || strings.ContainsAny(token, " \t,")) {
		return "", false, errBearer
	}
	return token, found, nil
}

func (g *Guard) refuseBearer(w http.ResponseWriter, r *http.Request, name string, err error) {
	if fault, ok := errors.AsType[*provider.Error](err); ok &&
		fault.Fault == provider.FaultAccessToken && !recovered.Is(err) {
		g.failBearer(w, r, failed("invalid_token", name, err), `Bearer error="invalid_token"`)
		return
	}
	e := failed("provider_unavailable/api", name, err)
	e.RetryAfter = provider.RetryAfter(err)
	g.config.Report.FailJSON(w, r, e)
}

// failBearer is the error answer of RFC 6750 section 3.
func (g *Guard) failBearer(w http.ResponseWriter, r *http.Request, e *problem.Error,
	challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	g.config.Report.FailJSON(w, r, e)
}
