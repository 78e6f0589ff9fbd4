package sallyport_test

import (
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

func TestSignInEndsWhereTheUserWantedToGo(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	resp := app.SignIn(t, b, "alice", "/me/reports?year=2026&q=a%20b")
	if got, want := resp.Request.URL.RequestURI(), "/me/reports?year=2026&q=a%20b"; got != want {
		t.Errorf("ended at %s, want %s", got, want)
	}
	if got, want := authtest.Body(t, resp), rig.Marker+": "+app.Is("alice"); got != want {
		t.Errorf("the page says %q, want %q", got, want)
	}
	if !app.Happened("login", "ok") {
		t.Errorf("no event for the login: %v", app.Outcomes())
	}
}
