package requirements_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A tenancy is an application's own list of tenants, which can be away.
type tenancy struct {
	mu        sync.Mutex
	providers provider.Set
	err       error
	calls     []string
}

var errTenancy = errors.New("the database of tenants is away")

func (tn *tenancy) find(_ context.Context, name string) (provider.Provider, error) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.calls = append(tn.calls, name)
	return tn.providers[name], tn.err
}

// set changes a tenant; nil removes it.
func (tn *tenancy) set(name string, p provider.Provider) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.providers = maps.Clone(tn.providers)
	if tn.providers[name] = p; p == nil {
		delete(tn.providers, name)
	}
}

func (tn *tenancy) fail(err error) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.err = err
}

func (tn *tenancy) asked() int {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return len(tn.calls)
}

// withTenants is an application with the tenants acme, with a provider of its own, and globex and initech, which share one: with the
// same client at it. The provider of acme is app.OP2.
func withTenants(t *testing.T, change ...func(*rig.Setup)) (*rig.App, *tenancy) {
	t.Helper()
	tn := &tenancy{}
	acme := authtest.NewTLSProvider(t)
	app := rig.New(t, append([]func(*rig.Setup){func(s *rig.Setup) {
		acme.SetNow(s.Config.Session.Now)
		tn.providers = provider.Set{"acme": acme.OIDC(), "globex": s.OP.OIDC(), "initech": s.OP.OIDC()}
		s.Config.Tenants.Find = tn.find
	}}, change...)...)
	app.OP2 = acme
	return app, tn
}

// R37
func TestTenants_R37_SameSubjectIsAnotherUser(t *testing.T) {
	app, _ := withTenants(t)
	seen := map[string]string{}
	for _, name := range []string{"op", "acme", "globex", "initech"} {
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/auth/login/"+name+"?return_to=%2Fme%3Fx%3D1")
		issuer := app.OP.Issuer()
		if name == "acme" {
			issuer = app.OP2.Issuer()
		}
		who := app.Visit(t, b, "/")
		if want := name + " " + issuer + " 1001"; who != want || resp.Request.URL.RequestURI() != "/me?x=1" {
			t.Errorf("at %s: %s at %s, want %s", name, who, resp.Request.URL, want)
		}
		if other, taken := seen[who]; taken {
			t.Errorf("%s and %s have the same user", name, other)
		}
		seen[who] = name
	}
}

// R33, R34, R38: an answer for one tenant is none for another, also when they have the same client at the same issuer.
func TestTenants_R38_CallbackOfAnotherTenant(t *testing.T) {
	app, _ := withTenants(t)
	for _, names := range [][2]string{{"globex", "initech"}, {"globex", "op"}, {"op", "globex"}, {"acme", "globex"}} {
		b := rig.Browser(t)
		before := app.OP.Count("token") + app.OP2.Count("token")
		callback := app.Callback(t, b, "alice", "/auth/login/"+names[0])
		crossed := strings.Replace(callback.String(), "/callback/"+names[0]+"?", "/callback/"+names[1]+"?", 1)
		resp := app.Get(t, b, crossed)
		if resp.StatusCode != http.StatusBadRequest || len(app.SessionCookies(b)) != 0 || app.OP.Count("token")+app.OP2.Count("token") != before {
			t.Errorf("%v: status %d", names, resp.StatusCode)
		}
		if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther || !alive(t, app, b) {
			t.Errorf("%v: at the right one: status %d", names, resp.StatusCode)
		}
	}
}

// R37, R38: what one tenant's provider says of a session, or of a user, says nothing of another tenant's.
func TestTenants_R37_LogoutOfAnotherTenant(t *testing.T) {
	everyKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, _ := withTenants(t, keep, framed)
		globex, initech := signedIn(t, app, "alice", "/auth/login/globex"), signedIn(t, app, "alice", "/auth/login/initech")
		accepted(t, app, deliver(t, app, "initech", app.OP.LogoutToken("alice")))
		if !alive(t, app, globex) || alive(t, app, initech) {
			t.Errorf("the logout token was for initech: globex %v, initech %v", alive(t, app, globex), alive(t, app, initech))
		}
		refusedLogout(t, "another issuer", deliver(t, app, "acme", app.OP.LogoutToken("alice")))
		sid := app.OP.Sessions("alice")[0]
		frame(t, app, globex, named("initech", app.OP.Issuer(), sid))
		frame(t, app, globex, named("op", app.OP.Issuer(), sid))
		if !alive(t, app, globex) {
			t.Error("the front channel of another tenant has ended the session")
		}
		frame(t, app, globex, named("globex", app.OP.Issuer(), sid))
		if alive(t, app, globex) {
			t.Error("that of its own has not")
		}
		for _, path := range []string{"/auth/backchannel/nobody", "/auth/backchannel/", "/auth/backchannel"} {
			if resp := app.Post(t, rig.Browser(t), path, url.Values{"logout_token": {"x"}}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s: status %d", path, resp.StatusCode)
			}
		}
	})
}

