package middleware

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Client returns an HTTP client that calls APIs as the signed-in user. It refreshes the access
// token before it expires, and again, at most once a minute, when an API answers 401 although the
// token should be valid; the request is then repeated if that is safe (an idempotent method, and a
// body that can be read again). Rotated tokens are saved in the cookies of the response, so call
// Client before the first byte of the response. Tokens that are refreshed while the client is in
// use are saved with the user's next request within nine minutes.
//
// Client renews the session of the request's context in place, so call it before the handler shares
// the session with goroutines. The client is for this request only, and for any number of its
// goroutines. It does not follow redirects to another origin. HEAD, OPTIONS and prefetch requests
// use the tokens without a refresh.
//
// Errors are session.ErrNoTokens, or a *[problem.Error]: 401 if the request has no session or the
// provider has ended the login, which also removes the session; 503 if the token has expired and
// the provider does not answer, or if the session store does not. Pass them to [Guard.Refuse], as
// well as the errors of the client's calls: an API that asks for a stronger or more recent sign-in
// (RFC 9470), or for more scopes (RFC 6750), makes the call fail with an error that Refuse turns
// into a step-up. The user is asked only for scopes that the application lists: in the provider's
// Scopes, or in a RequireScope of this Guard. A response that asks only for other scopes is
// returned like any response.
func (g *Guard) Client(w http.ResponseWriter, r *http.Request) (*http.Client, error) {
	c, err := recovered.Get(func() (*caller, error) { return g.caller(w, r) })
	if err != nil {
		return nil, err
	}
	return c.client(), nil
}

// TokenSource returns the user's access token, as Client uses it, for API libraries that take an
// oauth2.TokenSource. Each call of Token refreshes it when necessary. The rules and errors of
// Client apply. OAuth 1.0a has none, because its tokens sign requests instead of being sent; use
// Client.
func (g *Guard) TokenSource(w http.ResponseWriter, r *http.Request) (oauth2.TokenSource, error) {
	c, err := recovered.Get(func() (*caller, error) { return g.caller(w, r) })
	if err != nil {
		return nil, err
	}
	return c.source()
}

var errSigned = errors.New("middleware: a session of OAuth 1.0a has no token that could be sent " +
	"along; use Client, which signs requests")

// Refuse answers a request with an error of Client or TokenSource, of their calls, or of a method
// of session.Manager. An error that requires a sign-in gets the challenge of a guard. If an API or
// the session store does not answer, the response is 503; a *[problem.Error] determines the
// response; other errors get 500.
func (g *Guard) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Status == http.StatusUnauthorized {
		g.deny(w, r, g.config.LoginPath)
		return
	}
	if step, ok := errors.AsType[*stepUp](err); ok {
		if s, _ := g.config.Sessions.Attached(r.Context()); s != nil {
			g.config.Report.Serve(w, r, func() { g.stepUp(w, r, s, step) })
			return
		}
	}
	g.config.Report.Fail(w, r, g.asOutage(err))
}

var errNotSignedIn = errors.New("middleware: the request has no session")

// A caller calls APIs with the tokens of one request's session.
type caller struct {
	guard    *Guard
	r        *http.Request
	session  *session.Session
	provider provider.Provider
	base     *http.Client
	fixed    bool // the tokens cannot be refreshed: see ErrRefreshDue
}

// client returns the HTTP client that sends the tokens.
func (c *caller) client() *http.Client {
	client := *c.base
	client.Transport = c
	return &client
}

// source returns the tokens as a source.
func (c *caller) source() (oauth2.TokenSource, error) {
	if _, signs := c.provider.(*provider.OAuth1); signs {
		return nil, errSigned
	}
	return tokenSource{c}, nil
}

// identify returns a caller for the session of a request, whose tokens may have to be refreshed.
func (g *Guard) identify(r *http.Request) (*caller, error) {
	s := g.sessionOf(r)
	if s == nil {
		return nil, failed("sign_in_required", "", errNotSignedIn)
	}
	if s.User.Issuer == session.OwnIssuer {
		return nil, session.ErrNoTokens
	}
	p, err := g.config.Providers.Find(r.Context(), s.Provider)
	if errors.Is(err, provider.ErrUnavailable) {
		return nil, unknown(err)
	}
	if err != nil {
		return nil, errNoRefresh
	}
	return &caller{guard: g, r: r, session: s, provider: p}, nil
}

func (g *Guard) caller(w http.ResponseWriter, r *http.Request) (*caller, error) {
	c, err := g.identify(r)
	if err != nil {
		return nil, err
	}
	s := c.session
	newest, err := g.current(w, r, s, c.fresh)
	if err != nil {
		return nil, err
	}
	if newest != s {
		*s = *newest // so that a Manager.Save of the handler goes on from here
	}
	tokens, err := s.Tokens()
	if err != nil {
		return nil, err
	}
	c.base = c.provider.Client(r.Context(), tokens)
	return c, nil
}

