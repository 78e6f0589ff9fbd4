package middleware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// ProxyConfig configures [Guard.Proxy]. The zero value is safe.
type ProxyConfig struct {
	// StripPrefix is removed from the paths of requests: with "/api" and the target
	// "https://api.example.com/v1", /api/users is forwarded to https://api.example.com/v1/users.
	// Other paths get 404. Default: paths are appended to the target unchanged.
	StripPrefix string

	// Provider is the configured name of the provider whose access tokens the API accepts. Users of
	// other providers get 403: their tokens were not issued for this API. Default: the only
	// configured provider.
	Provider string

	// Cookies lists the names of cookies to forward in both directions. Cookies of this library are
	// never forwarded. Default: none.
	Cookies []string
}

// Proxy forwards requests to an API as the signed-in user, so that scripts of the application need
// no tokens (a backend for frontends):
//
//	mux.Handle("/api/", auth.Proxy("https://api.example.com", middleware.ProxyConfig{
//		StripPrefix: "/api",
//	}))
//
// Proxy includes a guard: requests without a session, or with one that the provider has ended, get
// 401, also navigations. Unsafe methods and WebSockets from other sites get 403. Other guards, such
// as RequireScope, can wrap it.
//
// The request has the user's access token, refreshed as by [Guard.Client], instead of the client's
// Authorization, Cookie, Forwarded, Origin and identity headers. The host, the scheme and the start
// of the path are those of target; a path with dot segments, empty segments, encoded slashes or
// backslashes gets 400. Set-Cookie, CORS headers, Clear-Site-Data, Strict-Transport-Security,
// Service-Worker-Allowed and other headers that affect the whole origin are removed from the
// response, as is a Location outside of target. Cache-Control is that of
// guarded routes (sallyport.Config.CacheableAfterSignOut).
//
// Responses are streamed, and WebSockets are forwarded; both end with the session. If the API does
// not answer, the response is 503. A challenge for a stronger sign-in (RFC 9470) or more scopes
// becomes a step-up. When the API answers 401, the token is refreshed and the request repeated
// once, if it is idempotent and has no body.
//
// target must be https, or http with the provider's InsecureLoopbackHTTP. Proxy panics if target or
// a field of the configuration is invalid.
func (g *Guard) Proxy(target string, c ProxyConfig) http.Handler {
	p, err := g.newProxy(target, c)
	if err != nil {
		panic("middleware: Proxy: " + err.Error())
	}
	inside := g.guard(http.HandlerFunc(p.forward), p.admits)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, s, ok := g.load(w, r, true)
		switch {
		case !ok:
		case s == nil:
			p.challenge(w, r)
		default:
			inside.ServeHTTP(w, r)
		}
	})
}

// A proxy forwards requests to one API.
type proxy struct {
	guard   *Guard
	config  ProxyConfig
	target  *url.URL
	reverse *httputil.ReverseProxy
}

func (g *Guard) newProxy(target string, c ProxyConfig) (*proxy, error) {
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("target is not an absolute http or https URL")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("target must have no user, query or fragment")
	case checkPath(u.EscapedPath(), u.Path) != nil && u.Path != "":
		return nil, errors.New("the path of target has dot segments or the like")
	case c.StripPrefix != "" && (!strings.HasPrefix(c.StripPrefix, "/") ||
		checkPath(c.StripPrefix, c.StripPrefix) != nil):
		return nil, fmt.Errorf("StripPrefix %q is not a plain path such as /api", c.StripPrefix)
	}
	configured := g.config.Providers.Configured()
	if c.Provider == "" && len(configured) == 1 {
		for c.Provider = range configured {
		}
	}
	if configured[c.Provider] == nil {
		return nil, fmt.Errorf("field Provider names %q, which is not configured: name the "+
			"provider whose tokens the API accepts", c.Provider)
	}
	c.StripPrefix = strings.TrimSuffix(c.StripPrefix, "/")
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	p := &proxy{guard: g, config: c, target: u}
	p.reverse = &httputil.ReverseProxy{
		Rewrite: p.rewrite, ModifyResponse: p.modify, ErrorHandler: p.fail, Transport: p,
		ErrorLog: slog.NewLogLogger(g.config.Report.Logger.Handler(), slog.LevelWarn),
	}
	return p, nil
}

