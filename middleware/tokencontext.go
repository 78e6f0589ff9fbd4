package middleware

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// ErrRefreshDue means that the access token has expired and cannot be refreshed here: the session
// is in cookies, and a context cannot set them. Guard the route with [Guard.RequireTokens], which
// refreshes the token before the handler runs.
var ErrRefreshDue = errors.New("middleware: the access token has expired, and without a response " +
	"it cannot be refreshed: guard the route with RequireTokens")

// RequireTokens admits signed-in users whose session has tokens, and refreshes them before the
// handler runs. Routes whose handlers have a context only (gRPC, Connect, huma, GraphQL) need it;
// they call [Guard.ClientFromContext] or [Guard.TokenSourceFromContext].
//
// Users without tokens, such as those of own logins, get 403. If the provider has ended the login,
// the session is removed and the request gets the challenge of RequireAuth; if the provider does
// not answer and the token has expired, the response is 503. HEAD, OPTIONS and prefetch requests
// use the tokens without a refresh.
func (g *Guard) RequireTokens(next http.Handler) http.Handler {
	return g.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := recovered.Get(func() (*caller, error) { return g.caller(w, r) })
		switch {
		case errors.Is(err, session.ErrNoTokens):
			g.config.Report.Fail(w, r, failed("forbidden", "", err, g.toHome()))
		case err != nil:
			g.Refuse(w, r, err)
		default:
			next.ServeHTTP(w, r)
		}
	}))
}

// ClientFromContext is [Guard.Client] for code that has only the context of the request. It is safe
// for concurrent use.
//
// With a ServerStore, it refreshes the tokens like Client. With sessions in cookies it never does:
// when the access token has expired, the error, also of the client's calls, is [ErrRefreshDue], and
// a token that an API rejects is not replaced.
func (g *Guard) ClientFromContext(ctx context.Context) (*http.Client, error) {
	c, err := g.contextCaller(ctx)
	if err != nil {
		return nil, err
	}
	return c.client(), nil
}

// TokenSourceFromContext is [Guard.TokenSource] for code that has only the context of the request.
// It refreshes as ClientFromContext does.
func (g *Guard) TokenSourceFromContext(ctx context.Context) (oauth2.TokenSource, error) {
	c, err := g.contextCaller(ctx)
	if err != nil {
		return nil, err
	}
	return c.source()
}

// contextCaller returns a caller that cannot set cookies.
func (g *Guard) contextCaller(ctx context.Context) (*caller, error) {
	return recovered.Get(func() (*caller, error) {
		r := (&http.Request{Method: http.MethodPost, Header: http.Header{}}).WithContext(ctx)
		c, err := g.identify(r)
		if err != nil {
			return nil, err
		}
		c.fixed = !g.config.Sessions.Lists()
		newest, tokens, err := c.tokens(c.session, c.fresh)
		if err != nil {
			return nil, err
		}
		// The session of the context stays as it is: other goroutines may be reading it.
		c.session, c.base = newest, c.provider.Client(ctx, tokens)
		return c, nil
	})
}

// asTheyAre returns the tokens of a session that cannot be refreshed here.
func (c *caller) asTheyAre(s *session.Session) (*session.Session, session.Tokens, error) {
	tokens, err := s.Tokens()
	if err == nil && tokens.RefreshToken != "" && !tokens.Expiry.IsZero() &&
		!c.guard.config.Sessions.Now().Before(tokens.Expiry) {
		err = ErrRefreshDue
	}
	return s, tokens, err
}