// R38: a session of one tenant is none at another, whatever the address says.
func TestTenants_R38_SessionOfAnotherTenant(t *testing.T) {
	app, _ := withTenants(t)
	tenant := app.Auth.RequireTenant(func(r *http.Request) string { return r.PathValue("tenant") })
	app.Mux.Handle("/t/{tenant}/", tenant(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/nobody", app.Auth.RequireTenant(func(*http.Request) string { return "" })(http.HandlerFunc(app.Guarded)))
	b := signedIn(t, app, "alice", "/auth/login/globex")
	for path, want := range map[string]int{"/t/globex/": 200, "/t/initech/": 403, "/t/acme/": 403, "/t/op/": 403, "/t/GLOBEX/": 403, "/t/none/": 403, "/nobody": 403} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			resp := app.Do(t, b, method, path, nil, "Origin", app.URL, "Sec-Fetch-Site", "same-origin")
			if body := authtest.Body(t, resp); resp.StatusCode != want || want == 403 && strings.Contains(body, rig.Marker) {
				t.Errorf("%s %s: status %d, want %d: %s", method, path, resp.StatusCode, want, body)
			}
		}
	}
	if body := app.Visit(t, b, "/t/initech/x?y=1"); !strings.Contains(body, `href="/auth/login/initech?return_to=%2Ft%2Finitech%2Fx%3Fy%3D1"`) || !app.Happened("session", "other_tenant") {
		t.Errorf("no way in: %s; events %v", body, app.Outcomes())
	}
	if resp := app.Do(t, b, "POST", "/t/globex/", nil, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a POST of another site: status %d", resp.StatusCode)
	}
	// A session that is of no provider is of no tenant.
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, authtest.WithSession(httptest.NewRequest("GET", app.URL+"/nobody", nil), &session.Session{User: session.User{Issuer: "i", Subject: "s"}}))
	if w.Code != http.StatusForbidden {
		t.Errorf("without names: status %d", w.Code)
	}
	// Who is not signed in goes to the tenant's own.
	nobody := rig.Browser(t)
	resp := app.Get(t, nobody, "/t/acme/x?y=1")
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || got != "/auth/login/acme?return_to=%2Ft%2Facme%2Fx%3Fy%3D1" {
		t.Errorf("status %d, Location %q", resp.StatusCode, got)
	}
	resp = app.Get(t, nobody, "/t/acme/", "Sec-Fetch-Mode", "cors")
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"login_url":"`+app.URL+`/auth/login/acme"`) {
		t.Errorf("a script: status %d: %s", resp.StatusCode, body)
	}
	if got := app.Get(t, nobody, "/t/a%2Fb/").Header.Get("Location"); !strings.HasPrefix(got, "/auth/login/a%2Fb?") {
		t.Errorf("a name that is none: Location %q", got)
	}
	// Opening the login routes of another tenant changes nothing until the user has signed in there.
	before := app.Visit(t, b, "/")
	app.BeginLogin(t, b, "/auth/login/initech")
	app.Get(t, b, "/auth/callback/initech?code=x&state=y")
	if who := app.Visit(t, b, "/"); who != before {
		t.Errorf("signed in as %s", who)
	}
}

// R105: a session ends when its tenant is another client, has another issuer, or is gone; not before the answer of before is too old.
func TestTenants_R105_ChangedOrRemoved(t *testing.T) {
	for name, change := range map[string]func(app *rig.App) provider.Provider{
		"client":  func(app *rig.App) provider.Provider { o := app.OP.OIDC(); o.ClientID = "another"; return o },
		"issuer":  func(app *rig.App) provider.Provider { return app.OP2.OIDC() },
		"removed": func(*rig.App) provider.Provider { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			everyKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
				app, tn := withTenants(t, keep)
				b, other := signedIn(t, app, "alice", "/auth/login/globex"), signedIn(t, app, "alice", "/auth/login/initech")
				late := rig.Browser(t)
				callback := app.Callback(t, late, "alice", "/auth/login/globex")
				tn.set("globex", change(app))
				if !alive(t, app, b) {
					t.Error("ended at once: the answer was not kept")
				}
				app.Clock.Advance(time.Minute)
				if alive(t, app, b) || len(app.SessionCookies(b)) != 0 {
					t.Error("the session lives on")
				}
				if !alive(t, app, other) {
					t.Error("another tenant's session has ended")
				}
				before := app.OP.Count("token") + app.OP2.Count("token")
				resp := app.Get(t, late, callback.String())
				if resp.StatusCode/100 != 4 || app.OP.Count("token")+app.OP2.Count("token") != before {
					t.Errorf("a login that was under way: status %d", resp.StatusCode)
				}
			})
		})
	}
}

// R100: while nobody knows, nobody is let in, and nobody is signed out.
func TestTenants_R100_NobodyKnows(t *testing.T) {
	everyKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, tn := withTenants(t, keep, framed)
		b, leaving, own := signedIn(t, app, "alice", "/auth/login/globex"), signedIn(t, app, "bob", "/auth/login/globex"), signedIn(t, app, "bob", "/auth/login/op")
		late := rig.Browser(t)
		callback := app.Callback(t, late, "alice", "/auth/login/globex")
		left := app.SessionCookies(leaving)
		tn.fail(errTenancy)
		app.Clock.Advance(time.Minute)

		for _, path := range []string{"/me", "/", "/auth/login/globex", "/auth/login/never-seen", "/auth/callback/globex?code=x&state=y", named("globex", app.OP.Issuer(), "x")} {
			cookies := len(app.SessionCookies(b))
			resp := app.Get(t, b, path)
			body := authtest.Body(t, resp)
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || strings.Contains(body, rig.Marker) || strings.Contains(body, "database") {
				t.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
			}
			if len(app.SessionCookies(b)) != cookies {
				t.Errorf("%s: the cookie is gone", path)
			}
		}
		if resp := app.Get(t, late, callback.String()); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a callback: status %d", resp.StatusCode)
		}
		resp := deliver(t, app, "globex", app.OP.LogoutToken("alice"))
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(authtest.Body(t, resp), "temporarily_unavailable") {
			t.Errorf("a logout token: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
		}
		if !strings.Contains(app.Log(), errTenancy.Error()) || !app.Happened("session", "provider_unavailable") || !app.Happened("login", "provider_unavailable") {
			t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
		}
		if !alive(t, app, own) {
			t.Error("the user of a configured provider is concerned")
		}
		if resp := app.Post(t, leaving, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther || len(app.SessionCookies(leaving)) != 0 {
			t.Errorf("signing out: status %d", resp.StatusCode)
		}

		tn.fail(nil)
		if !alive(t, app, b) {
			t.Error("afterwards the session is gone")
		}
		if presented(t, app, left...) != "anonymous" {
			t.Error("the session that was signed out meanwhile works again")
		}
		if resp := app.Get(t, late, callback.String()); resp.StatusCode != http.StatusSeeOther || !alive(t, app, late) {
			t.Errorf("afterwards the login that was under way: status %d", resp.StatusCode)
		}
	})
}

// R156: what Find returns is judged as what is configured.
func TestTenants_R156_Validated(t *testing.T) {
	var log bytes.Buffer
	found := provider.Set{
		"mistake": &provider.OIDC{Issuer: "https://login.example.com"}, "http": &provider.OIDC{Issuer: "http://login.example.com", ClientID: "c"},
		"insecure": &provider.OIDC{Issuer: "http://localhost:1", ClientID: "c", InsecureLoopbackHTTP: true},
		"no-pkce":  &provider.OIDC{Issuer: "https://login.example.com", ClientID: "c", InsecureNoPKCE: true},
	}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret},
		LoginPage: http.NotFoundHandler(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Tenants: provider.Tenants{Find: func(_ context.Context, name string) (provider.Provider, error) { return found[name], nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, cause := range map[string]string{
		"mistake": "ClientID is missing", "http": "must be https", "insecure": "InsecureLoopbackHTTP is for development", "no-pkce": "InsecureNoPKCE is for development",
	} {
		log.Reset()
		w := httptest.NewRecorder()
		auth.Routes.ServeHTTP(w, httptest.NewRequest("GET", "https://app.example.com/auth/login/"+name, nil))
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), cause) || !strings.Contains(log.String(), cause) {
			t.Errorf("%s: status %d: %s\n%s", name, w.Code, w.Body, log.String())
		}
		if strings.HasPrefix(cause, "Insecure") && !strings.Contains(log.String(), "insecure option in use") {
			t.Errorf("%s is not logged: %s", name, log.String())
		}
	}
	found["good"] = &provider.OAuth2{ClientID: "c"} // no endpoints
	w := httptest.NewRecorder()
	auth.Routes.ServeHTTP(w, httptest.NewRequest("GET", "https://app.example.com/auth/login/good", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("OAuth 2.0 with mistakes: status %d", w.Code)
	}
}

func TestTenants_Configuration(t *testing.T) {
	find := func(context.Context, string) (provider.Provider, error) { return nil, nil }
	for name, row := range map[string]struct {
		tenants   provider.Tenants
		providers provider.Set
		page      http.Handler
		want      string
	}{
		"nobody":         {want: "Providers is empty"},
		"no page":        {tenants: provider.Tenants{Find: find}, want: "LoginPage is missing"},
		"page":           {tenants: provider.Tenants{Find: find}, page: http.NotFoundHandler()},
		"both":           {tenants: provider.Tenants{Find: find, Keep: time.Hour, Limit: 5}, providers: provider.Set{"a": &provider.OIDC{Issuer: "https://a.example", ClientID: "c"}}},
		"no Find":        {tenants: provider.Tenants{Keep: 1}, providers: provider.Set{"a": &provider.OIDC{Issuer: "https://a.example", ClientID: "c"}}, want: "Tenants.Find is missing"},
		"negative Keep":  {tenants: provider.Tenants{Find: find, Keep: -1}, page: http.NotFoundHandler(), want: "Tenants.Keep"},
		"long Keep":      {tenants: provider.Tenants{Find: find, Keep: 25 * time.Hour}, page: http.NotFoundHandler(), want: "Tenants.Keep"},
		"negative Limit": {tenants: provider.Tenants{Find: find, Limit: -1}, page: http.NotFoundHandler(), want: "Tenants.Limit"},
	} {
		_, err := sallyport.New(sallyport.Config{
			BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret}, Tenants: row.tenants, Providers: row.providers, LoginPage: row.page,
		})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// Whoever makes names up gets 404, and what cannot be a name is not looked up.
func TestTenants_UnknownNames(t *testing.T) {
	app, tn := withTenants(t)
	b := rig.Browser(t)
	for _, route := range []string{"login", "callback"} {
		for name, calls := range map[string]int{
			"nobody-" + route: 1, "UPPER": 0, "a%2Fb": 0, "a.b": 0, "%00": 0, "..%2fglobex": 0, "globex%20": 0, "globex/": 0, strings.Repeat("x", 65): 0, "-": 0,
		} {
			before := tn.asked()
			for range 2 {
				if resp := app.Get(t, b, "/auth/"+route+"/"+name); resp.StatusCode != http.StatusNotFound {
					t.Errorf("%s %s: status %d", route, name, resp.StatusCode)
				}
			}
			if got := tn.asked() - before; got != calls {
				t.Errorf("%s %s: looked up %d times, want %d", route, name, got, calls)
			}
		}
	}
}

// The chooser lists who is there for everybody; a page of the application's own leads to a tenant, with the way back.
func TestTenants_LoginPage(t *testing.T) {
	app, _ := withTenants(t)
	body := app.Visit(t, rig.Browser(t), "/auth/login?return_to=/me")
	if !strings.Contains(body, "/auth/login/op?return_to=") || strings.Contains(body, "acme") || strings.Contains(body, "globex") {
		t.Errorf("the chooser: %s", body)
	}
	var own *rig.App
	own, _ = withTenants(t, func(s *rig.Setup) {
		s.Config.LoginPage = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%d %s", len(handlers.Choices(r.Context())), own.Auth.LoginURLFor("acme", handlers.ReturnTo(r.Context())))
		})
	})
	for path, want := range map[string]string{
		"/auth/login?return_to=%2Fme%3Fx%3D1":    "1 /auth/login/acme?return_to=%2Fme%3Fx%3D1",
		"/auth/login":                            "1 /auth/login/acme",
		"/auth/login?return_to=//evil.example":   "1 /auth/login/acme",
		"/auth/login?return_to=%2Fauth%2Flogout": "1 /auth/login/acme",
	} {
		if body := own.Visit(t, rig.Browser(t), path); body != want {
			t.Errorf("%s: %s, want %s", path, body, want)
		}
	}
	for name, want := range map[string]string{
		"acme": "/auth/login/acme", "": "/auth/login/-", ".": "/auth/login/-", "..": "/auth/login/-", "a/b": "/auth/login/a%2Fb", "a?b": "/auth/login/a%3Fb",
		"a#b": "/auth/login/a%23b", "//evil.example": "/auth/login/%2F%2Fevil.example", `a"b`: "/auth/login/a%22b", "a\r\nb": "/auth/login/a%0D%0Ab",
	} {
		if got := own.Auth.LoginURLFor(name, ""); got != want {
			t.Errorf("LoginURLFor(%q): %s, want %s", name, got, want)
		}
		if got := own.Auth.LinkURL(name, ""); got != strings.Replace(want, "login", "link", 1) {
			t.Errorf("LinkURL(%q): %s", name, got)
		}
	}
}

