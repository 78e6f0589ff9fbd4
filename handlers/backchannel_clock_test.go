package handlers_test

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// F18 (c): a back-channel logout ends a session whose ID token has an iat that is ahead of the
// clocks. One from before the login does not, although it arrives later.
func TestBackchannel_F18_IssuedAhead(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		for _, ahead := range []time.Duration{-30 * time.Second, 0, 5 * time.Second,
			30 * time.Second} {
			app := rig.New(t, keep)
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) { c["iat"] = app.Clock.Now().Add(ahead).Unix() }
			})
			early := app.OP.LogoutToken("alice")
			app.Clock.Advance(40 * time.Second)
			b := rig.SignedIn(t, app, "alice", "/me")
			rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", early))
			if !rig.Alive(t, app, b) {
				t.Errorf("ahead by %v: a logout from before the login has ended the session", ahead)
			}
			app.Clock.Advance(time.Second)
			rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op",
				app.OP.LogoutToken("alice")))
			if rig.Alive(t, app, b) {
				t.Errorf("ahead by %v: the session survives the logout", ahead)
			}
		}
	})
}

// F18 (c): the same where all of the provider's clock is ahead or behind.
func TestBackchannel_F18_ProviderClock(t *testing.T) {
	for _, off := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		app := rig.New(t, rig.Revocable)
		app.OP.SetNow(func() time.Time { return app.Clock.Now().Add(off) })
		early := app.OP.LogoutToken("alice")
		app.Clock.Advance(40 * time.Second)
		b := rig.SignedIn(t, app, "alice", "/me")
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", early))
		if !rig.Alive(t, app, b) {
			t.Errorf("off by %v: a logout from before the login has ended the session", off)
		}
		app.Clock.Advance(time.Second)
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
		if rig.Alive(t, app, b) {
			t.Errorf("off by %v: the session survives the logout", off)
		}
	}
}
