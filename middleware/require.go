package middleware

import (
	"errors"
	"net/http"
	"slices"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// RequireAuth admits signed-in users only. In the handler, session.FromContext returns the session.
// It works with and without Auth.Handler around it.
func (g *Guard) RequireAuth(next http.Handler) http.Handler {
	return g.guard(next, nil)
}

// Require admits signed-in users for whom check returns nil. Others get 403; a check may choose
// status and text by returning a *[problem.Error]. An error that wraps session.ErrStore or
// provider.ErrUnavailable is 503, and a panic 500. The check runs for every request, also
// concurrently.
func (g *Guard) Require(check func(*session.Session) error) func(http.Handler) http.Handler {
	return g.require(func(_ *http.Request, s *session.Session) error { return check(s) })
}

// require is Require for a check that needs the request.
func (g *Guard) require(
	check func(*http.Request, *session.Session) error,
) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return g.guard(next, check) }
}

// RequireRole admits signed-in users with at least one of the roles (User.Roles, compared exactly).
// Without any role, it admits no one.
//
// Configured providers are trusted for roles, which may come from the ID token or from userinfo at
// the provider's own endpoint. Tenants are not: a tenant's provider can assert "admin" for anyone.
// With Tenants.TrustRoles, their roles are valid on the tenant's own pages, inside RequireTenant:
//
//	tenant(auth.RequireRole("admin")(h))
//
// Otherwise a tenant's user gets 403, and the reason is logged once.
func (g *Guard) RequireRole(anyOf ...string) func(http.Handler) http.Handler {
	allowed := slices.Clone(anyOf)
	return g.require(func(r *http.Request, s *session.Session) error {
		if err := g.trusted(r, s); err != nil {
			return err
		}
		for _, role := range s.User.Roles {
			if slices.Contains(allowed, role) {
				return nil
			}
		}
		return errNoRole
	})
}

var errNoRole = errors.New("middleware: the user has none of the roles")

// guard is the only way to a guarded handler: requests without a session are challenged, and the
// check, if any, decides last.
func (g *Guard) guard(next http.Handler,
	check func(*http.Request, *session.Session) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, s, ok := g.load(w, r, true)
		switch {
		case !ok:
			return
		case s == nil:
			g.deny(w, r, g.config.LoginPath)
			return
		}
		if err := g.crossSite(r, s); err != nil {
			g.config.Report.Fail(w, r, err)
			return
		}
		if check != nil {
			if err := recovered.Call(func() error { return check(r, s) }); err != nil {
				g.refuse(w, r, s, err)
				return
			}
		}
		g.protect(w, r)
		next.ServeHTTP(w, g.use(r))
	})
}

// crossSite rejects requests that another site makes the browser of a signed-in user send (CSRF):
// those with an unsafe method, and WebSockets. Requests with a bearer token are exempt.
func (g *Guard) crossSite(r *http.Request, s *session.Session) error {
	if s.ID == "" || g.config.Crossing == nil {
		return nil
	}
	if opensSocket(r) {
		unsafe := *r // for the check only
		unsafe.Method = http.MethodPost
		r = &unsafe
	}
	err := g.config.Crossing.Check(r)
	if err == nil {
		return nil
	}
	return failed("cross_site", s.Provider, err, g.toHome())
}

// use makes the session of this guard the current one, in case guards of several Auth values are
// nested.
func (g *Guard) use(r *http.Request) *http.Request {
	ctx := r.Context()
	if used := g.config.Sessions.Use(ctx); used != ctx {
		return r.WithContext(used)
	}
	return r
}

// refuse answers a signed-in user whom a check has rejected.
func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, s *session.Session, err error) {
	if _, worded := errors.AsType[*problem.Error](err); worded {
		g.config.Report.Fail(w, r, err)
		return
	}
	if _, panicked := errors.AsType[*recovered.Panic](err); panicked {
		g.config.Report.Fail(w, r, err)
		return
	}
	if step, wanted := errors.AsType[*stepUp](err); wanted {
		g.config.Report.Serve(w, r, func() { g.stepUp(w, r, s, step) })
		return
	}
	if errors.Is(err, session.ErrStore) || errors.Is(err, provider.ErrUnavailable) {
		g.config.Report.Fail(w, r, unknown(err))
		return
	}
	g.config.Report.Fail(w, r, failed("forbidden", s.Provider, err, g.toHome()))
}