// R27: logins at tenants are under way at the same time, and none drives out another.
func TestTenants_R27_ParallelLogins(t *testing.T) {
	app, _ := withTenants(t)
	b := rig.Browser(t)
	var callbacks []string
	for _, name := range []string{"acme", "globex", "initech", "op"} {
		callbacks = append(callbacks, app.Callback(t, b, "alice", "/auth/login/"+name).String())
	}
	for _, callback := range callbacks {
		if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: status %d", strings.Split(callback, "?")[0], resp.StatusCode)
		}
	}
}

// R30, R69: nobody is contacted for being named in an address.
func TestTenants_R69_UnconfiguredIssuer(t *testing.T) {
	var reached atomic.Int32
	stranger := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		http.NotFound(w, r)
	}))
	t.Cleanup(stranger.Close)
	iss := "iss=" + url.QueryEscape(stranger.URL)
	for _, on := range []bool{true, false} {
		app, _ := withTenants(t, func(s *rig.Setup) { s.Config.ThirdPartyLogin = on })
		b := rig.Browser(t)
		for _, path := range []string{
			"/auth/login?" + iss, "/auth/login/?" + iss, "/auth/login/acme?" + iss, "/auth/login/nobody?" + iss, "/auth/login/" + url.PathEscape(stranger.URL),
			"/auth/login/op?issuer=" + url.QueryEscape(stranger.URL), "/auth/callback/acme?code=x&state=y&" + iss, named("acme", stranger.URL, "x"),
		} {
			if to := app.Get(t, b, path).Header.Get("Location"); strings.HasPrefix(to, stranger.URL) {
				t.Errorf("%s leads to %s", path, to)
			}
		}
		forged := app.OP.SignLogout(func() map[string]any { c := app.OP.LogoutClaims("alice"); c["iss"] = stranger.URL; return c }())
		deliver(t, app, "acme", forged)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went to the stranger", n)
	}
}

