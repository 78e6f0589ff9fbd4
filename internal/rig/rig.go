// Package rig is the application under test of the black-box tests: an application that uses only
// the public API, with providers, browsers, a clock and a captured log. Only tests import it.
package rig

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/testcert"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Secret is what the applications under test seal with.
const Secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"

// Marker is what guarded handlers write; requests without a session must not get it.
const Marker = "guarded content"

// An App is an application under test with its provider, both with https.
type App struct {
	URL    string
	Auth   *sallyport.Auth
	OP     *authtest.Provider // configured as "op"
	OP2    *authtest.Provider // configured as "op2"; nil unless Setup.Second
	OIDC   *provider.OIDC     // the configuration of OP
	Mux    *http.ServeMux
	Clock  *Clock
	Server *httptest.Server

	config sallyport.Config
	log    syncBuffer
	mu     sync.Mutex
	events []session.Event
}

// A Setup is what a test may change before the application starts.
type Setup struct {
	Config sallyport.Config
	OIDC   *provider.OIDC
	OP     *authtest.Provider
	Other  provider.Provider // configured as "op" instead of OIDC, such as OP.OAuth2()
	Second bool              // a second provider
	HTTP   bool              // the application is on http, as on a developer's machine
	Path   string            // of BaseURL; the Mux gets requests without it

	// Host is that of BaseURL, such as "a.localhost", and Others are hosts of Config.Origins.
	Host   string
	Others []string

	// Proxy is in front of the application; nil: none.
	Proxy func(http.Handler) http.Handler
}

// New starts an application. When the test ends, its log must be free of secrets. From here on the
// test runs beside others (t.Parallel), unless it calls Serial first.
func New(t testing.TB, change ...func(*Setup)) *App {
	t.Helper()
	parallel(t)
	app := &App{Clock: NewClock(), OP: authtest.NewTLSProvider(t), Mux: http.NewServeMux()}
	app.OP.SetNow(app.Clock.Now)
	setup := &Setup{OIDC: app.OP.OIDC(), OP: app.OP}
	setup.Config = sallyport.Config{
		Session: session.Config{Secret: Secret, Now: app.Clock.Now},
		Logger: slog.New(
			slog.NewTextHandler(&app.log, &slog.HandlerOptions{Level: slog.LevelDebug}),
		),
		OnEvent: app.event,
	}
	for _, f := range change {
		f(setup)
	}
	app.OIDC = setup.OIDC
	app.Start(t, setup)
	t.Cleanup(func() { app.checkLog(t) })
	return app
}

// modes holds whether tests are parallel. t.Parallel must be called once.
var modes sync.Map

func parallel(t testing.TB) {
	if p, ok := t.(interface{ Parallel() }); ok {
		if _, set := mode(t, true); !set {
			p.Parallel()
		}
	}
}

// Serial keeps a test from running beside others, and says why. It comes before New.
func Serial(t testing.TB, why string) {
	t.Helper()
	if parallel, _ := mode(t, false); parallel {
		t.Fatalf("rig: Serial comes too late for a test that New made parallel, although %s", why)
	}
}

// Slow skips a test that takes seconds when the tests run with -short.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds: not with -short")
	}
}

// mode returns what a test is, and whether that was set before.
func mode(t testing.TB, parallel bool) (is, set bool) {
	was, set := modes.LoadOrStore(t, parallel)
	if !set {
		t.Cleanup(func() { modes.Delete(t) })
	}
	return was.(bool), set
}

