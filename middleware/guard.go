package middleware

import (
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A Guard guards routes. It is safe for concurrent use.
type Guard struct {
	config     wiring.Guards
	challenge  challenge
	rejections rejections
	scopes     listed    // by RequireScope
	untrusted  sync.Once // logs that a tenant is not trusted
}

// New returns a Guard for c, and the middleware that loads sessions for Auth.Handler. Only
// sallyport.New can call it.
func New(c wiring.Guards) (g *Guard, load func(http.Handler) http.Handler) {
	g = &Guard{config: c, challenge: newChallenge(c)}
	return g, g.loadAll
}

// loadAll puts the session of the request, if there is one, into the context and admits every
// request, so that public pages know the user as well. A session that has to be revalidated is
// unknown to public routes until a page or a guarded route is requested.
func (g *Guard) loadAll(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r, _, ok := g.load(w, r, false); ok {
			next.ServeHTTP(w, r)
		}
	})
}

// load finds out who sends the request, once per request and guard. Work that is due on the session
// is done here, because its cookies must be set before the handler writes. It is not ok when the
// request has been answered: the store does not know.
func (g *Guard) load(
	w http.ResponseWriter, r *http.Request, guarded bool,
) (loaded *http.Request, s *session.Session, ok bool) {
	g.config.Report.Serve(w, r, func() { loaded, s, ok = g.find(w, r, guarded) })
	return loaded, s, ok
}

func (g *Guard) find(
	w http.ResponseWriter, r *http.Request, guarded bool,
) (*http.Request, *session.Session, bool) {
	m := g.config.Sessions
	if s, looked := m.Attached(r.Context()); looked {
		if s != nil && !s.Expires.IsZero() && !m.Now().Before(s.Expires) {
			s = nil // injected, or of an access token, and over meanwhile
		}
		if guarded && s != nil && g.mayWork(r, guarded) {
			g.renew(w, r, s)
		}
		return r, s, true
	}
	varyByCookie(w.Header())
	s, err := m.Load(r)
	works := g.mayWork(r, guarded)
	switch {
	case err == nil && works:
		var answered bool
		if s, answered = g.work(w, r, s); answered {
			return nil, nil, false
		}
	case err == nil && m.Due(s) && !guarded:
		return r, nil, true // a guard may still prove it
	case err == nil && m.Due(s):
		s = nil
	case errors.Is(err, session.ErrStore):
		g.config.Report.Fail(w, r, unknown(err))
		return nil, nil, false
	case errors.Is(err, session.ErrEnded) && works:
		g.discard(w, r)
	} // a session that is not valid here may be valid elsewhere: it is kept
	if err != nil && g.firstVisit(w, r, err) {
		return nil, nil, false
	}
	return r.WithContext(m.Attach(r.Context(), s)), s, true
}

// mayWork reports whether a request may change the session's cookies: navigations and guarded
// routes may. Other responses, such as a style sheet, may be marked as public by the application,
// and a proxy that asks loses cookies, which only sessions in a store can do without.
func (g *Guard) mayWork(r *http.Request, guarded bool) bool {
	if isSubresource(r) || isForwarded(r) && !g.config.Sessions.Stored() {
		return false
	}
	return guarded || r.Method == http.MethodGet && answer.IsNavigation(r)
}

// work does what is due on a session: it is revalidated, else its idle limit is moved. It reports
// whether the request has been answered.
func (g *Guard) work(
	w http.ResponseWriter, r *http.Request, s *session.Session,
) (*session.Session, bool) {
	if g.config.Sessions.Due(s) {
		var answered bool
		if s, answered = g.revalidate(w, r, s); answered || s == nil {
			return nil, answered
		}
	}
	g.renew(w, r, s)
	return s, false
}

var cookieField = []string{"Cookie"}

// varyByCookie tells caches that the response depends on who asks.
func varyByCookie(h http.Header) {
	switch vary := h["Vary"]; {
	case len(vary) == 0:
		h["Vary"] = cookieField[:1:1]
	case !slices.Contains(vary, "Cookie"):
		h["Vary"] = append(vary, "Cookie")
	}
}

// renew moves the idle limit. An error is logged, and the request continues.
func (g *Guard) renew(w http.ResponseWriter, r *http.Request, s *session.Session) {
	if _, err := g.config.Sessions.Renew(w, r, s); err != nil {
		g.config.Report.Logger.ErrorContext(r.Context(), "sallyport: session not renewed", "error",
			err, recovered.Stack(err))
	}
}

// discard removes the cookies of a session that has ended, so that they are not sent again.
func (g *Guard) discard(w http.ResponseWriter, r *http.Request) {
	if err := g.config.Sessions.Discard(w, r); err != nil {
		g.config.Report.Logger.ErrorContext(r.Context(), "sallyport: stale session not removed",
			"error", err, recovered.Stack(err))
	}
}

// unknown is the answer while it is not known whether the user is signed in: the session store does
// not answer, or the tenant cannot be looked up.
func unknown(err error) *problem.Error {
	if errors.Is(err, provider.ErrUnavailable) {
		return failed("provider_unavailable/page", "", err)
	}
	return failed("store_unavailable/page", "", err)
}

// asOutage returns the answer to an error that may be an outage: of the session store, of
// Tenants.Find, or of an API. Other errors are returned unchanged.
func (g *Guard) asOutage(err error) error {
	_, worded := errors.AsType[*problem.Error](err)
	switch {
	case worded:
		return err
	case errors.Is(err, session.ErrStore), errors.Is(err, provider.ErrUnavailable):
		return unknown(err)
	case unreachable(err):
		return failed("api_unavailable", "", err, g.toHome())
	}
	return err
}

// toHome is the link that every page offers.
func (g *Guard) toHome() problem.Link {
	return problem.Link{Href: g.config.Paths.Home, TextKey: "home"}
}

// failed returns the error of a code, with links.
func failed(code, provider string, cause error, links ...problem.Link) *problem.Error {
	e := answer.New(code)
	e.Provider, e.Err, e.Links = provider, cause, links
	return e
}
