package middleware_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// granting makes the provider list these scopes, in place of those asked for.
func granting(app *rig.App, scopes string) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { a["scope"] = scopes }
	})
}

// scoped guards a page by a scope.
func scoped(app *rig.App, path, scope string) {
	app.Mux.Handle(path, app.Auth.RequireScope(scope)(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		io.WriteString(w, rig.Marker)
	})))
}

// F26: a scope that the provider lists in another spelling is granted, and another scope is not.
func TestScopes_F26_Spellings(t *testing.T) {
	for _, row := range []struct {
		wanted, listed string
		ok             bool
	}{
		{"Calendars.Read", "Calendars.Read", true},
		{"Calendars.Read", "calendars.read", true},
		{"calendars.read", "CALENDARS.READ", true},
		{"Calendars.Read", "https://graph.example.com/Calendars.Read", true},
		{"Calendars.Read", "https://graph.example.com/v1/calendars.read", true},
		{"https://graph.example.com/Calendars.Read", "Calendars.Read", true},
		{"api://reports/Read", "api://REPORTS/read", true},
		{"api://reports/Read", "Read", true},

		{"Calendars.Read", "", false},
		{"Calendars.Read", "Calendars.ReadWrite", false},
		{"Calendars.Read", "Mail.Calendars.Read", false},
		{"Calendars.Read", "https://graph.example.com/Calendars.Read.Shared", false},
		{"Calendars.Read", "https://graph.example.com/Calendars.Read/", false},
		{"Calendars.Read", "graph.example.com/Calendars.Read", false},
		{"https://graph.example.com/Calendars.Read", "https://evil.example/Calendars.Read", false},
		{"https://graph.example.com/Calendars.Read", "https://graph.example.com/", false},
	} {
		t.Run(row.wanted+" as "+row.listed, func(t *testing.T) {
			app := rig.New(t)
			scoped(app, "/calendar", row.wanted)
			granting(app, "openid profile email "+row.listed)
			resp := app.SignIn(t, rig.Browser(t), "alice", "/calendar")
			if ok := authtest.Body(t, resp) == rig.Marker; ok != row.ok {
				t.Errorf("status %d at %s, want access: %v", resp.StatusCode,
					resp.Request.URL.Path, row.ok)
			}
			if n := app.OP.Count("authorize"); n > 2 {
				t.Errorf("%d authorization requests: the browser is sent round and round", n)
			}
		})
	}
}

// F26: the tokens prove openid and offline_access, which providers need not list.
func TestScopes_F26_ProvenByTokens(t *testing.T) {
	for name, row := range map[string]struct {
		scope   string
		refresh bool // there is a refresh token
		ok      bool
	}{
		"openid":                               {"openid", false, true},
		"offline_access":                       {"offline_access", true, true},
		"offline_access without refresh token": {"offline_access", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.Scopes = []string{"openid", "profile", "email"}
			})
			scoped(app, "/offline", row.scope)
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.TokenResponse = func(a map[string]any) {
					a["scope"] = "profile email"
					if !row.refresh {
						delete(a, "refresh_token")
					}
				}
			})
			resp := app.SignIn(t, rig.Browser(t), "alice", "/offline")
			if ok := authtest.Body(t, resp) == rig.Marker; ok != row.ok {
				t.Errorf("status %d at %s, want access: %v", resp.StatusCode,
					resp.Request.URL.Path, row.ok)
			}
		})
	}
}

// F26: what is kept is written as it was asked for, also after a refresh, and the rest as received.
func TestScopes_F26_Kept(t *testing.T) {
	var kept []string
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.Scopes = []string{"profile", "offline_access", "Mail.Read", "Files.Read"}
	})
	scoped(app, "/mail", "Mail.Read")
	app.Mux.Handle("/scopes", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if _, err := app.Auth.Client(w, r); err != nil { // refreshes the tokens if that is due
			t.Error(err)
		}
		s, _ := session.FromContext(r.Context())
		tokens, err := s.Tokens()
		if err != nil {
			t.Error(err)
		}
		kept = tokens.Scopes
	})))
	granting(app, "https://graph.example.com/Mail.Read PROFILE https://graph.example.com/User.Read")
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/mail")
	want := []string{"openid", "profile", "offline_access", "Mail.Read",
		"https://graph.example.com/User.Read"}
	for _, step := range []string{"login", "refresh", "second refresh"} {
		if step != "login" { // a refresh tells which scopes are left, and does not list this one
			want = []string{"openid", "profile", "Mail.Read", "https://graph.example.com/User.Read"}
		}
		if authtest.Open(t, b, app.URL+"/scopes"); !slices.Equal(kept, want) {
			t.Errorf("%s: %q, want %q", step, kept, want)
		}
		if body := authtest.Body(t, authtest.Open(t, b, app.URL+"/mail")); body != rig.Marker {
			t.Errorf("%s: the page says %.60q", step, body)
		}
		app.Clock.Advance(2 * time.Hour)
	}
	if n := app.OP.Count("authorize"); n != 1 {
		t.Errorf("%d authorization requests", n)
	}
}

// F26: Entra writes the scopes of Graph with the address of Graph, also those granted earlier.
func TestScopes_F26_Entra(t *testing.T) {
	o := vendors.Entra("72f988bf-86f1-41af-91ab-2d7cd011db47", "id", "secret")
	for _, host := range []string{"graph.microsoft.com", "graph.microsoft.us",
		"microsoftgraph.chinacloudapi.cn"} {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.Dialect = o.Dialect })
		scoped(app, "/mail", "Mail.Read")
		granting(app, "https://"+host+"/User.Read https://"+host+"/Mail.Read")
		resp := app.SignIn(t, rig.Browser(t), "alice", "/mail")
		if body := authtest.Body(t, resp); body != rig.Marker {
			t.Errorf("%s: status %d", host, resp.StatusCode)
		}
		b := rig.Browser(t)
		// Mail.Read is granted, although this login has not asked for it
		app.SignIn(t, b, "alice", "/me")
		before := app.OP.Count("authorize")
		if body := authtest.Body(t, authtest.Open(t, b, app.URL+"/mail")); body != rig.Marker ||
			app.OP.Count("authorize") != before {
			t.Errorf("%s: the user was asked again", host)
		}
	}
	o.Dialect.ScopePrefixes = []string{"https://graph.microsoft.com"}
	if _, err := o.Validate(); err == nil || !strings.Contains(err.Error(), "ScopePrefixes") {
		t.Errorf("a prefix without a slash: %v", err)
	}
}

// F26: a refresh that names the scopes asks for offline access again, although it was never listed.
func TestScopes_F26_RefreshAsksForOfflineAccess(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.OIDC.Scopes, s.OIDC.Dialect.RefreshScope = []string{"profile", "offline_access"}, true
	})
	granting(app, "profile")
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for range 2 {
		app.Clock.Advance(2 * time.Hour)
		rig.Call(t, app, b, "GET")
	}
	sent := app.OP.Requests("token")
	if len(sent) != 3 {
		t.Fatalf("%d token requests, want a login and two refreshes", len(sent))
	}
	for _, r := range sent[1:] {
		if scopes := strings.Fields(r.Form.Get("scope")); !slices.Contains(scopes,
			"offline_access") || len(scopes) != 3 {
			t.Errorf("the refresh asks for %q", scopes)
		}
	}
}
