package sallyport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Config says how an application signs its users in. BaseURL, one provider and Session.Secret
// are needed; everything else has a safe default. A Config never prints its secrets.
type Config struct {
	// BaseURL is the public origin of the application, such as "https://app.example.com", as the
	// browser sees it. Redirect URIs, cookie attributes and origin checks follow from it, never from headers
	// of the request. http is for loopback hosts only.
	BaseURL string

	// Prefix is where the login routes live. Default: "/auth".
	Prefix string

	// Home is the path of the application's start page, where pages and sign-ins lead that have no
	// better place, such as "/app/" for an application below a path. Default: "/".
	Home string

	// Providers are the ways to sign in, by name. The name is part of the redirect URI to register
	// at the provider: BaseURL + Prefix + "/callback/" + name.
	Providers provider.Set

	// Order is in what order the login page offers the providers, by name. Those it leaves out follow,
	// sorted by label. Default: all sorted by label.
	Order []string

	// Tenants finds the providers of tenants, by names that are not among Providers. Without Providers there must be a LoginPage, which finds out
	// whose sign-in it is and leads to [Auth.LoginURLFor]; tenants are not listed for anybody. Default: none.
	Tenants provider.Tenants

	// Session says how sessions are kept. Its Secret must be set.
	Session session.Config

	// AppName is what pages call the application, as in "Sign in to Acme". Default: the host of BaseURL.
	AppName string

	// Texts changes what users read, by language ("de") and key: the texts of package problem's codes,
	// such as "login_refused.title", and of buttons, such as "sign_in". The files in internal/answer/texts
	// have all keys. A language that is not among them is added, and needs all keys. {app} stands for
	// AppName; other placeholders must stay. The language of a page is chosen by Accept-Language.
	// Default: the texts of the library.
	Texts map[string]map[string]string

	// Hooks are called at the turning points of a sign-in.
	Hooks handlers.Hooks

	// LoginPage is shown when there are several providers to choose from, or Tenants; handlers.Choices tells
	// which, and handlers.ReturnTo where the user wants to go. Default: a plain, accessible page.
	LoginPage http.Handler

	// OnError replaces everything that a user or client reads from the library, at the login routes
	// and at guards: failed requests, requests that have to sign in first (401), and the pages that ask
	// or report something (the sign-out question, the page after it, and those of Hooks.Link), whose
	// Status is 200. LoginPage replaces the choice of providers. Redirects are not asked about, nor are
	// answers to a provider's back-channel logout.
	//
	// It reports whether it has answered; otherwise, without having written anything, the built-in
	// answer follows: a plain page, or application/problem+json for programs (Error.Page tells which).
	// The error has texts for the user; its Err is for the log only. Headers such as
	// WWW-Authenticate, Retry-After, Vary and Allow are set already. Default: the built-in answers.
	OnError func(http.ResponseWriter, *http.Request, *problem.Error) bool

	// OnEvent is told about logins, logouts and refusals, for audit trails and metrics. It runs in
	// the request, so it should return soon.
	OnEvent func(context.Context, Event)

	// TrustedOrigins are other origins, such as "https://www.example.com", whose pages may send requests with unsafe methods (POST,
	// ...) to guarded routes with the user's session cookie. Default: none. The routes for signing in and out are not among them.
	TrustedOrigins []string

	// ThirdPartyLogin lets a configured provider start a login (OpenID Connect Core section 4), by
	// GET or POST, for the initiate_login_uri BaseURL + Prefix + "/login". Only iss, login_hint and
	// target_link_uri are read. Any site can make a browser start a login by it, which changes
	// nothing until the user signs in. Default: off.
	ThirdPartyLogin bool

	// FrontchannelLogout lets pages of a provider end the user's session here, in a frame (OpenID Connect Front-Channel Logout 1.0), for
	// the frontchannel_logout_uri BaseURL + Prefix + "/frontchannel/" + name; the provider has to send iss and sid. It works only
	// with Session.SameSite = http.SameSiteNoneMode, unless the provider is on the same site as the application, and not in
	// browsers that keep cookies from frames. It needs Session.Revocations or a ServerStore. With these, back-channel logout is on,
	// which is better. Default: off.
	FrontchannelLogout bool

	// RefreshAhead is how long before its end an access token is refreshed, when Client or TokenSource
	// need it. Default: one minute.
	RefreshAhead time.Duration

	// CacheableAfterSignOut leaves Cache-Control to the handlers. The browser may then show guarded
	// pages from its cache after the user has signed out, and to the next user of the computer.
	// Default: everything behind a guard is marked no-store, and style sheets, scripts, images and
	// fonts "private, no-cache"; the header of a handler wins.
	CacheableAfterSignOut bool

	// NoStore marks style sheets, scripts, images and fonts behind a guard no-store as well.
	NoStore bool

	// Logger gets the cause of every failure, under the reference number that the user sees,
	// and no secrets. Default: slog.Default().
	Logger *slog.Logger
}

