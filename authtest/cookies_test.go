package authtest_test

import (
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

func TestCookies_StartSignedIn(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		b := rig.Browser(t)
		app.SetCookies(b, authtest.Cookies(app.Auth, &session.Session{
			User: session.User{Subject: "1001", Roles: []string{"admin"}},
		})...)
		for _, path := range []string{"/me", "/admin"} {
			if body := app.Visit(t, b, path); !strings.HasSuffix(body, " own 1001") {
				t.Errorf("GET %s: %s", path, body)
			}
		}
		app.Post(t, b, "/auth/logout", nil)
		if rig.Alive(t, app, b) {
			t.Error("signed in after the sign-out")
		}
	})
}

func TestCookies_PanicsOnMistakes(t *testing.T) {
	app := rig.New(t)
	defer func() {
		if recover() == nil {
			t.Error("a session of a provider was started")
		}
	}()
	authtest.Cookies(app.Auth, &session.Session{Provider: "op",
		User: session.User{Subject: "1001"}})
}
