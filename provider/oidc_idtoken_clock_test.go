package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// F53: each test of F53 in this file fails when one check of the library is removed or one limit is
// moved, which no other test noticed.

// F39: the log says how far the clocks are apart.
func TestIDToken_F39_ClockAhead(t *testing.T) {
	for _, claim := range []string{"iat", "nbf"} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) {
				c[claim] = app.Clock.Now().Add(3 * time.Minute).Unix()
			}
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", claim, got)
		}
		if want := claim + " is 3m0s in the future; compare " +
			"the clocks"; !strings.Contains(app.Log(), want) {
			t.Errorf("the log does not say %q:\n%s", want, app.Log())
		}
	}
}
