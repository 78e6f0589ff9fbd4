package middleware_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
)

// F4: what a tenant's provider says of roles and ACR opens nothing, unless the application trusts
// tenants, and then only on the pages of that tenant.
func TestForgery_F4_RolesOfTenants(t *testing.T) {
	for _, trust := range []bool{false, true} {
		app, _ := rig.NewTenants(t, func(s *rig.Setup) { s.Config.Tenants.TrustRoles = trust })
		for _, p := range []*authtest.Provider{app.OP, app.OP2} {
			p.SetClaims("alice", map[string]any{"roles": []string{"admin"}, "acr": "gold"})
		}
		who := http.HandlerFunc(rig.WhoAmI)
		tenant := app.Auth.RequireTenant(func(r *http.Request) string {
			return r.PathValue("tenant")
		})
		for name, guard := range map[string]func(http.Handler) http.Handler{
			"role": app.Auth.RequireRole("admin"), "acr": app.Auth.RequireACR("gold"),
		} {
			app.Mux.Handle("/"+name, guard(who))
			app.Mux.Handle("/t/{tenant}/"+name, tenant(guard(who)))
			app.Mux.Handle("/inverted/{tenant}/"+name, guard(tenant(who)))
			app.Mux.Handle("/between/{tenant}/"+name, tenant(app.Auth.RequireAuth(guard(who))))
		}
		for _, name := range []string{"op", "acme", "globex"} {
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/auth/login/"+name+"?return_to=/me")
			for _, kind := range []string{"role", "acr"} {
				believed := name == "op" || trust
				for path, want := range map[string]bool{
					"/" + kind:                          name == "op",
					"/t/" + name + "/" + kind:           believed,
					"/between/" + name + "/" + kind:     believed,
					"/inverted/" + name + "/" + kind:    name == "op",
					"/t/initech/" + kind:                false,
					"/t/" + name + "/" + kind + "?x=op": believed,
				} {
					resp := app.Get(t, b, path)
					if passed := resp.StatusCode == 200; passed != want || !passed &&
						resp.StatusCode != 403 {
						t.Errorf("trust %v, signed in at %s: %s: status %d", trust, name, path,
							resp.StatusCode)
					}
				}
			}
		}
		if n := strings.Count(app.Log(), "roles and ACR of a tenant are ignored"); n != 1 {
			t.Errorf("the reason is logged %d times", n)
		}
	}
}

// F4: the same for access tokens.
func TestForgery_F4_RolesInAccessTokens(t *testing.T) {
	for _, trust := range []bool{false, true} {
		app, _ := rig.NewTenants(t, func(s *rig.Setup) { s.Config.Tenants.TrustRoles = trust })
		name := func(r *http.Request) string { return r.PathValue("tenant") }
		bearer := app.Auth.Bearer(middleware.API{Audience: rig.Audience, Tenant: name,
			BearerOnly: true})
		admin := app.Auth.RequireRole("admin")(http.HandlerFunc(rig.WhoAmI))
		app.Mux.Handle("/api/{tenant}/loose", bearer(admin))
		app.Mux.Handle("/api/{tenant}/inside", bearer(app.Auth.RequireTenant(name)(admin)))
		token := "Bearer " + rig.AccessToken(app, nil)
		for path, want := range map[string]int{
			"/api/op/loose": 200, "/api/op/inside": 200, "/api/globex/loose": 403,
			"/api/globex/inside": map[bool]int{true: 200, false: 403}[trust],
		} {
			if resp := rig.GetAPI(t, app, path, token); resp.StatusCode != want {
				t.Errorf("trust %v: %s: status %d, want %d", trust, path, resp.StatusCode, want)
			}
		}
	}
}
