// Package wiring is what sallyport.New puts together: what the login routes and the guards need.
// The constructors of packages handlers and middleware take these types, so that only sallyport.New
// can call them, which has checked the configuration.
package wiring

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Login says what the login routes need, besides the application's hooks.
type Login struct {
	Origin    *url.URL // public origin of the application: scheme and host
	OriginOf  OriginOf // with several origins; else nil
	Paths     Paths
	Providers *directory.Providers
	Sessions  Sessions
	LoginPage http.Handler // shown when there is a choice; nil: the built-in page
	Order     []string     // of the choices, by name; the others follow
	Relay     Relay        // nil: none

	ReturnOrigins   []string // to which logins and logouts may lead, besides that of BaseURL
	DefaultProvider string   // of logins that name none; empty: the only one, or a choice
	LoginParams     []string // that the query of the login route may have
	SilentLogin     string   // provider of the silent login of first visits; empty: none

	ThirdPartyLogin    bool // lets others start a login
	FrontchannelLogout bool // serves the route of that name

	// SessionEndpoint serves the routes for scripts of the application; SessionClaims (may be nil)
	// chooses what they learn of a session besides the user, and RequireAuth is that of the guards.
	SessionEndpoint bool
	SessionClaims   func(context.Context, *session.Session) (map[string]any, error)
	RequireAuth     func(http.Handler) http.Handler

	// Crossing rejects own logins that other sites make a browser send.
	Crossing *http.CrossOriginProtection

	Login, Logout, Link *answer.Writer
}

// OriginOf returns the origin of a request by its Host header, or nil if the host is unknown.
type OriginOf func(*http.Request) *url.URL

// SameHost compares a Host header with the host of an origin; a default port may be left out. On a
// developer's machine, where origins are http, any port will do: cookies do not know ports, and the
// proxies of development servers change the port to that of their target.
func SameHost(host string, origin *url.URL) bool {
	return HostKey(host, origin.Scheme) == HostKey(origin.Host, origin.Scheme)
}

// HostKey is what SameHost compares.
func HostKey(host, scheme string) string {
	if scheme == "http" {
		u := url.URL{Host: host}
		return strings.ToLower(u.Hostname())
	}
	return strings.TrimSuffix(strings.ToLower(host), ":443")
}

// A Relay is the callback relay of the application.
type Relay interface {
	// RedirectURI is what to register at the provider of a name.
	RedirectURI(name string) string

	// Wrap returns the state for an authorization request, whose response the relay forwards to
	// the callback with the original state.
	Wrap(name, callback, state string) (string, error)
}

// Paths say where the application is in the browser, and how requests arrive.
type Paths struct {
	// Base is the path of BaseURL, such as "/app", or empty. Stripped is the part of it that
	// requests arrive without, because a proxy removes it: Base, or empty.
	Base, Stripped string

	// Prefix is the path below which the login routes are in the browser, such as "/app/auth", and
	// Home the start page, such as "/app/".
	Prefix, Home string

	// Callbacks are the paths of the redirect URIs that providers choose, by provider name, such as
	// "/app/authorize".
	Callbacks map[string]string

	// StepUp is the application's page for step-ups of own logins, in the browser; may be empty.
	StepUp string
}

// Arriving returns the path below which requests for the login routes arrive.
func (p Paths) Arriving() string { return strings.TrimPrefix(p.Prefix, p.Stripped) }

// Callback returns the path of the redirect URI of a provider.
func (p Paths) Callback(name string) string {
	if chosen := p.Callbacks[name]; chosen != "" {
		return chosen
	}
	return p.Prefix + "/callback/" + name
}

// Requested returns the address that the browser asked for, byte for byte.
func (p Paths) Requested(r *http.Request) string {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI() // a request made by a test, not read from a connection
	}
	if p.Stripped == "" || p.strippedHere(r) {
		return target
	}
	return p.Stripped + target
}