// R30: a tenant's provider starts a login where its name is in the address; it is not searched for.
func TestTenants_R30_ThirdPartyLogin(t *testing.T) {
	app, _ := withTenants(t, func(s *rig.Setup) { s.Config.ThirdPartyLogin = true })
	acme := url.QueryEscape(app.OP2.Issuer())
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, "/auth/login/acme?iss="+acme+"&target_link_uri="+url.QueryEscape(app.URL+"/me?x=1"))
	if got := app.Get(t, b, app.Authorize(t, b, authorize, "alice").String()).Header.Get("Location"); got != "/me?x=1" {
		t.Errorf("ends at %q", got)
	}
	for _, path := range []string{"/auth/login?iss=" + acme, "/auth/login/globex?iss=" + acme} {
		if resp := app.Get(t, b, path); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, want the chooser", path, resp.StatusCode)
		}
	}
}

// The tokens of a tenant's session are refreshed at the tenant's provider, and its user signs out there.
func TestTenants_TokensAndLogout(t *testing.T) {
	app, tn := withTenants(t)
	oidc := app.OP.OIDC()
	oidc.Scopes = []string{"openid", "offline_access", "profile", "email"}
	tn.set("globex", oidc)
	app.Mux.Handle("/call", app.Auth.RequireAuth(callAPI(app)))
	b := signedIn(t, app, "alice", "/auth/login/globex")
	app.Clock.Advance(2 * time.Hour)
	if got := calls(t, app, b, "GET"); got != 200 || refreshes(app) != 1 {
		t.Errorf("status %d, %d refreshes", got, refreshes(app))
	}
	// R100: when nobody knows the tenant, its tokens are not sent anywhere.
	tn.fail(errTenancy)
	app.Clock.Advance(2 * time.Hour)
	if got := calls(t, app, b, "GET"); got != http.StatusServiceUnavailable || refreshes(app) != 1 {
		t.Errorf("status %d, %d refreshes", got, refreshes(app))
	}
	tn.fail(nil)
	if got := calls(t, app, b, "GET"); got != 200 || refreshes(app) != 2 {
		t.Errorf("afterwards: status %d, %d refreshes", got, refreshes(app))
	}
	if to := app.Post(t, b, "/auth/logout", nil).Header.Get("Location"); !strings.HasPrefix(to, app.OP.Issuer()) {
		t.Errorf("signing out leads to %s", to)
	}
}

