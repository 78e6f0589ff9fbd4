package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R38: a session of one tenant is none at another, whatever the address says.
func TestTenants_R38_SessionOfAnotherTenant(t *testing.T) {
	app, _ := rig.NewTenants(t)
	tenant := app.Auth.RequireTenant(func(r *http.Request) string { return r.PathValue("tenant") })
	app.Mux.Handle("/t/{tenant}/", tenant(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/nobody", app.Auth.RequireTenant(func(*http.Request) string {
		return ""
	})(http.HandlerFunc(app.Guarded)))
	b := rig.SignedIn(t, app, "alice", "/auth/login/globex")
	for path, want := range map[string]int{"/t/globex/": 200, "/t/initech/": 403, "/t/acme/": 403,
		"/t/op/": 403, "/t/GLOBEX/": 403, "/t/none/": 403, "/nobody": 403} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			resp := app.Do(t, b, method, path, nil, "Origin", app.URL, "Sec-Fetch-Site",
				"same-origin")
			if body := authtest.Body(t, resp); resp.StatusCode != want || want == 403 &&
				strings.Contains(body, rig.Marker) {
				t.Errorf("%s %s: status %d, want %d: %s", method, path, resp.StatusCode, want, body)
			}
		}
	}
	if body := app.Visit(t, b, "/t/initech/x?y=1"); !strings.Contains(body,
		`href="/auth/login/initech?return_to=%2Ft%2Finitech%2Fx%3Fy%3D1"`) ||
		!app.Happened("session", "other_tenant") {
		t.Errorf("no way in: %s; events %v", body, app.Outcomes())
	}
	if resp := app.Do(t, b, "POST", "/t/globex/", nil, "Origin", "https://evil.example",
		"Sec-Fetch-Site", "cross-site"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a POST of another site: status %d", resp.StatusCode)
	}
	// A session that is of no provider is of no tenant.
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w,
		authtest.WithSession(httptest.NewRequest("GET", app.URL+"/nobody", nil),
			&session.Session{User: session.User{Issuer: "i", Subject: "s"}}))
	if w.Code != http.StatusForbidden {
		t.Errorf("without names: status %d", w.Code)
	}
	// Who is not signed in goes to the tenant's own.
	anonymous := rig.Browser(t)
	resp := app.Get(t, anonymous, "/t/acme/x?y=1")
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound ||
		got != "/auth/login/acme?return_to=%2Ft%2Facme%2Fx%3Fy%3D1" {
		t.Errorf("status %d, Location %q", resp.StatusCode, got)
	}
	resp = app.Get(t, anonymous, "/t/acme/", "Sec-Fetch-Mode", "cors")
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusUnauthorized ||
		!strings.Contains(body, `"login_url":"`+app.URL+`/auth/login/acme"`) {
		t.Errorf("a script: status %d: %s", resp.StatusCode, body)
	}
	if got := app.Get(t, anonymous, "/t/a%2Fb/").Header.Get("Location"); !strings.HasPrefix(got,
		"/auth/login/a%2Fb?") {
		t.Errorf("a name that is none: Location %q", got)
	}
	// Opening the login routes of another tenant changes nothing until the user has signed in
	// there.
	before := app.Visit(t, b, "/")
	app.BeginLogin(t, b, "/auth/login/initech")
	app.Get(t, b, "/auth/callback/initech?code=x&state=y")
	if who := app.Visit(t, b, "/"); who != before {
		t.Errorf("signed in as %s", who)
	}
}