// sessionOf returns the session of a request, nil for none. On a route without a guard of this
// Auth, that is one that another Auth of the same application has found, if it comes from the same
// registration at the provider. A caller with an access token that another Auth has admitted is not
// accepted here.
func (g *Guard) sessionOf(r *http.Request) *session.Session {
	s, looked := g.config.Sessions.Attached(r.Context())
	if looked {
		return s
	}
	s, ok := session.FromContext(r.Context())
	if !ok || s.ID == "" {
		return nil
	}
	registration, err := g.config.Providers.Registration(r.Context(), s.Provider)
	if err != nil || registration != s.Registration {
		return nil
	}
	return s
}

// fresh reports whether a session's tokens are good for a while: RefreshAhead, or half of their
// life if that is shorter, so that short-lived ones are not refreshed all the time.
func (c *caller) fresh(s *session.Session, t session.Tokens) bool {
	if t.Expiry.IsZero() {
		return true
	}
	ahead := c.guard.config.RefreshAhead
	if life := t.Expiry.Sub(s.Proven); life > 0 {
		ahead = min(ahead, life/2)
	}
	return t.Expiry.After(c.guard.config.Sessions.Now().Add(ahead))
}

// assumedLife is how long an access token is handed out whose end the provider does not state, if
// there can be another.
const assumedLife = time.Hour

// freshForSure is fresh for tokens of a TokenSource: a rejection by the API would go unnoticed.
func (c *caller) freshForSure(s *session.Session, t session.Tokens) bool {
	if t.Expiry.IsZero() {
		return c.guard.config.Sessions.Now().Before(s.Proven.Add(assumedLife))
	}
	return c.fresh(s, t)
}

// tokens returns tokens that are good, refreshed if they have to be, and the session that has them:
// s or a later generation of it.
func (c *caller) tokens(s *session.Session,
	good func(*session.Session, session.Tokens) bool) (*session.Session, session.Tokens, error) {
	if c.fixed {
		return c.asTheyAre(s)
	}
	s, err := recovered.Get(func() (*session.Session, error) {
		return c.guard.current(nil, c.r, s, good)
	})
	if err != nil {
		return nil, session.Tokens{}, err
	}
	tokens, err := s.Tokens()
	return s, tokens, err
}

// RoundTrip implements http.RoundTripper.
func (c *caller) RoundTrip(req *http.Request) (*http.Response, error) {
	s, tokens, err := c.tokens(c.session, c.fresh)
	if err != nil {
		return nil, err
	}
	resp, err := c.call(req, tokens)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !repeatable(req) {
		return resp, err
	}
	// The API does not take the token although it looks valid: once more with another.
	other, ok := c.another(s, tokens)
	if !ok {
		return resp, nil
	}
	again, err := replay(req)
	if err != nil {
		return resp, nil
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	return c.call(again, other)
}

// another returns other tokens than those of s that an API has rejected. There is at most one
// refresh for that per session and minute: the API may reject every token.
func (c *caller) another(s *session.Session, rejected session.Tokens) (session.Tokens, bool) {
	guard, now := c.guard, c.guard.config.Sessions.Now()
	if c.fixed || rejected.RefreshToken == "" || !mayRefresh(c.r) ||
		!guard.rejections.allow(s.ID, rejected.AccessToken, now) {
		return session.Tokens{}, false
	}
	next := func(newer *session.Session, _ session.Tokens) bool { return newer != s }
	_, other, err := c.tokens(s, next)
	if err != nil || other.AccessToken == rejected.AccessToken {
		guard.rejections.useless(s.ID, now)
		return session.Tokens{}, false
	}
	return other, true
}

// call sends the request. An answer that asks for a step-up is an error.
func (c *caller) call(req *http.Request, tokens session.Tokens) (*http.Response, error) {
	resp, err := c.send(req, tokens)
	if err != nil {
		return nil, err
	}
	if step := challenged(resp); step != nil && c.mayAsk(step, tokens) {
		resp.Body.Close()
		return nil, step
	}
	return resp, nil
}

func (c *caller) send(req *http.Request, tokens session.Tokens) (*http.Response, error) {
	return recovered.Get(func() (*http.Response, error) {
		return c.provider.Client(req.Context(), tokens).Transport.RoundTrip(req)
	})
}

// repeatable reports whether sending the request twice does no more than sending it once (RFC 9110
// section 9.2.2).
func repeatable(req *http.Request) bool {
	idempotent := []string{"", http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodTrace, http.MethodPut, http.MethodDelete}
	return slices.Contains(idempotent, req.Method) && (req.Body == nil || req.Body == http.NoBody ||
		req.GetBody != nil)
}

// replay returns the request with its body from the start.
func replay(req *http.Request) (*http.Request, error) {
	again := req.Clone(req.Context())
	if req.GetBody == nil {
		return again, nil
	}
	body, err := req.GetBody()
	again.Body = body
	return again, err
}

type tokenSource struct{ c *caller }

// Token implements oauth2.TokenSource.
func (t tokenSource) Token() (*oauth2.Token, error) {
	_, tokens, err := t.c.tokens(t.c.session, t.c.freshForSure)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: tokens.AccessToken, TokenType: tokens.TokenType,
		Expiry: tokens.Expiry}, nil
}
