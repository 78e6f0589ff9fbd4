package session_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// F19: Sessions.Start rejects a session that no guard would accept, at once.
func TestSession_F19_StartOfWhatNoGuardAccepts(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		registration := app.OIDC.Registration()
		user := session.User{Issuer: app.OP.Issuer(), Subject: "alice"}
		for want, s := range map[string]*session.Session{
			`Provider ""`:       {User: user},
			`Provider "nobody"`: {Provider: "nobody", Registration: registration, User: user},
			`Registration ""`:   {Provider: "op", User: user},
			`Registration "x"`:  {Provider: "op", Registration: "x", User: user},
			"User.Subject":      {Provider: "op", Registration: registration},
			"Expires": {Provider: "op", Registration: registration, User: user,
				Expires: app.Clock.Now().Add(-time.Hour)},
			"": {Provider: "op", Registration: registration, User: user},
		} {
			var err error
			app.Mux = http.NewServeMux()
			app.Mux.HandleFunc("/start", func(w http.ResponseWriter, r *http.Request) {
				err = app.Auth.Sessions.Start(w, r, s)
			})
			app.Mux.Handle("/me", app.Auth.RequireAuth(http.HandlerFunc(app.Guarded)))
			app.Server.Config.Handler = app.Auth.Handler(app.Mux)
			b := rig.Browser(t)
			cookies := app.Get(t, b, "/start").Cookies()
			if want == "" {
				if err != nil || app.Get(t, b, "/me").StatusCode != http.StatusOK {
					t.Errorf("a session as after a login: %v", err)
				}
				continue
			}
			if err == nil || !strings.HasPrefix(err.Error(), "session: Start: ") ||
				!strings.Contains(err.Error(), want) || len(cookies) != 0 {
				t.Errorf("%s: error %v, cookies %v", want, err, cookies)
			}
		}
	})
}

// F19: a session that has been ended cannot be started again, except as the documentation of EndAll
// says.
func TestSession_F19_StartAfterEndAll(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		var kept, zeroed error
		app.Mux.HandleFunc("/everywhere", func(w http.ResponseWriter, r *http.Request) {
			s, _ := session.FromContext(r.Context())
			err := app.Auth.Sessions.EndAll(r.Context(), s)
			kept = app.Auth.Sessions.Start(w, r, s)
			s.Epoch = 0
			zeroed = errors.Join(err, app.Auth.Sessions.Start(w, r, s))
		})
		b, other := rig.SignedIn(t, app, "alice", "/me"), rig.SignedIn(t, app, "alice", "/me")
		app.Get(t, b, "/everywhere")
		if kept == nil || !strings.Contains(kept.Error(), "Epoch") {
			t.Errorf("with the old Epoch: %v", kept)
		}
		if zeroed != nil || !rig.Alive(t, app, b) || rig.Alive(t, app, other) {
			t.Errorf("with Epoch zero: %v", zeroed)
		}
	})
}
