package rig

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/wiring"
	"github.com/sallyport-go/sallyport/session"
)

// CookieName returns the name of the session cookie, without the prefix that browsers enforce.
func (app *App) CookieName() string {
	return "sallyport-" + app.URL[strings.LastIndex(app.URL, ":")+1:]
}

// Engine is the session manager of another process of the application, which change may give
// another store. Unlike Auth.Sessions, it has the methods that only the login routes and the guards
// need.
func (app *App) Engine(t testing.TB, change func(*session.Config)) wiring.Sessions {
	t.Helper()
	base, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := app.config.Session
	c.CookieName = app.CookieName()
	change(&c)
	sessions, err := session.New(c, engine.Site{BaseURL: base, Prefix: "/auth"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}
