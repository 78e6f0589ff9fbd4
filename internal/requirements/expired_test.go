package requirements_test

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/rig"
)

// F48: a sign-out after the idle limit, or after the lifetime, reaches the provider. The session that has
// expired gives access to nothing, and one that has ended is not used.
func TestLogout_F48_AfterTheSessionHasExpired(t *testing.T) {
	for _, after := range []time.Duration{25 * time.Hour, 7*24*time.Hour + time.Hour} {
		app := rig.New(t)
		b := signedIn(t, app, "alice", "/me")
		copied := app.SessionCookies(b)
		app.Clock.Advance(after)
		if alive(t, app, b) {
			t.Errorf("after %v: signed in", after)
		}
		there := rig.Location(t, app.Post(t, b, "/auth/logout", nil))
		if there.Scheme+"://"+there.Host != app.OP.Issuer() || there.Query().Get("id_token_hint") == "" {
			t.Errorf("after %v: the sign-out ends at %s", after, there)
		}
		if len(app.SessionCookies(b)) != 0 {
			t.Errorf("after %v: cookies are left", after)
		}
		if who := presented(t, app, copied...); who != "anonymous" {
			t.Errorf("after %v: a copy is signed in as %s", after, who)
		}
	}
	app := rig.New(t, revocable)
	b, other := signedIn(t, app, "alice", "/me"), rig.Browser(t)
	copied := app.SessionCookies(b)
	app.Post(t, b, "/auth/logout", nil)
	app.SetCookies(other, copied...)
	app.Clock.Advance(25 * time.Hour)
	if there := rig.Location(t, app.Post(t, other, "/auth/logout", nil)); there.Query().Has("id_token_hint") {
		t.Errorf("a session that has ended is used: %s", there)
	}
}
