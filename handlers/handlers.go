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

// Hooks let the application take part in a sign-in. Each may be nil. They run in the request, also
// concurrently.
//
// A hook rejects with sallyport.ErrRefused, or with a *[problem.Error] to choose what the user
// reads. Any other error is a failure: 503 if it wraps provider.ErrUnavailable, session.ErrStore or
// context.DeadlineExceeded, else 500, as after a panic. No session begins in either case.
type Hooks struct {
	// Begin may change the authorization request of a login, such as its login hint or scopes
	// (Flow.Request), or reject the login before it starts. Flow.Link is not empty when an account
	// is to be linked.
	Begin func(*http.Request, *provider.Flow) error

	// Login gets the verified session before it begins. It may enrich it (User.Roles, Values), send
	// the user to another page first (Login.ReturnTo), or reject the login. The request is that of
	// the callback; its context ends after 30 seconds.
	//
	// Login also gets a session that is renewed silently (session.Config.Revalidate without a
	// refresh token); Login.Renews tells the two apart. Then User is enriched again and Values stay
	// as they are. A rejection ends the session; after any other error it continues with its
	// previous User and Claims.
	//
	// Use User.Key() to identify users, never their email address. To admit only users of an
	// organization that has its own mail domain, use User.EmailIn.
	Login func(*http.Request, *Login) error

	// Refresh gets a session with renewed tokens, and with new claims if the provider sent any,
	// before it replaces the old one. It has to add again what Login added to User; Values stay as
	// they are. A rejection ends the session. Any other error is logged, and the session continues
	// with the new tokens and its previous User and Claims.
	Refresh func(context.Context, *session.Session) error

	// Link links an account with another provider, or another account with the same one, to the
	// account of the signed-in user (Auth.LinkURL). current is the session of that user; the hook
	// may change its Values only. linked is the verified session of the other account, with its
	// tokens; it never begins. Without this hook, accounts cannot be linked.
	//
	// Store linked.User.Key() with the account of current.User.Key(). The hook decides whether to
	// take over an account that another user signs in with, and whether current is recent enough
	// (AuthTime); rejecting is the safe choice. A shared email address proves nothing: addresses
	// change owners, and providers may assert any address.
	Link func(ctx context.Context, current, linked *session.Session) error

	// Logout gets the session that has ended, by the user or in the user's browser. Back-channel
	// logout does not call it, because it ends sessions that are not known one by one; it causes an
	// event.
	Logout func(context.Context, *session.Session)
}

// routes serves the login routes of one origin. It is safe for concurrent use.
type routes struct {
	config   wiring.Login
	hooks    Hooks
	returns  returnFilter
	arriving string            // path below which requests for the routes arrive
	outside  map[string]string // paths at which callbacks arrive outside of it: provider names
	crossing *http.CrossOriginProtection
	base     string // the origin of BaseURL
	*memory
}

// memory is what the routes of all origins remember together.
type memory struct {
	spent  spentFlows
	begins exchanges
	turns  exchanges
}

// New returns the routes for c. Only sallyport.New can call it.
func New(c wiring.Login, hooks Hooks) (wiring.Routes, error) {
	outside := make(map[string]string, len(c.Paths.Callbacks))
	for name, path := range c.Paths.Callbacks {
		outside[strings.TrimPrefix(path, c.Paths.Stripped)] = name
	}
	h := &routes{
		config: c, hooks: hooks, arriving: c.Paths.Arriving(), outside: outside,
		base: c.Origin.String(), memory: &memory{},
	}
	return h, h.settle(c.Origin)
}

// settle makes the routes those of an origin.
func (h *routes) settle(origin *url.URL) error {
	h.config.Origin = origin
	h.returns = returnFilter{
		origin: origin.String(), paths: h.config.Paths, origins: h.config.ReturnOrigins,
	}
	if h.config.SessionEndpoint {
		h.returns.signedIn = h.config.Paths.Prefix + "/" + signedInRoute
	}
	h.crossing = http.NewCrossOriginProtection()
	return h.crossing.AddTrustedOrigin(origin.String())
}

// at returns the routes of the origin of a request. Those of BaseURL answer for unknown hosts,
// which they reject.
func (h *routes) at(r *http.Request) *routes {
	if h.config.OriginOf == nil {
		return h
	}
	origin := h.config.OriginOf(r)
	if origin == nil || origin.Host == h.config.Origin.Host {
		return h
	}
	there := *h
	if err := there.settle(origin); err != nil {
		return h
	}
	return &there
}

// Owns reports whether a request path (decoded, as routers see it) is one of the login routes.
func (h *routes) Owns(path string) bool {
	if _, callback := h.outside[path]; callback {
		return true
	}
	rest, below := strings.CutPrefix(path, h.arriving)
	return below && (rest == "" || rest[0] == '/')
}

