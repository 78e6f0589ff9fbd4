package middleware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// An API says which access tokens [Guard.Bearer] accepts.
type API struct {
	// Audience is what tokens for this API have in "aud". It must be set: a token for another API must not work here.
	Audience string

	// Provider is the configured name of the provider that issues the tokens. It may be left out when there is only one.
	Provider string

	// Tenant says, in the place of Provider, whose provider issues the tokens of a request, such as
	// r.PathValue("tenant"). It must not go by what the token says of itself, which is not verified yet. A name that there is not, or
	// one whose provider cannot verify access tokens, makes every token invalid. Default: nil.
	Tenant func(r *http.Request) string

	// BearerOnly refuses requests without a token. Otherwise they go on, and a guard behind decides by the session cookie:
	// the route then accepts either.
	BearerOnly bool

	// CacheFor is how long an answer about a token is believed before it is looked into again, never beyond the token's end:
	// that long a token may work after it was revoked. Default: one minute.
	CacheFor time.Duration
}

// Bearer accepts access tokens in the Authorization header (RFC 6750): JWTs (RFC 9068), and others by introspection (RFC 7662).
// The identity becomes the session of the request, so the guards and session.FromContext work as with a cookie:
//
//	mux.Handle("GET /api/reports", auth.Bearer(middleware.API{Audience: "https://api.example.com"})(auth.RequireScope("reports")(h)))
//
// A token that is not valid gets 401 with error="invalid_token", whatever cookie came along; a provider that cannot be
// asked 503. Tokens in a query or a body are not looked at. Bearer panics when Audience is missing or the
// Provider is not configured, which is a mistake in the program.
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
				g.failBearer(w, r, failed("invalid_request", "", err), `Bearer error="invalid_request"`)
				return
			case !found && api.BearerOnly:
				w.Header().Set("WWW-Authenticate", "Bearer")
				g.config.Report.Challenge(w, r, problem.New("token_missing"))
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
				// Others may wait for the same answer when this request goes away.
				return recovered.Get(func() (*session.Session, error) {
					return v.VerifyAccessToken(context.WithoutCancel(r.Context()), token, api.Audience)
				})
			})
			if err != nil {
				g.refuseBearer(w, r, name, err)
				return
			}
			s.Provider, s.User.Tenant = name, g.config.Providers.TenantOf(name)
			next.ServeHTTP(w, r.WithContext(session.NewContext(r.Context(), s)))
		})
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

func (g *Guard) tenantVerifier(r *http.Request, name string) (string, provider.TokenVerifier, error) {
	p, err := g.config.Providers.Find(r.Context(), name)
	if errors.Is(err, provider.ErrUnavailable) {
		return name, nil, err
	}
	v, ok := p.(provider.TokenVerifier)
	if !ok {
		return "", nil, &provider.Error{Fault: provider.FaultAccessToken, Err: fmt.Errorf("nobody verifies tokens for tenant %q", name)}
	}
	return name, v, nil
}

var errBearer = errors.New("middleware: malformed Authorization header")

// bearerToken reads the one place where a token may be (RFC 6750 section 2.1). A second Authorization
// header beside it is an error: the field has one value (RFC 9110 section 11.6.2), and a proxy might
// have read the other one.
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
	if fault, ok := errors.AsType[*provider.Error](err); ok && fault.Fault == provider.FaultAccessToken && !recovered.Is(err) {
		g.failBearer(w, r, failed("invalid_token", name, err), `Bearer error="invalid_token"`)
		return
	}
	e := failed("provider_unavailable/api", name, err)
	e.RetryAfter = provider.RetryAfter(err)
	g.config.Report.FailJSON(w, r, e)
}

// failBearer is the error answer of RFC 6750 section 3.
func (g *Guard) failBearer(w http.ResponseWriter, r *http.Request, e *problem.Error, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	g.config.Report.FailJSON(w, r, e)
}