// A step-up, and a session that has to be revalidated, go to the tenant's provider.
func TestTenants_StepUpAndRevalidation(t *testing.T) {
	app, tn := withTenants(t, func(s *rig.Setup) { s.Config.Session.Revalidate = 10 * time.Minute })
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(whoami)))
	b := signedIn(t, app, "alice", "/auth/login/globex")
	app.Clock.Advance(5 * time.Minute)
	if to := app.Get(t, b, "/recent").Header.Get("Location"); !strings.HasPrefix(to, app.OP.Issuer()) || !strings.Contains(to, "callback%2Fglobex") {
		t.Errorf("the step-up leads to %s", to)
	}
	app.Clock.Advance(6 * time.Minute)
	if to := app.Get(t, b, "/me").Header.Get("Location"); !strings.Contains(to, "prompt=none") || !strings.Contains(to, "callback%2Fglobex") {
		t.Errorf("the revalidation leads to %s", to)
	}
	tn.fail(errTenancy)
	app.Clock.Advance(2 * time.Minute)
	if resp := app.Get(t, b, "/recent"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while nobody knows: status %d", resp.StatusCode)
	}
}

// R100: a page that takes long finds out in the middle of its work that nobody knows the tenant any more.
func TestTenants_R100_InTheMiddleOfARequest(t *testing.T) {
	app, tn := withTenants(t)
	oidc := app.OP.OIDC()
	oidc.Scopes = []string{"openid", "offline_access"}
	tn.set("globex", oidc)
	long := func(next http.Handler) http.Handler {
		return app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.Clock.Advance(2 * time.Minute)
			tn.fail(errTenancy)
			next.ServeHTTP(w, r)
		}))
	}
	app.Mux.Handle("/call", long(callAPI(app)))
	app.Mux.Handle("/recent", long(app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(app.Guarded))))
	app.Mux.Handle("/later", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		app.Clock.Advance(2 * time.Hour)
		tn.fail(errTenancy)
		_, err = client.Get(app.OP.Issuer() + "/userinfo")
		app.Auth.Refuse(w, r, err)
	})))
	b := signedIn(t, app, "alice", "/auth/login/globex")
	for _, path := range []string{"/call", "/recent", "/later"} {
		tn.fail(nil)
		resp := app.Get(t, b, path)
		if resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(authtest.Body(t, resp), rig.Marker) || app.OP.Count("userinfo") != 0 || refreshes(app) != 0 {
			t.Errorf("%s: status %d: %s", path, resp.StatusCode, authtest.Body(t, resp))
		}
	}
	if n := strings.Count(app.Log(), errTenancy.Error()); n < 3 {
		t.Errorf("the cause is in the log %d times:\n%s", n, app.Log())
	}
	tn.fail(nil)
	if !alive(t, app, b) {
		t.Error("the session has ended")
	}
}