// Start makes the application listen, at an address that is known before its configuration is
// complete.
func (app *App) Start(t testing.TB, setup *Setup) {
	t.Helper()
	app.Server = httptest.NewUnstartedServer(nil)
	scheme := "https://"
	if setup.HTTP {
		scheme = "http://"
	}
	app.URL = scheme + app.Server.Listener.Addr().String()
	if setup.Host != "" {
		app.URL = app.At(setup.Host)
	}
	c := setup.Config
	for _, host := range setup.Others {
		c.Origins = append(c.Origins, app.At(host))
	}
	c.BaseURL = app.URL + setup.Path
	if c.Providers == nil {
		c.Providers = provider.Set{"op": setup.OIDC}
		if setup.Other != nil {
			c.Providers["op"] = setup.Other
		}
	}
	if setup.Second {
		app.OP2 = authtest.NewTLSProvider(t)
		app.OP2.SetNow(app.Clock.Now)
		c.Providers = maps.Clone(c.Providers)
		c.Providers["op2"] = app.OP2.OIDC()
	}
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	app.Auth, app.config = auth, c
	app.routes()
	app.Server.Config.Handler = auth.Handler(app.Mux)
	if setup.Path != "" && !c.ProxyStripsPath {
		app.Server.Config.Handler = auth.Handler(http.StripPrefix(setup.Path, app.Mux))
	}
	if setup.Proxy != nil {
		app.Server.Config.Handler = setup.Proxy(app.Server.Config.Handler)
	}
	app.Server.Config.ErrorLog = slog.NewLogLogger(
		slog.NewTextHandler(&app.log, nil),
		slog.LevelError,
	)
	if setup.HTTP {
		app.Server.Start()
	} else {
		testcert.Start(app.Server)
	}
	t.Cleanup(app.Server.Close)
}

// routes are the pages of the application: / and /public for all, /me and everything below it, /any
// and /admin guarded.
func (app *App) routes() {
	app.Mux.HandleFunc("/{$}", app.who)
	app.Mux.HandleFunc("/public/", app.who)
	me := app.Auth.RequireAuth(http.HandlerFunc(app.Guarded))
	app.Mux.Handle("/me", me)
	app.Mux.Handle("/me/", me)
	app.Mux.Handle("/admin", app.Auth.RequireRole("admin")(http.HandlerFunc(app.Guarded)))
}

// who says who is signed in: "anonymous", or provider, issuer and subject.
func (app *App) who(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, Who(r.Context())) }

// Guarded is what is behind guards: it writes the Marker, and who is signed in.
func (app *App) Guarded(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s: %s", Marker, Who(r.Context()))
}

// Who describes the session of a context in one line.
func Who(ctx context.Context) string {
	s, ok := session.FromContext(ctx)
	if !ok {
		return "anonymous"
	}
	return strings.Join([]string{s.Provider, s.User.Issuer, s.User.Subject}, " ")
}

// Is returns what a page says when a user of the provider is signed in.
func (app *App) Is(username string) string {
	for _, u := range app.OP.Users() {
		if u.Username == username {
			return "op " + u.Issuer + " " + u.Subject
		}
	}
	return "nobody"
}

func (app *App) event(_ context.Context, e session.Event) {
	app.mu.Lock()
	defer app.mu.Unlock()
	app.events = append(app.events, e)
}

// Events returns the events so far.
func (app *App) Events() []session.Event {
	app.mu.Lock()
	defer app.mu.Unlock()
	return slices.Clone(app.events)
}

// Outcomes returns the outcome codes of the events so far.
func (app *App) Outcomes() []string {
	var codes []string
	for _, e := range app.Events() {
		codes = append(codes, e.Kind+" "+e.Outcome)
	}
	return codes
}

// Happened reports whether an event with the kind and the outcome was emitted.
func (app *App) Happened(kind, outcome string) bool {
	return slices.Contains(app.Outcomes(), kind+" "+outcome)
}

// Again is the same application after a restart with another session configuration.
func (app *App) Again(t testing.TB, change func(*session.Config)) http.Handler {
	t.Helper()
	c := app.config
	change(&c.Session)
	return app.restart(t, c)
}

// AgainWith is the same application after a restart with other providers.
func (app *App) AgainWith(t testing.TB, providers provider.Set) http.Handler {
	t.Helper()
	c := app.config
	c.Providers = providers
	return app.restart(t, c)
}

func (app *App) restart(t testing.TB, c sallyport.Config) http.Handler {
	t.Helper()
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	app.Auth, app.Mux = auth, http.NewServeMux()
	app.routes()
	return auth.Handler(app.Mux)
}
