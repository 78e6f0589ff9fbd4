package sallyport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Config configures sign-in for an application. BaseURL, one provider and Session.Secret are
// required; everything else has a safe default. A Config never prints its secrets.
type Config struct {
	// BaseURL is the public address of the application as browsers see it, such as
	// "https://app.example.com" or "https://example.com/app". Redirect URIs, cookie attributes and
	// origin checks derive from it, never from request headers. http is accepted for loopback hosts
	// only. With a path, users return only to addresses below it. Other applications of the origin
	// can still act for its users: paths are no security boundary (docs/hosts.md).
	BaseURL string

	// Origins lists further origins of the application, such as "https://b.example.com". BaseURL is
	// one of them, and all have its scheme and path. A request belongs to the origin that its Host
	// header names exactly, and so do its redirect URI, return address and session. A session of
	// one origin does not open at another, unless Session.Domain shares it. Login and guarded
	// routes answer 421 for other hosts. Default: BaseURL only.
	Origins []string

	// OriginOf looks up origins that Origins does not list, such as those of customers. It gets the
	// host of a request in lower case, without a default port, and returns the origin of that host,
	// or false for an unknown host. It runs for each request to an unlisted host, so it should
	// answer from memory. Every accepted host needs the same trust as a registered redirect URI
	// (docs/hosts.md). Default: none.
	OriginOf func(host string) (origin string, ok bool)

	// RelayURL is the URL of a [Relay], such as "https://login.example.com/callback", which
	// forwards the responses of providers to this application. The redirect URI is then RelayURL +
	// "/" + the name of the provider. After a sign-out, users stay at the provider, because no URL
	// of this application is registered there. OAuth 1.0a does not use the relay. Default:
	// responses come to this application.
	RelayURL string

	// RelaySecret is RelayConfig.Secret. It must not be a secret of the session.
	RelaySecret string

	// ProxyStripsPath says that requests arrive without the path of BaseURL, because a proxy, or
	// http.StripPrefix around [Auth.Handler], removes it. Links and return addresses still include
	// the path. Default: requests arrive with the path.
	ProxyStripsPath bool

	// Prefix is the path of the login routes, below BaseURL. Default: "/auth".
	Prefix string

	// Home is the path of the application's start page, below BaseURL. Logins without a return
	// address and links on pages lead there. Default: "/".
	Home string

	// Providers are the providers by name. The name is part of the redirect URI to register with
	// the provider, BaseURL + Prefix + "/callback/" + name, unless the provider's Callback is set.
	Providers provider.Set

	// Order lists provider names in the order in which the login page offers them. Providers that
	// are not listed follow, sorted by label. Default: all sorted by label.
	Order []string

	// DefaultProvider is the name of the provider for logins without a provider name. The login
	// page is then not shown. Default: the only provider, or the user chooses.
	DefaultProvider string

	// LoginParams lists parameters of the authorization request that the query of the login URL may
	// set, such as "screen_hint", "login_hint" or "ui_locales": /auth/login?screen_hint=signup.
	// Anyone can write such a link, so allow only parameters without effect on security; use
	// Auth.LoginURLWith for others. Names that the library sets are rejected. Default: none, and
	// other parameters are ignored.
	LoginParams []string

	// SilentLogin signs in users with a session at the provider (DefaultProvider, or the only one)
	// when they open their first page. A top-level navigation without a session here is redirected
	// through the provider with prompt=none, which shows nothing (OpenID Connect Core section
	// 3.1.2.1). Users without a session there get the page after that round trip. There is one
	// attempt per browser session, and none after a sign-out. Default: off.
	SilentLogin bool

	// Tenants looks up providers whose names are not in Providers. If Providers is empty, LoginPage
	// is required: it identifies the tenant and redirects to [Auth.LoginURLFor]. Tenants are never
	// listed. Default: none.
	Tenants provider.Tenants

	// Session configures sessions. Session.Secret is required.
	Session session.Config

	// AppName is the application's name on pages, as in "Sign in to Acme". Default: the host of
	// BaseURL.
	AppName string

	// Texts replaces texts of the built-in pages, by language ("de") and key, such as
	// "login_refused.title" or "sign_in". The files in internal/answer/texts have all keys. A new
	// language needs all of them. {app} is replaced by AppName; keep all other placeholders. The
	// language of a page is negotiated by Accept-Language. Default: the built-in texts.
	Texts map[string]map[string]string

	// Hooks let the application take part in a sign-in.
	Hooks handlers.Hooks

	// LoginPage replaces the page that offers the providers. handlers.Choices returns the
	// providers, and handlers.ReturnTo the address to return to. A page that offers a login of the
	// application's own needs no Providers (Auth.SignIn). Default: a plain, accessible page, or
	// none with one provider.
	LoginPage http.Handler

	// StepUpPage is the path of the page on which users of the application's own logins
	// authenticate again, such as "/confirm". RequireRecent and RequireACR redirect page
	// navigations there with the parameters return_to and, depending on the guard, max_age
	// (seconds) or acr_values. The page calls Auth.SignIn again. Default: none; these users get
	// 403.
	StepUpPage string

	// OnError replaces the built-in responses that a user or client reads, at login routes and
	// guards: failed requests, requests that need a sign-in (401), and the pages for sign-out and
	// account linking, whose Status is 200. It is not called for redirects, for the login page
	// (LoginPage), for the page that closes a login window, and for back-channel logout.
	//
	// OnError returns true if it has written a response. If it returns false, it must not have
	// written anything, and the built-in response follows: a page, or application/problem+json for
	// programs (Error.Page tells them apart). The error's texts are for the user; its Err is for
	// the log only. WWW-Authenticate, Retry-After, Vary and Allow are already set. Default: nil.
	OnError func(http.ResponseWriter, *http.Request, *problem.Error) bool

	// OnEvent receives an event for each login, logout and rejection, for audit logs and metrics.
	// It runs during the request, so it should return quickly. Default: nil.
	OnEvent func(context.Context, Event)

	// TrustedOrigins lists other origins, such as "https://www.example.com", whose pages may send
	// requests with unsafe methods (POST, ...) and the user's session cookie to guarded routes. It
	// does not apply to the login routes. Default: none.
	TrustedOrigins []string

	// ReturnOrigins lists other origins, such as "https://www.example.com", to which a login or
	// logout may lead: the return address is then an absolute URL. Origins are compared exactly and
	// get no other permission: for requests from their pages, see TrustedOrigins. Default: none, so
	// return addresses are paths of the application.
	ReturnOrigins []string

	// ThirdPartyLogin lets a configured provider start a login by GET or POST (OpenID Connect Core
	// section 4). The initiate_login_uri is BaseURL + Prefix + "/login". Only iss, login_hint and
	// target_link_uri are read. Any site can then make a browser start a login, which has no effect
	// until the user signs in. Default: off.
	ThirdPartyLogin bool

	// FrontchannelLogout lets a provider end the user's session in a frame (OpenID Connect
	// Front-Channel Logout 1.0). The frontchannel_logout_uri is BaseURL + Prefix + "/frontchannel/"
	// + name, and the provider must send iss and sid. It requires Session.Revocations or a
	// ServerStore, and, unless the provider is same-site with the application, Session.SameSite =
	// http.SameSiteNoneMode. Browsers that block third-party cookies ignore it; back-channel
	// logout, which is on with revocations, is more reliable. Default: off.
	FrontchannelLogout bool

	// SessionEndpoint serves what single-page apps need below BaseURL + Prefix, to pages of the
	// same origin only: "/session" returns the user and the remaining time, without tokens, and
	// "/client.js" is a JavaScript module that uses it (docs/spa.md). Default: off.
	SessionEndpoint bool

	// SessionClaims returns what the session endpoint shows as "claims", besides the User: claims
	// of the provider (Session.Claims), Values, or data of the application. Scripts can read it, so
	// it must not contain secrets. It runs for each request to the endpoint, also concurrently; its
	// errors are answered like those of Hooks. Default: none.
	SessionClaims func(context.Context, *session.Session) (map[string]any, error)

	// RefreshAhead is how long before its expiry Client and TokenSource refresh an access token, up
	// to an hour. Default: one minute.
	RefreshAhead time.Duration

	// CacheableAfterSignOut leaves Cache-Control to the handlers. Browsers may then show guarded
	// pages from their cache after a sign-out, even to the next user of the computer. Default:
	// guarded responses are no-store, and guarded style sheets, scripts, images and fonts "private,
	// no-cache"; a handler's own header takes precedence.
	CacheableAfterSignOut bool

	// NoStore makes guarded style sheets, scripts, images and fonts no-store as well.
	NoStore bool

	// Logger receives the cause of every failure under the reference number that the user sees. It
	// never receives secrets. Default: slog.Default().
	Logger *slog.Logger
}