// An Event is something that happened to a sign-in or a session.
type Event = session.Event

// ErrRefused is what a hook returns, or wraps, to refuse a login, a refresh or the linking of an
// account. Any other error, except a *problem.Error, is a failure of the hook: the user reads that the
// problem is on our side.
var ErrRefused = answer.ErrRefused

// defaultPrefix is where the login routes live unless configured otherwise.
const defaultPrefix = "/auth"

// New checks the configuration and returns every mistake at once (errors.Join). It uses no network: a
// provider that is down does not keep the application from starting.
func New(c Config) (*Auth, error) {
	base, mistakes := c.check()
	c = c.withDefaults(base)
	mistakes = append(mistakes, c.checkProviders(base)...)

	auth := &Auth{logger: c.Logger}
	if base == nil {
		base = &url.URL{Scheme: "https", Host: "invalid"} // go on, to find the other mistakes
	}
	manager, err := session.NewManager(c.Session, session.Site{
		BaseURL: base, Prefix: c.Prefix, Accept: auth.accept, SignedOut: auth.signedOut, Logger: c.Logger, OnEvent: c.OnEvent,
	})
	mistakes = append(mistakes, err)
	words, wrong := answer.NewWords(cmp.Or(c.AppName, base.Host), c.Texts)
	for _, mistake := range wrong {
		mistakes = append(mistakes, fmt.Errorf("sallyport: %w", mistake))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	auth.Sessions = manager
	auth.providers = directory.New(c.Providers, c.Tenants, func(name string, p provider.Provider) error {
		c.reportFrom(name, p)
		return errors.Join(c.checkProvider(name, p, base)...)
	}, manager.Now)
	for name, p := range c.Providers {
		c.reportFrom(name, p)
	}
	c.warn(manager)
	writer := func(kind string) *answer.Writer {
		return &answer.Writer{
			Kind: kind, Words: words, Logger: c.Logger, OnError: c.OnError, OnEvent: c.OnEvent,
			Now: manager.Now,
		}
	}
	auth.routes, err = handlers.New(wiring.Login{
		BaseURL: base, Prefix: c.Prefix, Home: c.Home, Providers: auth.providers,
		Sessions: manager, LoginPage: c.LoginPage, Order: c.Order,
		ThirdPartyLogin: c.ThirdPartyLogin, FrontchannelLogout: c.FrontchannelLogout,
		Login: writer("login"), Logout: writer("logout"), Link: writer("link"),
	}, c.Hooks)
	if err != nil {
		return nil, fmt.Errorf("sallyport: %w", err)
	}
	crossing := http.NewCrossOriginProtection()
	for _, origin := range append([]string{base.String()}, c.TrustedOrigins...) {
		if err := crossing.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("sallyport: TrustedOrigins: %w", err)
		}
	}
	auth.Routes = auth.routes
	auth.Guard = middleware.New(wiring.Guards{
		Sessions: manager, Report: writer("session"),
		NoStore: c.NoStore, Cacheable: c.CacheableAfterSignOut,
		Home: c.Home, LoginPath: auth.LoginURL(""), Origin: base.String(),
		LoginFor: func(name string) string { return auth.LoginURLFor(name, "") },
		StepUp:   auth.routes.StepUp, Silent: auth.routes.Silent,
		TrustTenantRoles: c.Tenants.TrustRoles,
		Providers:        auth.providers, Refreshed: c.Hooks.Refresh,
		RefreshAhead: c.RefreshAhead, Crossing: crossing,
	})
	return auth, nil
}

// reportFrom hands a provider the logger, for what is odd about its answers.
func (c Config) reportFrom(name string, p provider.Provider) {
	if r, ok := p.(provider.Reporter); ok {
		r.ReportTo(c.Logger.With("provider", name))
	}
}

// errRegistration ends a session of another client than the one configured now.
var errRegistration = fmt.Errorf("sallyport: its provider has another issuer or client now: %w",
	session.ErrEnded)

// accept binds sessions to the configuration of their provider: another issuer or client under the
// same name ends them (R105). A provider or tenant that is unknown here may be one that only newer
// servers know, in a rolling deployment: its sessions are rejected, and kept (F17). Nor does a tenant
// that cannot be looked up end them (R100).
func (a *Auth) accept(ctx context.Context, s *session.Session) error {
	s.User.Tenant = a.providers.TenantOf(s.Provider)
	registration, err := a.providers.Registration(ctx, s.Provider)
	switch {
	case errors.Is(err, provider.ErrUnavailable):
		return fmt.Errorf("%w: %w", session.ErrStore, err)
	case err != nil:
		return fmt.Errorf("sallyport: its provider %q is not configured here", s.Provider)
	case registration != s.Registration:
		return errRegistration
	}
	return nil
}

// signedOut makes the login routes forget what they count for this browser (F41).
func (a *Auth) signedOut(w http.ResponseWriter, r *http.Request) { a.routes.SignedOut(w, r) }
