package directory_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R37
func TestTenants_R37_SameSubjectIsAnotherUser(t *testing.T) {
	app, _ := rig.NewTenants(t)
	seen := map[string]string{}
	for _, name := range []string{"op", "acme", "globex", "initech"} {
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/auth/login/"+name+"?return_to=%2Fme%3Fx%3D1")
		issuer := app.OP.Issuer()
		if name == "acme" {
			issuer = app.OP2.Issuer()
		}
		who := app.Visit(t, b, "/")
		if want := name + " " + issuer + " 1001"; who != want ||
			resp.Request.URL.RequestURI() != "/me?x=1" {
			t.Errorf("at %s: %s at %s, want %s", name, who, resp.Request.URL, want)
		}
		if other, taken := seen[who]; taken {
			t.Errorf("%s and %s have the same user", name, other)
		}
		seen[who] = name
	}
}

// R33, R34, R38: an answer for one tenant is none for another, also when they have the same client
// at the same issuer.
func TestTenants_R38_CallbackOfAnotherTenant(t *testing.T) {
	app, _ := rig.NewTenants(t)
	for _, names := range [][2]string{{"globex", "initech"}, {"globex", "op"}, {"op", "globex"},
		{"acme", "globex"}} {
		b := rig.Browser(t)
		before := app.OP.Count("token") + app.OP2.Count("token")
		callback := app.Callback(t, b, "alice", "/auth/login/"+names[0])
		crossed := strings.Replace(callback.String(), "/callback/"+names[0]+"?",
			"/callback/"+names[1]+"?", 1)
		resp := app.Get(t, b, crossed)
		if resp.StatusCode != http.StatusBadRequest || len(app.SessionCookies(b)) != 0 ||
			app.OP.Count("token")+app.OP2.Count("token") != before {
			t.Errorf("%v: status %d", names, resp.StatusCode)
		}
		if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther ||
			!rig.Alive(t, app, b) {
			t.Errorf("%v: at the right one: status %d", names, resp.StatusCode)
		}
	}
}

// R37, R38: what one tenant's provider says of a session, or of a user, says nothing of another
// tenant's.
func TestTenants_R37_LogoutOfAnotherTenant(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, _ := rig.NewTenants(t, keep, rig.Framed)
		globex, initech := rig.SignedIn(t, app, "alice", "/auth/login/globex"),
			rig.SignedIn(t, app, "alice", "/auth/login/initech")
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "initech",
			app.OP.LogoutToken("alice")))
		if !rig.Alive(t, app, globex) || rig.Alive(t, app, initech) {
			t.Errorf("the logout token was for initech: globex %v, initech %v",
				rig.Alive(t, app, globex), rig.Alive(t, app, initech))
		}
		rig.WantLogoutRefused(t, "another issuer", rig.DeliverLogout(t, app, "acme",
			app.OP.LogoutToken("alice")))
		sid := app.OP.Sessions("alice")[0]
		rig.OpenFrame(t, app, globex, rig.FrontchannelPath("initech", app.OP.Issuer(), sid))
		rig.OpenFrame(t, app, globex, rig.FrontchannelPath("op", app.OP.Issuer(), sid))
		if !rig.Alive(t, app, globex) {
			t.Error("the front channel of another tenant has ended the session")
		}
		rig.OpenFrame(t, app, globex, rig.FrontchannelPath("globex", app.OP.Issuer(), sid))
		if rig.Alive(t, app, globex) {
			t.Error("that of its own has not")
		}
		for _, path := range []string{"/auth/backchannel/nobody", "/auth/backchannel/",
			"/auth/backchannel"} {
			if resp := app.Post(t, rig.Browser(t), path,
				url.Values{"logout_token": {"x"}}); resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s: status %d", path, resp.StatusCode)
			}
		}
	})
}

