package sallyport

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Auth signs users in and guards routes. It is safe for concurrent use.
//
// Two methods mount it:
//
//	Handler         serves the login routes and loads the session of every other request
//	Ready           checks the providers, for a readiness probe
//
// Guards wrap handlers. Other users are sent to the login, or get 401 or 403:
//
//	RequireAuth     admits signed-in users
//	RequireRole     admits users with one of these roles
//	RequireTenant   admits users who signed in through this tenant's provider
//	RequireScope    admits users who granted these scopes, and requests missing ones
//	RequireRecent   admits users who signed in recently, and sends others to re-authenticate
//	RequireACR      admits users who signed in with one of these ACRs, such as a second factor
//	RequireTokens   admits users with tokens, and refreshes them before the handler runs
//	Require         admits users for whom your own check returns nil
//	Bearer          admits callers of an API with an access token
//
// ForwardAuth lets nginx, Caddy or Traefik guard applications that do not use this package.
//
// In a guarded handler, session.FromContext returns the user; these call APIs as that user:
//
//	Client          is an http.Client that sends the access token, and refreshes it
//	TokenSource     is the same for packages that use golang.org/x/oauth2
//	Proxy           forwards requests to an API with the access token
//	Refuse          answers with an error of these, or of Sessions
//	SessionContext  ends with the session, for long responses
//
// Handlers that have only a context, behind RequireTokens, call ClientFromContext and
// TokenSourceFromContext instead.
//
// Own logins, by password or passkey, beside the providers or without any:
//
//	SignIn          starts the session of a user whom the application has authenticated
//
// Links and forms:
//
//	LoginURL        starts a login
//	LoginURLFor     starts a login with one provider
//	LoginURLWith    starts a login with parameters of its own, in a sealed link
//	LogoutURL       signs out (POST)
//	ReturnTo        validates an address to return to
//	LinkURL         links another account to the signed-in user (POST)
//	RedirectURIs    lists the URIs to register with the providers
//
// Sessions reads and changes sessions:
//
//	Sessions.Save   stores a session that a handler has changed
//	Sessions.End    signs this browser out
//	Sessions.List   lists the user's sessions; EndOne and EndAll end them
//	Sessions.Watch  ends a context when the session ends
type Auth struct {
	*middleware.Guard

	// Routes serves the login routes, for applications that mount them without [Auth.Handler].
	Routes http.Handler

	routes   wiring.Routes
	load     func(http.Handler) http.Handler // of the Guard
	originOf wiring.OriginOf                 // with several origins; else nil
	relay    wiring.Relay                    // nil: none

	// Sessions reads, changes, lists and ends sessions.
	Sessions *session.Manager

	providers  *directory.Providers
	registered map[string]RegisteredURIs
	logger     *slog.Logger
}

// Handler serves the login routes, and passes every other request to next with the user's session
// in its context. Mount it once, outermost.
//
// The first request of an http.Server starts a background check of the configured providers, which
// logs problems that would keep users from signing in. See [Auth.Ready].
func (a *Auth) Handler(next http.Handler) http.Handler {
	app := a.load(next)
	var checked atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Without a server, as in tests, there is no network access.
		if !checked.Load() && r.Context().Value(http.ServerContextKey) != nil &&
			!checked.Swap(true) {
			a.checkInBackground()
		}
		if a.routes.Owns(r.URL.Path) {
			a.routes.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// LoginURL returns the path that starts a login. The user returns to returnTo, a path of the
// application.
func (a *Auth) LoginURL(returnTo string) string { return a.routes.LoginURL(returnTo) }

// LoginURLFor returns the path that starts a login with one provider, by its name in Providers or
// the name of a tenant. An unknown name fails when the path is requested.
func (a *Auth) LoginURLFor(name, returnTo string) string {
	return a.routes.LoginURLFor(name, returnTo)
}

// LoginURLWith returns the path that starts a login with the parameters of req, such as
// {Params: {"organization": {"org_4711"}}}. They are sealed in the link, so users can neither read
// nor change them; the link is valid for a day, in any browser. req.Provider names the provider, or
// is empty for the default one or a choice. It returns an error for parameters that the library
// sets, and for a request of more than 2048 bytes. The user returns to returnTo.
func (a *Auth) LoginURLWith(req provider.Request, returnTo string) (string, error) {
	return a.routes.LoginURLWith(req, returnTo)
}

// ReturnTo returns a return address if it is a path of the application, and otherwise the start
// page. Use it for addresses that come from a request, such as the return_to of a page that
// Hooks.Login sends users to: it rejects other origins and the login routes.
func (a *Auth) ReturnTo(address string) string { return a.routes.ReturnTo(address) }

// LinkURL returns the path to POST to in order to link an account at the named provider to the
// signed-in user (Hooks.Link). The user returns to returnTo.
func (a *Auth) LinkURL(name, returnTo string) string { return a.routes.LinkURL(name, returnTo) }

// LogoutURL returns the path to POST to in order to sign out and continue to returnTo, a path of
// the application. If returnTo is empty, the user sees a "signed out" page.
func (a *Auth) LogoutURL(returnTo string) string { return a.routes.LogoutURL(returnTo) }