// R105, F17: a session ends when its tenant is another client or has another issuer, not before the
// last answer is too old. That of a tenant that is gone, or that only newer servers know, is
// rejected and kept.
func TestTenants_R105_ChangedOrRemoved(t *testing.T) {
	for name, change := range map[string]func(app *rig.App) provider.Provider{
		"client": func(app *rig.App) provider.Provider {
			o := app.OP.OIDC()
			o.ClientID = "another"
			return o
		},
		"issuer":  func(app *rig.App) provider.Provider { return app.OP2.OIDC() },
		"removed": func(*rig.App) provider.Provider { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
				app, tn := rig.NewTenants(t, keep)
				b, other := rig.SignedIn(t, app, "alice", "/auth/login/globex"),
					rig.SignedIn(t, app, "alice", "/auth/login/initech")
				late := rig.Browser(t)
				callback := app.Callback(t, late, "alice", "/auth/login/globex")
				tn.Set("globex", change(app))
				if !rig.Alive(t, app, b) {
					t.Error("ended at once: the answer was not kept")
				}
				app.Clock.Advance(time.Minute)
				if rig.Alive(t, app, b) {
					t.Error("the session lives on")
				}
				if kept := len(app.SessionCookies(b)) != 0; kept != (name == "removed") {
					t.Errorf("the session is kept: %v", kept)
				}
				if !rig.Alive(t, app, other) {
					t.Error("another tenant's session has ended")
				}
				before := app.OP.Count("token") + app.OP2.Count("token")
				resp := app.Get(t, late, callback.String())
				if resp.StatusCode/100 != 4 || app.OP.Count("token")+
					app.OP2.Count("token") != before {
					t.Errorf("a login that was under way: status %d", resp.StatusCode)
				}
				if name != "removed" {
					return
				}
				if n := strings.Count(app.Log(), `provider \"globex\" is not configured`); n != 1 {
					t.Errorf("the reason is logged %d times", n)
				}
				tn.Set("globex", app.OP.OIDC())
				app.Clock.Advance(time.Minute)
				if !rig.Alive(t, app, b) {
					t.Error("the session has ended although its tenant is back")
				}
			})
		})
	}
}

// R100: while the tenant cannot be looked up, no request passes, and no user is signed out.
func TestTenants_R100_NobodyKnows(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, tn := rig.NewTenants(t, keep, rig.Framed)
		b, leaving, own := rig.SignedIn(t, app, "alice", "/auth/login/globex"),
			rig.SignedIn(t, app, "bob", "/auth/login/globex"),
			rig.SignedIn(t, app, "bob", "/auth/login/op")
		late := rig.Browser(t)
		callback := app.Callback(t, late, "alice", "/auth/login/globex")
		left := app.SessionCookies(leaving)
		tn.Fail(rig.ErrTenancy)
		app.Clock.Advance(time.Minute)

		for _, path := range []string{"/me", "/", "/auth/login/globex", "/auth/login/never-seen",
			"/auth/callback/globex?code=x&state=y",
			rig.FrontchannelPath("globex", app.OP.Issuer(), "x")} {
			cookies := len(app.SessionCookies(b))
			resp := app.Get(t, b, path)
			body := authtest.Body(t, resp)
			if resp.StatusCode != http.StatusServiceUnavailable ||
				resp.Header.Get("Retry-After") == "" || strings.Contains(body, rig.Marker) ||
				strings.Contains(body, "database") {
				t.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
			}
			if len(app.SessionCookies(b)) != cookies {
				t.Errorf("%s: the cookie is gone", path)
			}
		}
		if resp := app.Get(t, late,
			callback.String()); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a callback: status %d", resp.StatusCode)
		}
		resp := rig.DeliverLogout(t, app, "globex", app.OP.LogoutToken("alice"))
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(authtest.Body(t, resp),
			"temporarily_unavailable") {
			t.Errorf("a logout token: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
		}
		if !strings.Contains(app.Log(), rig.ErrTenancy.Error()) ||
			!app.Happened("session", "provider_unavailable") ||
			!app.Happened("login", "provider_unavailable") {
			t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
		}
		if !rig.Alive(t, app, own) {
			t.Error("the user of a configured provider is concerned")
		}
		if resp := app.Post(t, leaving, "/auth/logout",
			nil); resp.StatusCode != http.StatusSeeOther || len(app.SessionCookies(leaving)) != 0 {
			t.Errorf("signing out: status %d", resp.StatusCode)
		}

		tn.Fail(nil)
		if !rig.Alive(t, app, b) {
			t.Error("afterwards the session is gone")
		}
		if rig.Presented(t, app, left...) != "anonymous" {
			t.Error("the session that was signed out meanwhile works again")
		}
		if resp := app.Get(t, late, callback.String()); resp.StatusCode != http.StatusSeeOther ||
			!rig.Alive(t, app, late) {
			t.Errorf("afterwards the login that was under way: status %d", resp.StatusCode)
		}
	})
}