// R156: what Find returns is judged as what is configured.
func TestTenants_R156_Validated(t *testing.T) {
	var log bytes.Buffer
	found := provider.Set{
		"mistake": &provider.OIDC{Issuer: "https://login.example.com"},
		"http":    &provider.OIDC{Issuer: "http://login.example.com", ClientID: "c"},
		"insecure": &provider.OIDC{Issuer: "http://localhost:1", ClientID: "c",
			InsecureLoopbackHTTP: true},
		"no-pkce": &provider.OIDC{Issuer: "https://login.example.com", ClientID: "c",
			InsecureNoPKCE: true},
	}
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret},
		LoginPage: http.NotFoundHandler(), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Tenants: provider.Tenants{Find: func(_ context.Context, name string) (provider.Provider,
			error) {
			return found[name], nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, cause := range map[string]string{
		"mistake": "ClientID is missing", "http": "must be https",
		"insecure": "InsecureLoopbackHTTP is for development",
		"no-pkce":  "InsecureNoPKCE is for development",
	} {
		log.Reset()
		w := httptest.NewRecorder()
		auth.Routes.ServeHTTP(w, httptest.NewRequest("GET", "https://app.example.com/auth/login/"+
			name, nil))
		if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), cause) ||
			!strings.Contains(log.String(), cause) {
			t.Errorf("%s: status %d: %s\n%s", name, w.Code, w.Body, log.String())
		}
		if strings.HasPrefix(cause, "Insecure") && !strings.Contains(log.String(),
			"insecure option in use") {
			t.Errorf("%s is not logged: %s", name, log.String())
		}
	}
	found["good"] = &provider.OAuth2{ClientID: "c"} // no endpoints
	w := httptest.NewRecorder()
	auth.Routes.ServeHTTP(w, httptest.NewRequest("GET",
		"https://app.example.com/auth/login/good", nil))
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
		"nobody":  {want: "Providers is empty"},
		"no page": {tenants: provider.Tenants{Find: find}, want: "LoginPage is missing"},
		"page":    {tenants: provider.Tenants{Find: find}, page: http.NotFoundHandler()},
		"both": {tenants: provider.Tenants{Find: find, Keep: time.Hour, Limit: 5},
			providers: provider.Set{"a": &provider.OIDC{Issuer: "https://a.example",
				ClientID: "c"}}},
		"no Find": {tenants: provider.Tenants{Keep: 1},
			providers: provider.Set{"a": &provider.OIDC{Issuer: "https://a.example",
				ClientID: "c"}}, want: "Tenants.Find is missing"},
		"negative Keep": {tenants: provider.Tenants{Find: find, Keep: -1},
			page: http.NotFoundHandler(), want: "Tenants.Keep"},
		"long Keep": {tenants: provider.Tenants{Find: find, Keep: 25 * time.Hour},
			page: http.NotFoundHandler(), want: "Tenants.Keep"},
		"negative Limit": {tenants: provider.Tenants{Find: find, Limit: -1},
			page: http.NotFoundHandler(), want: "Tenants.Limit"},
	} {
		_, err := sallyport.New(sallyport.Config{
			BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret},
			Tenants: row.tenants, Providers: row.providers, LoginPage: row.page,
		})
		if row.want == "" && err != nil || row.want != "" &&
			(err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// Unknown names get 404, and invalid names are not looked up.
func TestTenants_UnknownNames(t *testing.T) {
	app, tn := rig.NewTenants(t)
	b := rig.Browser(t)
	for _, route := range []string{"login", "callback"} {
		for name, calls := range map[string]int{
			"nobody-" + route: 1, "UPPER": 0, "a%2Fb": 0, "a.b": 0, "%00": 0, "..%2fglobex": 0,
			"globex%20": 0, "globex/": 0, strings.Repeat("x", 65): 0, "-": 0,
		} {
			before := tn.Asked()
			for range 2 {
				if resp := app.Get(t, b, "/auth/"+route+"/"+
					name); resp.StatusCode != http.StatusNotFound {
					t.Errorf("%s %s: status %d", route, name, resp.StatusCode)
				}
			}
			if got := tn.Asked() - before; got != calls {
				t.Errorf("%s %s: looked up %d times, want %d", route, name, got, calls)
			}
		}
	}
}

// The chooser lists who is there for everybody; a page of the application's own leads to a tenant,
// with the way back.
func TestTenants_LoginPage(t *testing.T) {
	app, _ := rig.NewTenants(t)
	body := app.Visit(t, rig.Browser(t), "/auth/login?return_to=/me")
	if !strings.Contains(body, "/auth/login/op?return_to=") || strings.Contains(body, "acme") ||
		strings.Contains(body, "globex") {
		t.Errorf("the chooser: %s", body)
	}
	var own *rig.App
	own, _ = rig.NewTenants(t, func(s *rig.Setup) {
		s.Config.LoginPage = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%d %s", len(handlers.Choices(r.Context())),
				own.Auth.LoginURLFor("acme", handlers.ReturnTo(r.Context())))
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
		"acme": "/auth/login/acme", "": "/auth/login/-", ".": "/auth/login/-",
		"..": "/auth/login/-", "a/b": "/auth/login/a%2Fb", "a?b": "/auth/login/a%3Fb",
		"a#b": "/auth/login/a%23b", "//evil.example": "/auth/login/%2F%2Fevil.example",
		`a"b`: "/auth/login/a%22b", "a\r\nb": "/auth/login/a%0D%0Ab",
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
	app, _ := rig.NewTenants(t)
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

// R30, R69: an issuer in a URL is not contacted.
func TestTenants_R69_UnconfiguredIssuer(t *testing.T) {
	var reached atomic.Int32
	stranger := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		reached.Add(1)
		http.NotFound(w, r)
	}))
	t.Cleanup(stranger.Close)
	iss := "iss=" + url.QueryEscape(stranger.URL)
	for _, on := range []bool{true, false} {
		app, _ := rig.NewTenants(t, func(s *rig.Setup) { s.Config.ThirdPartyLogin = on })
		b := rig.Browser(t)
		for _, path := range []string{
			"/auth/login?" + iss, "/auth/login/?" + iss, "/auth/login/acme?" + iss,
			"/auth/login/nobody?" + iss, "/auth/login/" + url.PathEscape(stranger.URL),
			"/auth/login/op?issuer=" + url.QueryEscape(stranger.URL),
			"/auth/callback/acme?code=x&state=y&" + iss,
			rig.FrontchannelPath("acme", stranger.URL, "x"),
		} {
			if to := app.Get(t, b, path).Header.Get("Location"); strings.HasPrefix(to,
				stranger.URL) {
				t.Errorf("%s leads to %s", path, to)
			}
		}
		forged := app.OP.SignLogout(func() map[string]any {
			c := app.OP.LogoutClaims("alice")
			c["iss"] = stranger.URL
			return c
		}())
		rig.DeliverLogout(t, app, "acme", forged)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d requests went to the stranger", n)
	}
}

