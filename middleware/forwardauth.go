package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// ForwardAuthConfig configures [Guard.ForwardAuth].
type ForwardAuthConfig struct {
	// TrustedProxies are the addresses of the proxies, such as
	// netip.MustParsePrefix("127.0.0.1/32"). Other clients get 403. A proxy that connects to a Unix
	// socket has the address 127.0.0.1. It is required.
	TrustedProxies []netip.Prefix

	// Guard decides which users are admitted, such as auth.RequireRole("admin"). Its request has
	// the method, host, RequestURI and headers of the original request, but the URL of this one,
	// because proxies and applications spell paths differently. To guard paths with different
	// rules, serve a second handler at another path, and let the proxy choose. Default: every
	// signed-in user.
	Guard func(http.Handler) http.Handler

	// Headers are the identity headers for the application behind the proxy, by name. A header is
	// present even if its value is empty. "%", control characters and characters outside ASCII are
	// percent-encoded. If a client sends one of the headers, also with "_" or "." instead of "-",
	// and the proxy does not remove it, the request gets 403. Default: none.
	Headers map[string]func(*session.Session) string

	// StatusOnly is for auth_request of nginx, which understands only 2xx, 401 and 403 and shows
	// every other status as 500. Requests that need a login or a step-up get 401, rejected requests
	// 403, and outages 503.
	StatusOnly bool

	// MethodHeader, HostHeader and URIHeader are the request headers in which the proxy sends the
	// method, the host and the request target of the original request. The proxy must set them
	// itself, and never forward those of clients. Default: "X-Forwarded-Method", "X-Forwarded-Host"
	// and "X-Forwarded-Uri", which Traefik and Caddy send.
	MethodHeader, HostHeader, URIHeader string
}

// ForwardAuth tells a reverse proxy whether to admit a request: forwardAuth of Traefik,
// forward_auth of Caddy, auth_request of nginx. docs/forward-auth.md has their configurations.
//
// An admitted request gets 204 with the identity in Headers. Others get the response of a guard,
// which the proxy passes on to the browser: page navigations are redirected to the login on the
// same host and return to the original address, everything else gets 401, or 403 if the user is
// rejected. Each guarded host must route Config.Prefix to this process. Cross-site requests with
// unsafe methods get 403 (CSRF).
//
// Mount it beside [sallyport.Auth.Handler], not inside it:
//
//	mux.Handle("/", auth.Handler(app)) // or "/auth/" and auth.Routes, without an application
//	mux.Handle("/forward-auth", auth.ForwardAuth(config))
//
// For admitted requests, proxies drop the cookies of the response. Sessions in cookies are
// therefore never refreshed or renewed here: they end after Session.Idle without a direct request
// to this process, and when Session.Revalidate is due, the user is redirected to the login.
// Sessions in a ServerStore are renewed, but the browser deletes the cookie Session.Idle after it
// was last set.
//
// ForwardAuth panics if the configuration is invalid.
func (g *Guard) ForwardAuth(c ForwardAuthConfig) http.Handler {
	f, err := newForwardAuth(g, c)
	if err != nil {
		panic(err)
	}
	return f
}

// A forwardAuth is the handler of a configuration.
type forwardAuth struct {
	guard    *Guard
	proxies  []netip.Prefix
	original originalHeaders
	identity identityHeaders
	status   bool
	guarded  http.Handler
}

func newForwardAuth(g *Guard, c ForwardAuthConfig) (*forwardAuth, error) {
	original, mistake := newOriginalHeaders(c)
	mistakes := []error{mistake, checkProxies(c.TrustedProxies)}
	identity, mistake := newIdentityHeaders(c.Headers, original)
	if err := errors.Join(append(mistakes, mistake)...); err != nil {
		return nil, err
	}
	f := &forwardAuth{
		guard: g, proxies: c.TrustedProxies, original: original, identity: identity,
		status: c.StatusOnly,
	}
	// The inner guard makes sure that there is a session, whatever Guard does.
	f.guarded = g.RequireAuth(http.HandlerFunc(f.admit))
	if c.Guard != nil {
		f.guarded = c.Guard(f.guarded)
	}
	return f, nil
}

