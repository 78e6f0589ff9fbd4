package rig

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A Gate holds a request back until it opens, or the test ends.
type Gate struct {
	Reached, opened chan struct{}
	once            sync.Once
}

// NewGate returns a closed gate.
func NewGate(t *testing.T) *Gate {
	g := &Gate{Reached: make(chan struct{}), opened: make(chan struct{})}
	t.Cleanup(g.Open)
	return g
}

// Open lets the request through.
func (g *Gate) Open() { g.once.Do(func() { close(g.opened) }) }

// Pass waits for Open.
func (g *Gate) Pass() {
	close(g.Reached)
	<-g.opened
}

// SlowPage serves a guarded page whose handler waits at the gate before it responds.
func SlowPage(app *App, path string, g *Gate, handler http.HandlerFunc) {
	app.Mux.Handle(path, app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		g.Pass()
		handler(w, r)
	})))
}

// BeginRequest sends a request with the present cookies of the browser. The browser gets the
// cookies of the response when the test calls deliver.
func BeginRequest(t *testing.T, app *App, b *http.Client,
	path string) (deliver func() *http.Response) {
	t.Helper()
	sent := Browser(t)
	app.SetCookies(sent, app.Cookies(b)...)
	answered := make(chan *http.Response, 1)
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", app.URL+path, nil)
		req.Header.Set("Sec-Fetch-Mode", "cors")
		resp, err := Still(sent).Do(req)
		if err != nil {
			t.Error(err)
			resp = &http.Response{Header: http.Header{}}
		} else {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		answered <- resp
	}()
	return func() *http.Response {
		resp := <-answered
		if resp.Request != nil {
			b.Jar.SetCookies(resp.Request.URL, resp.Cookies())
		}
		return resp
	}
}

// PutValue is a handler that saves a value in the session.
func PutValue(app *App, key, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		if s.Values == nil {
			s.Values = map[string]string{}
		}
		s.Values[key] = value
		if err := app.Auth.Sessions.Save(w, r, s); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	}
}

// ValuesPage serves /values, which shows the values of the session.
func ValuesPage(app *App) {
	app.Mux.Handle("/values", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprint(w, s.Values)
	})))
}

// WantRefreshes fails the test unless the next two refreshes succeed. The provider revokes a
// refresh token that is used twice.
func WantRefreshes(t *testing.T, app *App, b *http.Client) {
	t.Helper()
	for range 2 {
		app.Clock.Advance(2 * time.Hour)
		if got := Call(t, app, b, "GET"); got != 200 {
			t.Errorf("the next refresh: status %d", got)
		}
	}
}