// The tokens of a tenant's session are refreshed at the tenant's provider, and its user signs out
// there.
func TestTenants_TokensAndLogout(t *testing.T) {
	app, tn := rig.NewTenants(t)
	oidc := app.OP.OIDC()
	oidc.Scopes = []string{"openid", "offline_access", "profile", "email"}
	tn.Set("globex", oidc)
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	b := rig.SignedIn(t, app, "alice", "/auth/login/globex")
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != 200 || rig.Refreshes(app) != 1 {
		t.Errorf("status %d, %d refreshes", got, rig.Refreshes(app))
	}
	// R100: while the tenant cannot be looked up, its tokens are not sent anywhere.
	tn.Fail(rig.ErrTenancy)
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != http.StatusServiceUnavailable ||
		rig.Refreshes(app) != 1 {
		t.Errorf("status %d, %d refreshes", got, rig.Refreshes(app))
	}
	tn.Fail(nil)
	if got := rig.Call(t, app, b, "GET"); got != 200 || rig.Refreshes(app) != 2 {
		t.Errorf("afterwards: status %d, %d refreshes", got, rig.Refreshes(app))
	}
	if to := app.Post(t, b, "/auth/logout", nil).Header.Get("Location"); !strings.HasPrefix(to,
		app.OP.Issuer()) {
		t.Errorf("signing out leads to %s", to)
	}
}