// R38: a token of one tenant is none at another, although it has been found good a moment ago.
func TestTenants_R38_Bearer(t *testing.T) {
	app, tn := withTenants(t)
	bearer := app.Auth.Bearer(middleware.API{Audience: audience, Tenant: func(r *http.Request) string { return r.PathValue("tenant") }})
	app.Mux.Handle("/api/{tenant}/who", bearer(app.Auth.RequireAuth(http.HandlerFunc(whoami))))
	token := "Bearer " + accessToken(app, nil)
	for _, row := range []struct {
		tenant string
		status int
		who    string
	}{
		{"globex", 200, "globex " + app.OP.Issuer() + " 1001"}, {"acme", 401, ""}, {"globex", 200, "globex " + app.OP.Issuer() + " 1001"},
		{"initech", 200, "initech " + app.OP.Issuer() + " 1001"}, // it trusts the same issuer
		{"nobody", 401, ""}, {"UPPER", 401, ""},
	} {
		resp := api(t, app, "/api/"+row.tenant+"/who", token)
		if body := authtest.Body(t, resp); resp.StatusCode != row.status || row.who != "" && body != row.who {
			t.Errorf("%s: status %d: %s", row.tenant, resp.StatusCode, body)
		}
	}
	tn.fail(errTenancy)
	app.Clock.Advance(time.Minute)
	if resp := api(t, app, "/api/globex/who", token); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while nobody knows: status %d", resp.StatusCode)
	}
	for name, bad := range map[string]middleware.API{
		"both": {Audience: audience, Provider: "op", Tenant: func(*http.Request) string { return "" }}, "no audience": {Tenant: func(*http.Request) string { return "" }},
		"a tenant's name": {Audience: audience, Provider: "globex"},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			app.Auth.Bearer(bad)
		}()
	}
}

