package directory_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// usurper is an application with the honest provider "op" and the tenant "evil", whose own provider
// says whatever the tenant likes. record is what the tenant has written down.
func usurper(t *testing.T, record func(honest, evil *authtest.Provider) provider.Provider) (
	*rig.App, *authtest.Provider) {
	t.Helper()
	evil := authtest.NewTLSProvider(t)
	app := rig.New(t, func(s *rig.Setup) {
		evil.SetNow(s.Config.Session.Now)
		evil.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) { m["issuer"] = s.OP.Issuer() }
			f.IDToken = func(c map[string]any) { c["iss"] = s.OP.Issuer() }
			f.Callback = func(v url.Values) { v.Set("iss", s.OP.Issuer()) }
		})
		tenant := record(s.OP, evil)
		s.Config.Tenants.Find = func(_ context.Context, name string) (provider.Provider, error) {
			if name == "evil" {
				return tenant, nil
			}
			return nil, nil
		}
	})
	return app, evil
}

// F3: nothing that a tenant writes down makes its provider speak for another issuer.
func TestForgery_F3_IssuerOfAnother(t *testing.T) {
	at := func(p *authtest.Provider, path string) string { return p.Issuer() + path }
	for name, record := range map[string]func(honest, evil *authtest.Provider) provider.Provider{
		"own discovery document": func(honest, evil *authtest.Provider) provider.Provider {
			o := evil.OIDC()
			o.Issuer, o.Discovery = honest.Issuer(), at(evil, "/.well-known/openid-configuration")
			return o
		},
		"own token endpoint and keys": func(honest, evil *authtest.Provider) provider.Provider {
			o := evil.OIDC()
			o.Issuer = honest.Issuer()
			o.Endpoints = provider.Endpoints{Token: at(evil, "/token"), JWKS: at(evil, "/jwks")}
			return o
		},
		"own userinfo endpoint": func(honest, evil *authtest.Provider) provider.Provider {
			o := honest.OIDC()
			o.UserInfo, o.Endpoints.UserInfo = "always", at(evil, "/userinfo")
			return o
		},
		"another spelling of the origin": func(honest, evil *authtest.Provider) provider.Provider {
			o := evil.OIDC()
			o.Issuer = honest.Issuer()
			o.Discovery = strings.Replace(at(evil, "/.well-known/openid-configuration"), "https://",
				"https://"+strings.TrimPrefix(honest.Issuer(), "https://")+"@", 1)
			return o
		},
		"a shared secret through the browser": func(honest,
			_ *authtest.Provider) provider.Provider {
			o := honest.OIDC()
			o.SecretSignsTokens, o.ResponseType, o.ClientSecret = true, "id_token",
				strings.Repeat("s", 32)
			return o
		},
		"OAuth 2.0 with the issuer of another": func(honest,
			evil *authtest.Provider) provider.Provider {
			o := evil.OAuth2()
			o.Issuer = honest.Issuer()
			return o
		},
		"OAuth 2.0 with the profile of another": func(honest,
			evil *authtest.Provider) provider.Provider {
			o := honest.OAuth2()
			o.Issuer = honest.Issuer()
			o.APIBase, o.Endpoints.UserInfo, o.More = "", at(evil, "/api/user"), nil
			return o
		},
		"OAuth 1.0a with the issuer of another": func(honest,
			evil *authtest.Provider) provider.Provider {
			o := evil.OAuth1()
			o.Issuer = honest.Issuer()
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, evil := usurper(t, record)
			b := rig.Browser(t)
			resp := app.SignIn(t, b, "alice", "/auth/login/evil?return_to=/me")
			if resp.StatusCode == 200 || len(app.SessionCookies(b)) != 0 {
				t.Errorf("signed in as %s", app.Visit(t, b, "/"))
			}
			if n := evil.Count("token") + app.OP.Count("token"); n != 0 {
				t.Errorf("%d token requests", n)
			}
			if resp := app.SignIn(t, rig.Browser(t), "alice",
				"/auth/login/op?return_to=/me"); resp.StatusCode != 200 {
				t.Errorf("the configured provider: status %d", resp.StatusCode)
			}
		})
	}
}

// F3: an endpoint of another origin that the metadata of a tenant's own issuer names, unless the
// application's code permits it.
func TestForgery_F3_EndpointsThatTheMetadataNames(t *testing.T) {
	for _, member := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri",
		"userinfo_endpoint", "introspection_endpoint"} {
		for _, permitted := range []bool{false, true} {
			elsewhere := authtest.NewTLSProvider(t)
			app, tn := rig.NewTenants(t)
			app.OP2.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) {
					m[member] = strings.Replace(m[member].(string), app.OP2.Issuer(),
						elsewhere.Issuer(), 1)
				}
			})
			acme := app.OP2.OIDC()
			if permitted {
				acme.OtherOrigins = []string{elsewhere.Issuer()}
			}
			tn.Set("acme", acme)
			resp := app.Get(t, rig.Browser(t), "/auth/login/acme")
			if begun := resp.StatusCode == http.StatusSeeOther; begun != permitted {
				t.Errorf("%s elsewhere, permitted %v: status %d", member, permitted,
					resp.StatusCode)
			}
			if !permitted && !strings.Contains(app.Log(), member+" is at "+elsewhere.Issuer()) {
				t.Errorf("%s: the log does not say which endpoint is where: %s", member, app.Log())
			}
		}
	}
}