// A step-up, and a session that has to be revalidated, go to the tenant's provider.
func TestTenants_StepUpAndRevalidation(t *testing.T) {
	app, tn := rig.NewTenants(t, func(s *rig.Setup) {
		s.Config.Session.Revalidate = 10 * time.Minute
	})
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(rig.WhoAmI)))
	b := rig.SignedIn(t, app, "alice", "/auth/login/globex")
	app.Clock.Advance(5 * time.Minute)
	if to := app.Get(t, b, "/recent").Header.Get("Location"); !strings.HasPrefix(to,
		app.OP.Issuer()) || !strings.Contains(to, "callback%2Fglobex") {
		t.Errorf("the step-up leads to %s", to)
	}
	app.Clock.Advance(6 * time.Minute)
	if to := app.Get(t, b, "/me").Header.Get("Location"); !strings.Contains(to, "prompt=none") ||
		!strings.Contains(to, "callback%2Fglobex") {
		t.Errorf("the revalidation leads to %s", to)
	}
	tn.Fail(rig.ErrTenancy)
	app.Clock.Advance(2 * time.Minute)
	if resp := app.Get(t, b, "/recent"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("tenant lookup down: status %d", resp.StatusCode)
	}
}

// R145, R147: a tenant whose provider is slow does not hold up the others.
func TestTenants_R145_SlowProvider(t *testing.T) {
	const limit = 64
	rig.Serial(t, "requests that wait for a busy machine give up")
	app, _ := rig.NewTenants(t)
	slow := rig.SlowTokens(app.OP)
	var wg sync.WaitGroup
	for range limit {
		r := callbackAt(t, app, "globex")
		wg.Go(func() { app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r) })
	}
	for range limit {
		<-slow.Arrived
	}
	// Nor those of another tenant at the same provider: its turns are its own.
	r := callbackAt(t, app, "initech")
	answered := make(chan struct{})
	wg.Go(func() {
		app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
		close(answered)
	})
	select {
	case <-slow.Arrived:
	case <-answered: // it has given up
		t.Error("a tenant waits for another one's turn")
	}
	if !rig.Alive(t, app, rig.SignedIn(t, app, "bob", "/auth/login/acme")) {
		t.Error("no request at the provider")
	}
	close(slow.Release)
	wg.Wait()
}

// callbackAt is a request that finishes a login at a tenant of the shared provider.
func callbackAt(t *testing.T, app *rig.App, name string) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, httptest.NewRequest("GET", app.URL+"/auth/login/"+
		name, nil))
	authorize, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", app.URL+"/auth/callback/"+name+
		"?code=x&iss="+url.QueryEscape(app.OP.Issuer())+"&state="+
		authorize.Query().Get("state"), nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

// R104: requests of many users while tenants change, come and go. Run with the race detector.
func TestTenants_R104_ManyRequests(t *testing.T) {
	app, tn := rig.NewTenants(t, func(s *rig.Setup) { s.Config.Tenants.Limit = 1 })
	browsers := map[string]*http.Client{}
	for _, name := range []string{"acme", "globex", "initech"} {
		browsers[name] = rig.SignedIn(t, app, "alice", "/auth/login/"+name)
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
					if !strings.HasPrefix(who, name+" ") &&
						!(name == "globex" && who == "anonymous") {
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
			tn.Set("globex", nil)
			if i%2 == 0 {
				tn.Set("globex", app.OP.OIDC())
			}
		}
	})
	wg.Wait()
}
