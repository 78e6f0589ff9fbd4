package provider_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// R1: a provider that is known to have no PKCE gets no challenge, and still a nonce. (The provider
// of the rig requires PKCE, so no login succeeds here; that of LinkedIn is in package vendors.)
func TestQuirks_R1_NoPKCE(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.Quirks.NoPKCE = true })
	query := rig.Location(t, app.Get(t, rig.Browser(t), "/auth/login")).Query()
	if query.Has("code_challenge") || query.Has("code_challenge_method") || !query.Has("nonce") {
		t.Errorf("the authorization request is %v", query)
	}
}

// R1: at a provider whose ID tokens have no nonce, one that is there must be that of the login.
func TestQuirks_R1_NoNonce(t *testing.T) {
	for name, row := range map[string]struct {
		nonce  func(claims map[string]any)
		admits bool
	}{
		"none":             {func(c map[string]any) { delete(c, "nonce") }, true},
		"the right one":    {func(map[string]any) {}, true},
		"of another login": {func(c map[string]any) { c["nonce"] = "other" }, false},
		"empty":            {func(c map[string]any) { c["nonce"] = "" }, false},
		"null":             {func(c map[string]any) { c["nonce"] = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.Quirks = provider.Quirks{NoNonce: true} })
			app.OP.Misbehave(func(f *authtest.Faults) { f.IDToken = row.nonce })
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			if admitted := app.Visit(t, b, "/") == app.Is("alice"); admitted != row.admits {
				t.Errorf("admitted: %v, want %v: %s", admitted, row.admits, app.Log())
			}
		})
	}
}