// F3: the name of an origin does not come out of a record.
func TestForgery_F3_OtherOriginsAreCode(t *testing.T) {
	record := `{"Issuer": "https://honest.example", "OtherOrigins": ["https://evil.example"]}`
	var oidc provider.OIDC
	var oauth2 provider.OAuth2
	var oauth1 provider.OAuth1
	for _, p := range []any{&oidc, &oauth2, &oauth1} {
		if err := json.Unmarshal([]byte(record), p); err != nil {
			t.Fatal(err)
		}
	}
	if all := slices.Concat(oidc.OtherOrigins, oauth2.OtherOrigins,
		oauth1.OtherOrigins); len(all) != 0 {
		t.Errorf("read from JSON: %v", all)
	}
}

// F3: without an Issuer, the origin of the authorization endpoint is one only if it is that of all.
func TestForgery_F3_DefaultIssuer(t *testing.T) {
	valid := func() *provider.OAuth2 {
		return &provider.OAuth2{
			ClientID: "id", ClientSecret: "hush", UserFields: provider.Fields{ID: "id"},
			Endpoints: provider.Endpoints{
				Authorization: "https://op.example/authorize",
				Token:         "https://OP.example:443/token",
				UserInfo:      "https://op.example/user",
			},
		}
	}
	for name, change := range map[string]func(*provider.OAuth2){
		"TokenURL":   func(o *provider.OAuth2) { o.Endpoints.Token = "https://evil.example/token" },
		"RefreshURL": func(o *provider.OAuth2) { o.RefreshURL = "https://evil.example/token" },
		"UserURL": func(o *provider.OAuth2) {
			o.Endpoints.UserInfo = "https://op.example:444/user"
		},
		"APIBase": func(o *provider.OAuth2) {
			o.APIBase, o.Endpoints.UserInfo = "https://evil.example", "user"
		},
		"More": func(o *provider.OAuth2) {
			o.More = []provider.Document{{Name: "emails", URL: "https://evil.example/emails"}}
		},
	} {
		o := valid()
		if _, err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		change(o)
		_, err := sallyport.New(sallyport.Config{
			BaseURL: "https://app.example.com", Session: session.Config{Secret: rig.Secret},
			Providers: provider.Set{"op": o},
		})
		if err == nil || !strings.Contains(err.Error(), "Issuer is missing") {
			t.Errorf("%s at another origin: %v", name, err)
		}
		o.Issuer = "https://op.example"
		if _, err := o.Validate(); err != nil {
			t.Errorf("%s with an Issuer: %v", name, err)
		}
	}
	o := authtest.NewTLSProvider(t).OAuth1()
	o.Issuer, o.Endpoints.Token = "", "https://evil.example/token"
	if _, err := o.Validate(); err == nil || !strings.Contains(err.Error(), "Issuer is missing") {
		t.Errorf("OAuth 1.0a: %v", err)
	}
}

// F3: the key of a tenant's user belongs to that user only, wherever the application gets it.
func TestForgery_F3_KeysOfTenants(t *testing.T) {
	var mu sync.Mutex
	keys := map[string][]string{} // by where it was seen
	see := func(where string, s *session.Session) {
		mu.Lock()
		defer mu.Unlock()
		keys[where] = append(keys[where], s.Provider+" "+s.User.Key())
	}
	app, _ := rig.NewTenants(t, rig.Offline, func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			see("Login", s.Session)
			return nil
		}
		s.Config.Hooks.Refresh = func(_ context.Context, s *session.Session) error {
			see("Refresh", s)
			return nil
		}
		s.Config.Hooks.Logout = func(_ context.Context, s *session.Session) { see("Logout", s) }
		s.Config.Hooks.Link = func(_ context.Context, current, linked *session.Session) error {
			see("Link", current)
			see("Link", linked)
			return nil
		}
		tenants := provider.Set{"acme": nil, "globex": nil, "initech": nil}
		for name := range tenants {
			o := s.OP.OIDC()
			o.Scopes = s.OIDC.Scopes
			tenants[name] = o
		}
		s.Config.Tenants.Find = func(_ context.Context, name string) (provider.Provider, error) {
			return tenants[name], nil
		}
	})
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	app.Mux.Handle("/see", app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		see("handler", s)
	})))
	bearer := app.Auth.Bearer(middleware.API{Audience: rig.Audience,
		Tenant: func(r *http.Request) string {
			return r.FormValue("tenant")
		}})
	app.Mux.Handle("/api", bearer(app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		see("Bearer", s)
	}))))
	for _, name := range []string{"op", "globex", "initech"} {
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/auth/login/"+name+"?return_to=/see")
		app.Clock.Advance(2 * 3600e9)
		if resp := app.Get(t, b, "/call"); resp.StatusCode != 200 {
			t.Fatalf("%s: status %d", name, resp.StatusCode)
		}
		app.Get(t, b, app.Authorize(t, b, rig.BeginLink(t, app, b, "/auth/link/acme"),
			"alice").String())
		if resp := rig.GetAPI(t, app, "/api?tenant="+name,
			"Bearer "+rig.AccessToken(app, nil)); resp.StatusCode != 200 {
			t.Fatalf("%s: status %d: %s", name, resp.StatusCode, app.Log())
		}
		app.Post(t, b, "/auth/logout", nil)
	}
	issuer := app.OP.Issuer()
	op := `["` + issuer + `","1001"]`
	globex, initech, acme := `["globex","`+issuer+`","1001"]`, `["initech","`+issuer+`","1001"]`,
		`["acme","`+issuer+`","1001"]`
	each := []string{"op " + op, "globex " + globex, "initech " + initech}
	for where, want := range map[string][]string{
		"Login": each, "Refresh": each, "Logout": each, "handler": each, "Bearer": each,
		"Link": {"op " + op, "acme " + acme, "globex " + globex, "acme " + acme,
			"initech " + initech, "acme " + acme},
	} {
		if !slices.Equal(keys[where], want) {
			t.Errorf("%s: %q, want %q", where, keys[where], want)
		}
	}
}
