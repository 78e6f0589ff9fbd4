package sallyport_test

import (
	"crypto/fips140"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// F51: with GODEBUG=fips140=only, sign-in with OpenID Connect and OAuth 2.0, sessions, refresh and
// sign-out work, and nothing panics.
func TestFIPS_F51_SignInWorks(t *testing.T) {
	if !fips140.Enforced() {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), "GODEBUG=fips140=only")
		out, err := again.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("with GODEBUG=fips140=only: %v\n%s", err, out)
		}
		return
	}
	for name, change := range map[string]func(*rig.Setup){
		"cookies": rig.Offline,
		"store":   func(s *rig.Setup) { rig.Offline(s); rig.Stored(s) },
		"passphrase": func(s *rig.Setup) {
			rig.Offline(s)
			s.Config.Session.Secret = "correct horse battery staple again and again"
		},
		"form_post": func(s *rig.Setup) { rig.Offline(s); s.OIDC.ResponseType = "code id_token" },
		"OAuth 2.0": func(s *rig.Setup) { s.Other = s.OP.OAuth2() },
		"several":   func(s *rig.Setup) { rig.Offline(s); s.Second = true },
		"large tokens": func(s *rig.Setup) {
			rig.Offline(s)
			s.OP.SetClaims("alice", map[string]any{"noise": strings.Repeat("x", 5000)})
		},
	} {
		app := rig.NewCalling(t, change)
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/auth/login/op?return_to=/me")
		if name != "form_post" && !strings.Contains(authtest.Body(t, resp), rig.Marker) {
			t.Errorf("%s: status %d\n%s", name, resp.StatusCode, app.Log())
		}
		app.Clock.Advance(2 * time.Hour)
		app.Get(t, b, "/call")
		if resp := app.Post(t, b, "/auth/logout", nil); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: sign-out: status %d", name, resp.StatusCode)
		}
		if log := app.Log(); strings.Contains(log, "panicked") || strings.Contains(log, "FIPS") {
			t.Errorf("%s: %s", name, log)
		}
	}
}