// R100: a page that takes long finds out in the middle of its work that the tenant cannot be looked
// up any more.
func TestTenants_R100_InTheMiddleOfARequest(t *testing.T) {
	app, tn := rig.NewTenants(t)
	oidc := app.OP.OIDC()
	oidc.Scopes = []string{"openid", "offline_access"}
	tn.Set("globex", oidc)
	long := func(next http.Handler) http.Handler {
		return app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.Clock.Advance(2 * time.Minute)
			tn.Fail(rig.ErrTenancy)
			next.ServeHTTP(w, r)
		}))
	}
	app.Mux.Handle("/call", long(rig.APIPage(app)))
	app.Mux.Handle("/recent", long(app.Auth.RequireRecent(time.Minute)(
		http.HandlerFunc(app.Guarded))))
	app.Mux.Handle("/later", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		app.Clock.Advance(2 * time.Hour)
		tn.Fail(rig.ErrTenancy)
		_, err = client.Get(app.OP.Issuer() + "/userinfo")
		app.Auth.Refuse(w, r, err)
	})))
	b := rig.SignedIn(t, app, "alice", "/auth/login/globex")
	for _, path := range []string{"/call", "/recent", "/later"} {
		tn.Fail(nil)
		resp := app.Get(t, b, path)
		if resp.StatusCode != http.StatusServiceUnavailable ||
			strings.Contains(authtest.Body(t, resp), rig.Marker) || app.OP.Count("userinfo") != 0 ||
			rig.Refreshes(app) != 0 {
			t.Errorf("%s: status %d: %s", path, resp.StatusCode, authtest.Body(t, resp))
		}
	}
	if n := strings.Count(app.Log(), rig.ErrTenancy.Error()); n < 3 {
		t.Errorf("the cause is in the log %d times:\n%s", n, app.Log())
	}
	tn.Fail(nil)
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
}

// R38: a token of one tenant is none at another, although it has been found good a moment ago.
func TestTenants_R38_Bearer(t *testing.T) {
	app, tn := rig.NewTenants(t)
	bearer := app.Auth.Bearer(middleware.API{Audience: rig.Audience,
		Tenant: func(r *http.Request) string {
			return r.PathValue("tenant")
		}})
	app.Mux.Handle("/api/{tenant}/who", bearer(app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
	token := "Bearer " + rig.AccessToken(app, nil)
	for _, row := range []struct {
		tenant string
		status int
		who    string
	}{
		{"globex", 200, "globex " + app.OP.Issuer() + " 1001"}, {"acme", 401, ""},
		{"globex", 200, "globex " + app.OP.Issuer() + " 1001"},
		{"initech", 200, "initech " + app.OP.Issuer() + " 1001"}, // it trusts the same issuer
		{"nobody", 401, ""}, {"UPPER", 401, ""},
	} {
		resp := rig.GetAPI(t, app, "/api/"+row.tenant+"/who", token)
		if body := authtest.Body(t, resp); resp.StatusCode != row.status || row.who != "" &&
			body != row.who {
			t.Errorf("%s: status %d: %s", row.tenant, resp.StatusCode, body)
		}
	}
	tn.Fail(rig.ErrTenancy)
	app.Clock.Advance(time.Minute)
	if resp := rig.GetAPI(t, app, "/api/globex/who",
		token); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("tenant lookup down: status %d", resp.StatusCode)
	}
	for name, bad := range map[string]middleware.API{
		"both": {Audience: rig.Audience, Provider: "op", Tenant: func(*http.Request) string {
			return ""
		}}, "no audience": {Tenant: func(*http.Request) string { return "" }},
		"a tenant's name": {Audience: rig.Audience, Provider: "globex"},
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