// strippedHere reports whether a handler of this process, such as http.StripPrefix, has removed the
// path: then RequestURI still has it.
func (p Paths) strippedHere(r *http.Request) bool {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	rest, below := strings.CutPrefix(path, p.Stripped)
	return below && (rest == "" || rest[0] == '/') && path != r.URL.EscapedPath()
}

// Routes are the login routes that package handlers makes.
type Routes interface {
	http.Handler

	// Owns reports whether a request path (decoded, as routers see it) is one of the routes.
	Owns(path string) bool

	// Serves reports whether a Host header is that of the application.
	Serves(host string) bool

	// SignIn, LoginURL, LoginURLFor, LoginURLWith, LinkURL and LogoutURL are those of
	// sallyport.Auth.
	SignIn(w http.ResponseWriter, r *http.Request, s *session.Session) error
	LoginURL(returnTo string) string
	LoginURLFor(name, returnTo string) string
	LoginURLWith(req provider.Request, returnTo string) (string, error)
	LinkURL(name, returnTo string) string
	LogoutURL(returnTo string) string

	// ReturnTo returns a valid return address unchanged, and otherwise the start page.
	ReturnTo(address string) string

	// ReturnFor is ReturnTo at the origin of a request.
	ReturnFor(r *http.Request, address string) string

	// RedirectURI is what to register at the provider of a name, and RouteURL the address of
	// another login route, such as "logged-out".
	RedirectURI(name string) string
	RouteURL(route string) string

	// StepUp and Silent are for the guards.
	StepUp(w http.ResponseWriter, r *http.Request, name, returnTo string, req provider.Request)
	Silent(w http.ResponseWriter, r *http.Request, s *session.Session, returnTo string) bool

	// FirstVisit starts a silent login, if this browser has not tried before. It reports whether it
	// has answered the request.
	FirstVisit(w http.ResponseWriter, r *http.Request, returnTo string) bool

	// SignedOut forgets what the routes count for this browser.
	SignedOut(w http.ResponseWriter, r *http.Request)
}

// Guards says what the guards need.
type Guards struct {
	Sessions Sessions
	Report   *answer.Writer

	// LoginPath starts a login ("/auth/login"), and LoginFor returns the path that starts one at a
	// provider, by name. Programs are told about it with the Origin ("https://app.example.com")
	// before it. Both are paths in the browser.
	LoginPath string
	LoginFor  func(name string) string
	Origin    string
	OriginOf  OriginOf // with several origins; else nil

	Paths Paths

	// Serves reports whether a Host header is that of the application.
	Serves func(host string) bool

	// ReturnFor and LoginWith are ReturnFor and LoginURLWith of Routes.
	ReturnFor func(r *http.Request, address string) string
	LoginWith func(req provider.Request, returnTo string) (string, error)

	// StepUp sends the browser to the provider for a sign-in that fulfils the request, and then
	// back to returnTo.
	StepUp func(w http.ResponseWriter, r *http.Request, provider, returnTo string,
		req provider.Request)

	// Silent has the browser ask the provider, without the user noticing (prompt=none), whether the
	// session is still valid there, if the provider can be reached. It reports whether it has
	// answered the request.
	Silent func(w http.ResponseWriter, r *http.Request, s *session.Session, returnTo string) bool

	// FirstVisit starts a silent login, and reports whether it has answered the request. Nil: no
	// silent login.
	FirstVisit func(w http.ResponseWriter, r *http.Request, returnTo string) bool

	// Providers refresh tokens and call APIs; Refreshed (may be nil) is told about renewed
	// sessions.
	Providers    *directory.Providers
	Refreshed    func(context.Context, *session.Session) error
	RefreshAhead time.Duration

	// TrustTenantRoles is provider.Tenants.TrustRoles.
	TrustTenantRoles bool

	// Crossing refuses requests of other sites that carry the session cookie; nil refuses none.
	Crossing *http.CrossOriginProtection

	// NoStore and Cacheable change the Cache-Control of everything behind a guard; see
	// sallyport.Config.
	NoStore, Cacheable bool
}
