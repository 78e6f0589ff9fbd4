package middleware

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// RequireTenant admits users who signed in with one provider, a tenant's or a configured one: the
// one whose name the function returns for the request. It keeps tenants apart, because RequireAuth
// admits users of all of them:
//
//	tenant := auth.RequireTenant(func(r *http.Request) string { return r.PathValue("tenant") })
//	mux.Handle("GET /t/{tenant}/reports", tenant(reports))
//
// Unauthenticated requests get the challenge of RequireAuth, with the login of that provider. Users
// of another provider get 403, and a page that offers to sign in to this one, which ends their
// current session. Other guards may follow.
func (g *Guard) RequireTenant(name func(*http.Request) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenant, err := recovered.Get(func() (string, error) { return name(r), nil })
			if err != nil {
				g.config.Report.Fail(w, r, err)
				return
			}
			r, s, ok := g.load(w, r, true)
			switch {
			case !ok:
				return
			case s == nil:
				g.deny(w, r, g.config.LoginFor(tenant))
				return
			}
			inside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, g.inTenant(r, tenant))
			})
			g.guard(inside, func(r *http.Request, s *session.Session) error {
				if s.Provider != tenant || tenant == "" {
					return g.errOtherTenant(r, s, tenant)
				}
				return nil
			}).ServeHTTP(w, r)
		})
	}
}

var errOtherTenant = errors.New("middleware: the user has signed in at another provider")

func (g *Guard) errOtherTenant(r *http.Request, s *session.Session, tenant string) *problem.Error {
	login := g.config.LoginFor(tenant)
	if r.Method == http.MethodGet {
		login = challengeAt(login, g.config).location(r)
	}
	return failed("other_tenant", s.Provider, errOtherTenant,
		problem.Link{Href: login, TextKey: "sign_in_there"}, g.toHome())
}