// An Event describes a login, a logout, a rejection or the end of a session.
type Event = session.Event

// ErrRefused rejects a login, a refresh or the linking of an account: hooks return it, or wrap it.
// Any other error of a hook, except a *problem.Error, is a failure, and the user reads that the
// problem is on our side.
var ErrRefused = answer.ErrRefused

// defaultPrefix is the default of Config.Prefix.
const defaultPrefix = "/auth"

// New returns an Auth, or all configuration errors at once (errors.Join). It makes no network
// requests, so an application starts while its provider is down.
func New(c Config) (*Auth, error) {
	base, mistakes := c.check()
	c = c.withDefaults(base)
	mistakes = append(mistakes, c.checkProviders(base)...)
	auth := &Auth{logger: c.Logger}
	if base == nil {
		base = &url.URL{Scheme: "https", Host: "invalid"} // go on, to find the other mistakes
	} else if several, wrong := c.origins(base); several != nil {
		auth.originOf, mistakes = several.of, append(mistakes, wrong...)
	}
	sessions, err := session.New(c.Session, auth.site(c, base), c.OnEvent)
	mistakes = append(mistakes, err)
	states, wrong := c.relayStates()
	if mistakes = append(mistakes, wrong...); states != nil {
		auth.relay = states
	}
	words, wrong := answer.NewWords(cmp.Or(c.AppName, base.Host), c.Texts)
	for _, mistake := range wrong {
		mistakes = append(mistakes, fmt.Errorf("sallyport: %w", mistake))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	c.warn(sessions.Manager)
	auth.Sessions, auth.providers = sessions.Manager, c.directory(base, sessions.Now)
	if err := auth.mount(c, base, words, sessions); err != nil {
		return nil, fmt.Errorf("sallyport: %w", err)
	}
	return auth, nil
}

// site is what sessions need to know about the application.
func (a *Auth) site(c Config, base *url.URL) engine.Site {
	return engine.Site{
		BaseURL: base, Prefix: c.Prefix, OriginOf: a.originOf, Accept: a.accept,
		SignedOut: a.signedOut, Logger: c.Logger,
	}
}

// directory returns the configured providers and those of tenants.
func (c Config) directory(base *url.URL, now func() time.Time) *directory.Providers {
	for name, p := range c.Providers {
		c.reportFrom(name, p)
	}
	return directory.New(c.Providers, c.Tenants, func(name string, p provider.Provider) error {
		c.reportFrom(name, p)
		return errors.Join(append(c.checkProvider(name, p, base), notOfTenant(name, p))...)
	}, now)
}

// mount creates the login routes and the guards.
func (a *Auth) mount(c Config, base *url.URL, words *answer.Words, sessions wiring.Sessions) (
	err error) {
	writer := func(kind string) *answer.Writer {
		return &answer.Writer{
			Kind: kind, Words: words, Logger: c.Logger, OnError: c.OnError, OnEvent: c.OnEvent,
			Now: sessions.Now,
		}
	}
	origin, paths := originOf(base), c.paths(base)
	crossing, err := c.crossing(origin)
	if err != nil {
		return err
	}
	a.routes, err = handlers.New(wiring.Login{
		Origin: origin, OriginOf: a.originOf, Paths: paths, Providers: a.providers,
		Sessions: sessions, LoginPage: c.LoginPage, Order: c.Order, Relay: a.relay,
		Crossing:        crossing,
		ReturnOrigins:   slices.Clone(c.ReturnOrigins),
		DefaultProvider: c.DefaultProvider, LoginParams: slices.Clone(c.LoginParams),
		SilentLogin:     c.silentProvider(),
		ThirdPartyLogin: c.ThirdPartyLogin, FrontchannelLogout: c.FrontchannelLogout,
		SessionEndpoint: c.SessionEndpoint, SessionClaims: c.SessionClaims,
		RequireAuth: func(next http.Handler) http.Handler { return a.RequireAuth(next) },
		Login:       writer("login"), Logout: writer("logout"), Link: writer("link"),
	}, c.Hooks)
	if err != nil {
		return err
	}
	a.Routes = a.routes
	a.registered = a.registeredURIs(c)
	guards := wiring.Guards{
		Sessions: sessions, Report: writer("session"),
		NoStore: c.NoStore, Cacheable: c.CacheableAfterSignOut,
		Paths: paths, LoginPath: a.LoginURL(""), Origin: origin.String(), OriginOf: a.originOf,
		LoginFor: func(name string) string { return a.LoginURLFor(name, "") },
		Serves:   a.routes.Serves,
		StepUp:   a.routes.StepUp, Silent: a.routes.Silent,
		ReturnFor:        a.routes.ReturnFor,
		LoginWith:        a.routes.LoginURLWith,
		TrustTenantRoles: c.Tenants.TrustRoles,
		Providers:        a.providers, Refreshed: c.Hooks.Refresh,
		RefreshAhead: c.RefreshAhead, Crossing: crossing,
	}
	if c.SilentLogin {
		guards.FirstVisit = a.routes.FirstVisit
	}
	a.Guard, a.load = middleware.New(guards)
	return nil
}

// reportFrom gives a provider the logger, for oddities in its responses.
func (c Config) reportFrom(name string, p provider.Provider) {
	if r, ok := p.(provider.Reporter); ok {
		r.ReportTo(c.Logger.With("provider", name))
	}
}
