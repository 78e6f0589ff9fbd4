package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// F8: a provider that grants tens of thousands of scopes makes nothing larger or slower: neither
// the session, nor the guard, nor the next authorization request.
func TestGrowth_F8_GrantedScopes(t *testing.T) {
	for name, change := range map[string]func(*rig.Setup){"OpenID Connect": rig.Offline,
		"OAuth 2.0": rig.PlainOAuth2()} {
		t.Run(name, func(t *testing.T) {
			var last *session.Session
			app := rig.New(t, change, rig.Stored, rig.KeepLogin(&last))
			many := make([]string, 60_000)
			for i := range many {
				many[i] = fmt.Sprint("scope-", i)
			}
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.TokenResponse = func(a map[string]any) {
					a["scope"] = fmt.Sprint(a["scope"], " ", strings.Join(many, " "))
				}
			})
			app.Mux.Handle("/more", app.Auth.RequireScope("more")(http.HandlerFunc(rig.WhoAmI)))
			b := rig.Browser(t)
			if resp := app.SignIn(t, b, "alice",
				"/auth/login/op?return_to=/me"); resp.StatusCode != 200 {
				t.Fatalf("status %d: %s", resp.StatusCode, app.Log())
			}
			tokens, err := last.Tokens()
			if err != nil || len(tokens.Scopes) > 300 ||
				len(strings.Join(tokens.Scopes, " ")) > 10<<10 {
				t.Errorf("%d scopes are kept: %v", len(tokens.Scopes), err)
			}
			resp := app.Get(t, b, "/more")
			if resp.StatusCode != 303 {
				t.Logf("status %d: %.2000s", resp.StatusCode, app.Log())
			}
			location, err := url.Parse(resp.Header.Get("Location"))
			if err != nil || !strings.HasPrefix(location.String(), app.OP.Issuer()) {
				t.Fatalf("the step-up leads to %.200s: %v", location, err)
			}
			if asked := strings.Fields(location.Query().Get("scope")); len(asked) > 310 ||
				asked[len(asked)-1] != "more" {
				t.Errorf("%d scopes are asked for, the last is %s", len(asked), asked[len(asked)-1])
			}
		})
	}
}
