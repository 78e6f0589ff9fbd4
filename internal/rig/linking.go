package rig

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/session"
)

// Accounts are what an application remembers of connected accounts: to which user a user of a
// provider belongs.
type Accounts struct {
	mu sync.Mutex
	// Of maps "provider key" of a linked user to that of the user that it belongs to.
	Of map[string]string
	// Hook replaces Link if it is not nil.
	Hook func(current, linked *session.Session) error
}

// Link is a Hooks.Link.
func (a *Accounts) Link(_ context.Context, current, linked *session.Session) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.Hook != nil {
		return a.Hook(current, linked)
	}
	a.Of[linked.Provider+" "+linked.User.Key()] = current.Provider + " " + current.User.Key()
	return nil
}

// Count returns how many users are linked.
func (a *Accounts) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.Of)
}

// NewLinking is an application with two providers whose accounts can be connected.
func NewLinking(t *testing.T, change ...func(*Setup)) (*App, *Accounts) {
	t.Helper()
	a := &Accounts{Of: map[string]string{}}
	link := func(s *Setup) { s.Config.Hooks.Link = a.Link }
	app := New(t, append([]func(*Setup){Second, link}, change...)...)
	return app, a
}

// BeginLink POSTs as a page of the application does, and returns the authorization request's
// address.
func BeginLink(t *testing.T, app *App, b *http.Client, path string) *url.URL {
	t.Helper()
	resp := app.Post(t, b, path, nil)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("POST %s: status %d: %s", path, resp.StatusCode, authtest.Body(t, resp))
	}
	return Location(t, resp)
}

// LinkCallback goes through the whole of it, up to the callback's address.
func LinkCallback(t *testing.T, app *App, b *http.Client, username string) string {
	t.Helper()
	return app.Authorize(t, b, BeginLink(t, app, b, "/auth/link/op2"), username).String()
}
