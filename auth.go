package sallyport

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/session"
)

// Auth signs users in and guards routes. It is safe for concurrent use.
//
// Two methods mount it:
//
//	Handler         serves the login routes and loads the session of every other request
//	Ready           checks the providers, for a readiness probe
//
// Guards wrap handlers. Users who do not pass are sent to the login, or get 401 or 403:
//
//	RequireAuth     admits signed-in users
//	RequireRole     admits users with one of these roles
//	RequireTenant   admits users who signed in through this tenant's provider
//	RequireScope    admits users who granted these scopes, and asks for missing ones
//	RequireRecent   admits users who signed in recently, and sends others to do so again
//	RequireACR      admits users who signed in with one of these ACRs, such as a second factor
//	Require         admits users for whom your own check returns nil
//	Bearer          admits callers of an API with an access token
//
// In a guarded handler, session.FromContext returns the user; these call APIs as that user:
//
//	Client          is an http.Client that sends the access token, and refreshes it
//	TokenSource     is the same for packages that use golang.org/x/oauth2
//	SessionContext  ends with the session, for responses that take long
//
// Links and forms:
//
//	LoginURL        starts a login
//	LoginURLFor     starts a login at one provider
//	LogoutURL       signs out (POST)
//	LinkURL         connects another account with the one that is signed in (POST)
//	RedirectURIs    are the addresses to register at the providers
//
// Sessions reads and changes sessions:
//
//	Sessions.Save   writes what a handler has changed
//	Sessions.End    signs this browser out
//	Sessions.List   lists the user's sessions; EndOne and EndAll end them
//	Sessions.Watch  ends a context when the session ends
type Auth struct {
	*middleware.Guard

	// Routes serves the login routes, for applications that mount them themselves
	// instead of using [Auth.Handler].
	Routes http.Handler

	routes wiring.Routes

	// Sessions reads and writes sessions, for applications that change what a session holds.
	Sessions *session.Manager

	providers *directory.Providers
	logger    *slog.Logger
}

// Handler serves the login routes, and puts the signed-in user of every other request into its
// context before next gets it. Mount it once, outermost.
//
// The first request of an http.Server starts a check of the configured providers in the background:
// what keeps users from signing in is logged before the first of them tries. See [Auth.Ready].
func (a *Auth) Handler(next http.Handler) http.Handler {
	app := a.Load(next)
	var checked atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Tests without a server use no network.
		if !checked.Load() && r.Context().Value(http.ServerContextKey) != nil && !checked.Swap(true) {
			a.checkInBackground()
		}
		if a.routes.Owns(r.URL.Path) {
			a.routes.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// LoginURL is the path that starts a login and leads back to returnTo, a path of the application.
func (a *Auth) LoginURL(returnTo string) string { return a.routes.LoginURL(returnTo) }

// LoginURLFor is the path that starts a login at one provider, configured or a tenant's, and leads back to returnTo. Whether there
// is such a provider is found out there.
func (a *Auth) LoginURLFor(name, returnTo string) string { return a.routes.LoginURLFor(name, returnTo) }

// LinkURL is the path to POST to in order to connect an account at a provider with the account that is signed in (Hooks.Link), and
// then go to returnTo.
func (a *Auth) LinkURL(name, returnTo string) string { return a.routes.LinkURL(name, returnTo) }

// LogoutURL is the path to POST to in order to sign out and go to returnTo, a path of the
// application. With an empty returnTo the user sees a page that says they are signed out.
func (a *Auth) LogoutURL(returnTo string) string { return a.routes.LogoutURL(returnTo) }

// RedirectURIs returns the redirect URI to register at each configured provider, by the provider's
// name. With Session.Revocations or a ServerStore, register BaseURL + Prefix + "/backchannel/" + name as
// the backchannel_logout_uri as well. With neither, that route does not exist, because an order of the
// provider to end sessions could not be kept.
func (a *Auth) RedirectURIs() map[string]string {
	configured := a.providers.Configured()
	all := make(map[string]string, len(configured))
	for name := range configured {
		all[name] = a.routes.RedirectURI(name)
	}
	return all
}