// challenge is 401 for every request without a session: what asks for an API is a script.
func (p *proxy) challenge(w http.ResponseWriter, r *http.Request) {
	c := p.guard.challenge
	w.Header().Set("WWW-Authenticate", `Session login="`+c.loginPath+`"`)
	p.guard.config.Report.Challenge(w, r, c.failed("sign_in_required"))
}

var (
	errOtherAPI = errors.New("middleware: the user's provider does not issue tokens for the API " +
		"behind Proxy")
	errOnward = errors.New("middleware: Proxy does not pass on the access token of a request: it " +
		"was issued for this application")
)

// admits keeps tokens from an API that they were not issued for.
func (p *proxy) admits(_ *http.Request, s *session.Session) error {
	switch {
	case s.User.Issuer == session.OwnIssuer:
		return session.ErrNoTokens
	case s.Provider != p.config.Provider:
		return errOtherAPI
	case s.ID == "":
		return errOnward // RFC 9700 section 2.3; see R175
	}
	return nil
}

// An exchange is what the parts of a proxy know about one request.
type exchange struct {
	w         http.ResponseWriter
	r         *http.Request // as it came
	caller    *caller
	path, raw string // of the request to the API
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// forward answers a request that has passed the guard.
func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	g := p.guard
	x := &exchange{w: w, r: r}
	if err := p.locate(x); err != nil {
		g.config.Report.FailJSON(w, r, err)
		return
	}
	var err error
	x.caller, err = recovered.Get(func() (*caller, error) { return g.caller(w, r) })
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	ctx, cancel := g.SessionContext(r)
	defer cancel()
	p.reverse.ServeHTTP(w, r.WithContext(context.WithValue(ctx, exchangeKey{}, x)))
}

// refuse is [Guard.Refuse] for scripts.
func (p *proxy) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*problem.Error](err)
	if ok && e.Status == http.StatusUnauthorized {
		p.challenge(w, r)
		return
	}
	p.guard.Refuse(w, r, err)
}

// A bare context ends with another one, and has none of its values. The ReverseProxy observes
// requests by such a value, to pass on informational responses with their headers; it would then
// drop all headers that are already set, such as the cookies of a refreshed session.
type bare struct{ context.Context }

// Value implements context.Context.
func (bare) Value(any) any { return nil }

// RoundTrip implements http.RoundTripper: it sends the request with the user's token.
func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := exchangeOf(r.Context()).caller.RoundTrip(r.WithContext(bare{r.Context()}))
	if err != nil {
		return nil, err
	}
	resp.Request = r
	return resp, nil
}

// fail answers a request that could not be forwarded.
func (p *proxy) fail(w http.ResponseWriter, out *http.Request, err error) {
	x := exchangeOf(out.Context())
	switch step, wanted := errors.AsType[*stepUp](err); {
	case errors.Is(context.Cause(out.Context()), session.ErrEnded):
		p.challenge(w, x.r)
	case x.r.Context().Err() != nil: // the client has gone
		panic(http.ErrAbortHandler)
	case wanted:
		p.guard.Refuse(w, x.r, step)
	default:
		p.refuse(w, x.r, asAPIOutage(err))
	}
}

// asAPIOutage returns the answer to an error of a call: 503, unless the call was never sent.
func asAPIOutage(err error) error {
	_, worded := errors.AsType[*problem.Error](err)
	_, notSent := errors.AsType[interface {
		error
		NotSent()
	}](err)
	if worded || notSent || recovered.Is(err) {
		return err
	}
	return failed("api_unavailable", "", err)
}
