package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// hookRows are errors of a hook, and what the user gets for each. refused is the code of a refusal.
func hookRows(refused string) map[string]struct {
	err    error
	status int
	code   string
} {
	type row = struct {
		err    error
		status int
		code   string
	}
	return map[string]row{
		"refused": {sallyport.ErrRefused, 403, refused},
		"wrapped refusal": {fmt.Errorf("not on the list: %w", sallyport.ErrRefused), 403,
			refused},
		"own words": {&problem.Error{Status: 409, Code: "taken", Title: "Taken"}, 409,
			"taken"},
		"wrapped own words": {fmt.Errorf("x: %w", &problem.Error{Status: 402, Code: "pay",
			Title: "Pay"}), 402, "pay"},
		"failure": {errors.New("sql: no such table"), 500, "hook_failed"},
		"network": {&net.OpError{Op: "dial", Net: "tcp",
			Err: errors.New("connection refused")}, 500, "hook_failed"},
		"deadline": {fmt.Errorf("query: %w", context.DeadlineExceeded), 503,
			"hook_timeout"},
		"store": {fmt.Errorf("x: %w", session.ErrStore), 503, "store_unavailable"},
		"provider": {fmt.Errorf("x: %w", provider.ErrUnavailable), 503,
			"provider_unavailable"},
		"refused and failed": {errors.Join(sallyport.ErrRefused, errors.New("x")), 403, refused},
	}
}

// F43: an error of a hook is a refusal only if the application says so; a database that is down is
// not.
func TestHooks_F43_ErrorsOfLogins(t *testing.T) {
	for _, hook := range []string{"Begin", "Login"} {
		for name, row := range hookRows("login_refused") {
			t.Run(hook+"/"+name, func(t *testing.T) {
				failing := false
				app := rig.New(t, func(s *rig.Setup) {
					fail := func() error {
						if failing {
							return row.err
						}
						return nil
					}
					if hook == "Begin" {
						s.Config.Hooks.Begin = func(*http.Request, *provider.Flow) error {
							return fail()
						}
					} else {
						s.Config.Hooks.Login = func(*http.Request, *handlers.Login) error {
							return fail()
						}
					}
				})
				b := rig.SignedIn(t, app, "alice", "/auth/login")
				failing = true
				path := "/auth/login"
				if hook == "Login" {
					path = app.Callback(t, b, "bob", path).String()
				}
				rig.WantAnswer(t, app, app.Get(t, b, path), "login", row.status, row.code)
				if who := app.Visit(t, b, "/"); who != app.Is("alice") {
					t.Errorf("afterwards the browser is signed in as %s, want the session "+
						"of before", who)
				}
			})
		}
	}
}

// F43: the same of Hooks.Link.
func TestHooks_F43_ErrorsOfLinks(t *testing.T) {
	for name, row := range hookRows("link_refused") {
		t.Run(name, func(t *testing.T) {
			app, a := rig.NewLinking(t)
			b := rig.SignedIn(t, app, "alice", "/auth/login/op")
			a.Hook = func(_, _ *session.Session) error { return row.err }
			rig.WantAnswer(t, app, app.Get(t, b, rig.LinkCallback(t, app, b, "bob")), "link",
				row.status, row.code)
			if !rig.Alive(t, app, b) {
				t.Error("the session has ended")
			}
		})
	}
}