func checkProxies(proxies []netip.Prefix) error {
	if len(proxies) == 0 {
		return errors.New("middleware: ForwardAuthConfig.TrustedProxies is missing: " +
			"list the addresses of the proxies that ask")
	}
	for _, p := range proxies {
		if !p.IsValid() || p.Bits() == 0 {
			return fmt.Errorf("middleware: ForwardAuthConfig.TrustedProxies: %v is not a network: "+
				"use netip.MustParsePrefix with the address of the proxy", p)
		}
	}
	return nil
}

var errInside = errors.New("middleware: ForwardAuth is mounted inside Auth.Handler, " +
	"which renews sessions: mount it beside")

// ServeHTTP implements http.Handler.
func (f *forwardAuth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Cache-Control"] = noStore
	original, err := f.restore(r)
	if err != nil {
		f.guard.config.Report.Fail(&verdict{w, f.guard.config.Origin, f.status}, r, err)
		return
	}
	f.guarded.ServeHTTP(&verdict{w, f.guard.originOf(original), f.status}, original)
}

// restore returns the request that the proxy asks about, for the guards.
func (f *forwardAuth) restore(r *http.Request) (*http.Request, error) {
	_, inside := f.guard.config.Sessions.Attached(r.Context())
	if inside && r.Context().Value(http.ServerContextKey) != nil { // a test may inject a session
		return nil, failed("internal_error", "", errInside)
	}
	if err := sentByProxy(r, f.proxies); err != nil {
		return nil, failed("proxy_misconfigured", "", err)
	}
	if err := f.identity.absent(r.Header); err != nil {
		return nil, failed("proxy_misconfigured", "", err)
	}
	original, err := f.original.restore(r)
	if err != nil {
		return nil, failed("proxy_misconfigured", "", err)
	}
	if !f.guard.config.Serves(original.Host) {
		return nil, failed("wrong_host", "", fmt.Errorf("middleware: the proxy asks about "+
			"host=%s, but BaseURL is %s", original.Host, f.guard.config.Origin))
	}
	if f.status { // nothing that is answered here reaches a browser
		original.Header.Set("Sec-Fetch-Mode", "cors")
	}
	return original, nil
}

// admit answers for a user whom the guards have admitted.
func (f *forwardAuth) admit(w http.ResponseWriter, r *http.Request) {
	f.guard.config.Report.Serve(w, r, func() {
		s, _ := session.FromContext(r.Context())
		f.identity.set(w.Header(), s)
		w.WriteHeader(http.StatusNoContent)
	})
}

// A verdict is the response to a proxy. It is no application's ResponseWriter: no handler of the
// application is behind ForwardAuth.
type verdict struct {
	http.ResponseWriter
	origin string
	status bool // only the status arrives
}

// WriteHeader makes redirects absolute, because Traefik resolves others against its own address of
// this process, and reduces the status to what nginx understands.
func (v *verdict) WriteHeader(status int) {
	if to := v.Header().Get("Location"); strings.HasPrefix(to, "/") &&
		!strings.HasPrefix(to, "//") {
		v.Header().Set("Location", v.origin+to)
	}
	if v.status {
		status = asVerdict(status)
		for _, name := range []string{"Content-Length", "Content-Type", "Content-Language"} {
			v.Header().Del(name)
		}
	}
	v.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (v *verdict) Write(p []byte) (int, error) {
	if v.status {
		return len(p), nil
	}
	return v.ResponseWriter.Write(p)
}

// asVerdict is the status for nginx.
func asVerdict(status int) int {
	switch {
	case 200 <= status && status < 300, status == http.StatusUnauthorized, status >= 500:
		return status
	case status < 400: // a login, or another one, is needed
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}
