package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// The words of a check, and roles.
func TestGuard_Require(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/no", app.Auth.Require(func(*session.Session) error {
		return errors.New("because")
	})(http.HandlerFunc(rig.WhoAmI)))
	app.Mux.Handle("/late", app.Auth.Require(func(*session.Session) error {
		return &problem.Error{Status: http.StatusUnavailableForLegalReasons, Code: "closed",
			Title: "Closed on Sundays"}
	})(http.HandlerFunc(rig.WhoAmI)))
	app.Mux.Handle("/nobody", app.Auth.RequireRole()(http.HandlerFunc(rig.WhoAmI)))
	b := rig.Browser(t)
	app.SignIn(t, b, "bob", "/me")
	for path, want := range map[string]int{"/no": 403, "/late": 451, "/nobody": 403, "/admin": 403,
		"/me": 200} {
		resp := app.Get(t, b, path)
		if resp.StatusCode != want || strings.Contains(authtest.Body(t, resp), "because") {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
	if got := authtest.Body(t, app.Get(t, b, "/late")); !strings.Contains(got,
		"Closed on Sundays") {
		t.Errorf("the check's own words are missing: %s", got)
	}
	resp := app.Get(t, b, "/admin", "Sec-Fetch-Mode", "cors", "Accept", "application/json")
	if resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a script gets %s", resp.Header.Get("Content-Type"))
	}
	alice := rig.Browser(t)
	app.SignIn(t, alice, "alice", "/admin")
	if got := app.Visit(t, alice, "/admin"); !strings.Contains(got, rig.Marker) {
		t.Errorf("an admin sees %s", got)
	}
}

// F43: a check that cannot decide is an outage.
func TestRequire_F43_CheckCannotDecide(t *testing.T) {
	for name, row := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"no":       {errors.New("not an editor"), 403, "forbidden"},
		"refused":  {sallyport.ErrRefused, 403, "forbidden"},
		"store":    {fmt.Errorf("x: %w", session.ErrStore), 503, "store_unavailable"},
		"provider": {fmt.Errorf("x: %w", provider.ErrUnavailable), 503, "provider_unavailable"},
	} {
		app := rig.New(t)
		app.Mux.Handle("/checked", app.Auth.Require(func(*session.Session) error {
			return row.err
		})(http.HandlerFunc(app.Guarded)))
		b := rig.SignedIn(t, app, "alice", "/auth/login")
		resp := app.Get(t, b, "/checked")
		t.Run(name, func(t *testing.T) {
			rig.WantAnswer(t, app, resp, "session", row.status, row.code)
		})
	}
}