// ServeHTTP routes to the handler of the path.
func (h *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.config.Login.Serve(w, r, func() { h.at(r).dispatch(w, r) })
}

func (h *routes) dispatch(w http.ResponseWriter, r *http.Request) {
	if name, callback := h.outside[r.URL.Path]; callback {
		h.callback(w, r, name)
		return
	}
	route, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, h.arriving+"/"), "/")
	switch {
	case route == "login":
		h.login(w, r)
	case route == "callback" && name != "" && h.config.Paths.Callbacks[name] == "":
		h.callback(w, r, name)
	case route == "silent" && name == "" && h.config.SilentLogin != "":
		h.silent(w, r)
	case route == "renew" && name != "":
		h.renew(w, r)
	case route == "link" && name != "":
		h.link(w, r)
	case route == "logout" && name == "":
		h.logout(w, r)
	case route == "logout" && name == "continue":
		h.continueLogout(w, r)
	case route == "logged-out" && name == "":
		h.loggedOut(w, r)
	case route == "providers" && name == "":
		h.providers(w, r)
	case route == "backchannel":
		h.backchannelLogout(w, r)
	case route == "frontchannel":
		h.frontchannelLogout(w, r)
	case name == "" && h.forScripts(w, r, route):
	default:
		h.config.Login.Fail(w, r, h.errNotFound())
	}
}

// LoginURL returns the path that starts a login and then leads to returnTo, a path of the
// application. If returnTo is empty or invalid, it leads to the start page.
func (h *routes) LoginURL(returnTo string) string {
	return h.route("login", returnTo)
}

// LoginURLFor is LoginURL for one provider, configured or a tenant's. An unknown name is reported
// there.
func (h *routes) LoginURLFor(name, returnTo string) string {
	return h.route("login/"+segment(name), returnTo)
}

// LinkURL returns the path to POST to in order to link an account with a provider to the signed-in
// one and then go to returnTo. A GET shows a page with the button.
func (h *routes) LinkURL(name, returnTo string) string {
	return h.route("link/"+segment(name), returnTo)
}

// ReturnTo returns a valid return address unchanged, and otherwise the start page.
func (h *routes) ReturnTo(address string) string { return h.returns.clean(address) }

// ReturnFor is ReturnTo at the origin of a request.
func (h *routes) ReturnFor(r *http.Request, address string) string {
	return h.at(r).returns.clean(address)
}

// segment makes any text one path segment: users may have typed the name.
func segment(name string) string {
	if strings.Trim(name, ".") == "" { // nothing, or a way up
		return "-"
	}
	return url.PathEscape(name)
}

// LogoutURL returns the path to POST to in order to sign out and then go to returnTo, a path of the
// application. If returnTo is empty, a page confirms the sign-out.
func (h *routes) LogoutURL(returnTo string) string {
	return h.route("logout", returnTo)
}

// returnParam is the parameter of the login and logout routes that names the return address.
const returnParam = answer.ReturnParam

func (h *routes) route(name, returnTo string) string {
	target := h.config.Paths.Prefix + "/" + name
	if returnTo != "" {
		target += "?" + returnParam + "=" + url.QueryEscape(returnTo)
	}
	return target
}

// provider finds the provider that the last part of the path names, with the errors of
// directory.Providers.Find.
func (h *routes) provider(r *http.Request, route string) (string, provider.Provider, error) {
	name := strings.TrimPrefix(r.URL.Path, h.arriving+"/"+route+"/")
	p, err := h.config.Providers.Find(r.Context(), name)
	return name, p, err
}

// admit rejects other methods, and other hosts than that of BaseURL, so that another virtual host
// never sets cookies for this application (RFC 9110 section 7.4).
func (h *routes) admit(w http.ResponseWriter, r *http.Request, report *answer.Writer,
	methods ...string) bool {
	for _, m := range methods {
		if r.Method != m {
			continue
		}
		if !wiring.SameHost(r.Host, h.config.Origin) {
			report.Fail(w, r, h.errWrongHost(r.Host))
			return false
		}
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	report.Fail(w, r, h.errMethod())
	return false
}

// Serves reports whether a Host header is that of an origin of the application.
func (h *routes) Serves(host string) bool {
	if h.config.OriginOf != nil {
		return h.config.OriginOf(&http.Request{Host: host}) != nil
	}
	return wiring.SameHost(host, h.config.Origin)
}

// redirect sends the browser to target exactly as given: http.Redirect would clean the path and
// could turn a checked address into another (R85).
func redirect(w http.ResponseWriter, target string) {
	h := w.Header()
	answer.Protect(h)
	h.Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}
