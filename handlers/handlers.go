package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Hooks let the application take part in a sign-in. Each may be nil.
//
// A hook refuses with sallyport.ErrRefused, or with a *[problem.Error] to choose what the user reads. Any other
// error is a failure: 503 if it wraps provider.ErrUnavailable, session.ErrStore or
// context.DeadlineExceeded, else 500, as after a panic. Neither leaves a session behind.
type Hooks struct {
	// Begin may change what a login asks for, such as the login hint or more scopes
	// (Flow.Request), or refuse to start it. Flow.Link is not empty when an account is
	// to be linked.
	Begin func(*http.Request, *provider.Flow) error

	// Login sees the verified session before it begins. It may enrich it (User.Roles, Values) or refuse
	// the login.
	//
	// It also sees a session that is renewed without the user noticing (session.Config.Revalidate without
	// a refresh token); [Renewal] tells the two apart. Then User is enriched again, Values stay as they
	// are, a refusal ends the session, and after any other error it goes on with the User and Claims of
	// before.
	//
	// Users are identified by User.Key(), never by their email address. To admit only users of an
	// organization that is known by its mail domain, ask User.EmailIn.
	Login func(context.Context, *session.Session) error

	// Refresh sees a session whose tokens, and claims if the provider sent new ones, have been renewed,
	// before it replaces the old one. It has to add again what Login has added to User; Values stay. A
	// refusal ends the session. After any other error, which is logged, the session goes on with the new
	// tokens and the User and Claims of before. The new tokens are stored before Refresh runs, so that
	// they cannot be lost; a request in between may see them with the User and Values of before, because
	// waiting for the hook would mean asking the store again and again.
	Refresh func(context.Context, *session.Session) error

	// Link links an account at another provider, or another one at the same, to the account of the
	// signed-in user (LinkURL). current is that user's session, of which the hook may change
	// Values only; linked is the verified session of the other account, with its tokens, which never
	// begins. Without the hook, accounts cannot be linked.
	//
	// Store linked.User.Key() with the account of current.User.Key(). The hook decides whether to take
	// over an account that signs in another user already, and whether current is recent enough
	// (AuthTime); refusing is the safe answer. An email address that both have proves nothing: addresses
	// change hands, and providers put anything into them.
	Link func(ctx context.Context, current, linked *session.Session) error

	// Logout is told which session has ended, by the user or in the user's browser. Sessions that the
	// provider ends by back-channel logout are not known one by one; there is an event.
	Logout func(context.Context, *session.Session)
}

// routes serves the login routes. It is safe for concurrent use.
type routes struct {
	config   wiring.Login
	hooks    Hooks
	returns  returnFilter
	crossing *http.CrossOriginProtection
	spent    spentFlows
	begins   exchanges
	turns    exchanges
}

// New returns the routes for c. Only sallyport.New can call it.
func New(c wiring.Login, hooks Hooks) (wiring.Routes, error) {
	crossing := http.NewCrossOriginProtection()
	if err := crossing.AddTrustedOrigin(c.BaseURL.String()); err != nil {
		return nil, err
	}
	return &routes{
		config:   c,
		hooks:    hooks,
		returns:  returnFilter{origin: c.BaseURL.String(), prefix: c.Prefix, home: c.Home},
		crossing: crossing,
	}, nil
}

// Owns reports whether a request path (decoded, as routers see it) is one of the login routes.
func (h *routes) Owns(path string) bool {
	rest, below := strings.CutPrefix(path, h.config.Prefix)
	return below && (rest == "" || rest[0] == '/')
}

// ServeHTTP routes to the handler of the path.
func (h *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.config.Login.Serve(w, r, func() { h.dispatch(w, r) })
}

func (h *routes) dispatch(w http.ResponseWriter, r *http.Request) {
	route, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, h.config.Prefix+"/"), "/")
	switch {
	case route == "login":
		h.login(w, r)
	case route == "callback" && name != "":
		h.callback(w, r)
	case route == "renew" && name != "":
		h.renew(w, r)
	case route == "link" && name != "":
		h.link(w, r)
	case route == "logout" && name == "":
		h.logout(w, r)
	case route == "logged-out" && name == "":
		h.loggedOut(w, r)
	case route == "backchannel":
		h.backchannelLogout(w, r)
	case route == "frontchannel":
		h.frontchannelLogout(w, r)
	default:
		h.config.Login.Fail(w, r, h.errNotFound())
	}
}

// LoginURL is the path that starts a login and returns to returnTo, a path of the
// application, afterwards. An empty returnTo, or one that is no path of the application, leads home.
func (h *routes) LoginURL(returnTo string) string {
	return h.route("login", returnTo)
}

// LoginURLFor is LoginURL for the provider of a name, configured or a tenant's. Whether there is one is found out there.
func (h *routes) LoginURLFor(name, returnTo string) string {
	return h.route("login/"+segment(name), returnTo)
}

// LinkURL is the path to POST to in order to connect an account at a provider with the one that is signed in, and
// then go to returnTo. A GET shows a page with the button.
func (h *routes) LinkURL(name, returnTo string) string {
	return h.route("link/"+segment(name), returnTo)
}

// segment makes any text one segment of a path: a name may be what somebody has typed.
func segment(name string) string {
	if strings.Trim(name, ".") == "" { // nothing, or a way up
		return "-"
	}
	return url.PathEscape(name)
}

// LogoutURL is the path to POST to in order to sign out and then go to returnTo, a path of the
// application. With an empty returnTo the user sees a page that says they are signed out.
func (h *routes) LogoutURL(returnTo string) string {
	return h.route("logout", returnTo)
}

func (h *routes) route(name, returnTo string) string {
	target := h.config.Prefix + "/" + name
	if returnTo != "" {
		target += "?return_to=" + url.QueryEscape(returnTo)
	}
	return target
}

// provider finds the provider that the last part of the path names, with the errors of directory.Providers.Find.
func (h *routes) provider(r *http.Request, route string) (string, provider.Provider, error) {
	name := strings.TrimPrefix(r.URL.Path, h.config.Prefix+"/"+route+"/")
	p, err := h.config.Providers.Find(r.Context(), name)
	return name, p, err
}

// admit refuses what no route takes: another method, or another host than the configured one, so
// that a neighbouring virtual host or a tenant never mints cookies here (RFC 9110 section 7.4).
func (h *routes) admit(w http.ResponseWriter, r *http.Request, report *answer.Writer, methods ...string) bool {
	for _, m := range methods {
		if r.Method != m {
			continue
		}
		if !sameHost(r.Host, h.config.BaseURL) {
			report.Fail(w, r, h.errWrongHost(r.Host))
			return false
		}
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	report.Fail(w, r, h.errMethod())
	return false
}

// sameHost compares a Host header with the base URL's host; a default port may be left out.
func sameHost(host string, base *url.URL) bool {
	defaultPort := ":443"
	if base.Scheme == "http" {
		defaultPort = ":80"
	}
	trim := func(s string) string { return strings.TrimSuffix(strings.ToLower(s), defaultPort) }
	return trim(host) == trim(base.Host)
}

// redirect sends the browser to target exactly as given: http.Redirect would clean the path and
// could turn a checked address into another (R85).
func redirect(w http.ResponseWriter, target string) {
	h := w.Header()
	answer.Protect(h)
	h.Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}