// R145, R147: a tenant whose provider is slow does not hold up the others.
func TestTenants_R145_SlowProvider(t *testing.T) {
	const limit = 64
	app, _ := withTenants(t)
	slow := slowDown(app.OP)
	var wg sync.WaitGroup
	for range limit {
		r := callbackAt(t, app, "globex")
		wg.Go(func() { app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r) })
	}
	for range limit {
		<-slow.arrived
	}
	// Nor those of another tenant at the same provider: its turns are its own.
	r := callbackAt(t, app, "initech")
	wg.Go(func() { app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r) })
	select {
	case <-slow.arrived:
	case <-time.After(8 * time.Second): // after ten, others give up
		t.Error("a tenant waits for another one's turn")
	}
	if !alive(t, app, signedIn(t, app, "bob", "/auth/login/acme")) {
		t.Error("nobody")
	}
	close(slow.release)
	wg.Wait()
}

// callbackAt is a request that finishes a login at a tenant of the shared provider.
func callbackAt(t *testing.T, app *rig.App, name string) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, httptest.NewRequest("GET", app.URL+"/auth/login/"+name, nil))
	authorize, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", app.URL+"/auth/callback/"+name+"?code=x&iss="+url.QueryEscape(app.OP.Issuer())+"&state="+authorize.Query().Get("state"), nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

// R104: requests of many users while tenants change, come and go. Run with the race detector.
func TestTenants_R104_ManyAtOnce(t *testing.T) {
	app, tn := withTenants(t, func(s *rig.Setup) { s.Config.Tenants.Limit = 1 })
	browsers := map[string]*http.Client{}
	for _, name := range []string{"acme", "globex", "initech"} {
		browsers[name] = signedIn(t, app, "alice", "/auth/login/"+name)
	}
	var wg sync.WaitGroup
	for name, b := range browsers {
		var cookies []string
		for _, c := range app.SessionCookies(b) {
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		for range 4 {
			wg.Go(func() {
				for i := range 50 {
					r := httptest.NewRequest("GET", app.URL+"/", nil)
					r.Header.Set("Cookie", strings.Join(cookies, "; "))
					w := httptest.NewRecorder()
					app.Server.Config.Handler.ServeHTTP(w, r)
					who := w.Body.String()
					if !strings.HasPrefix(who, name+" ") && !(name == "globex" && who == "anonymous") {
						t.Errorf("%s: status %d: %s", name, w.Code, who)
					}
					if i%10 == 0 {
						app.Clock.Advance(time.Second)
					}
				}
			})
		}
	}
	wg.Go(func() {
		for i := range 50 {
			tn.set("globex", nil)
			if i%2 == 0 {
				tn.set("globex", app.OP.OIDC())
			}
		}
	})
	wg.Wait()
}
