package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// callback is a request to the application that finishes a login, as it comes from a browser that
// has been to the provider.
func callback(t *testing.T, app *rig.App, ctx context.Context) *http.Request {
	t.Helper()
	start := httptest.NewRequest("GET", app.URL+"/auth/login/op", nil)
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, start)
	authorize, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		t.Fatal(w.Code, err)
	}
	r := httptest.NewRequestWithContext(ctx, "GET", app.URL+"/auth/callback/op?code=x&iss="+
		url.QueryEscape(app.OP.Issuer())+"&state="+authorize.Query().Get("state"), nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

// R147
func TestExchanges_R147_BoundedAndGivenUp(t *testing.T) {
	const callbacks, limit = 200, 64
	rig.Serial(t, "requests that wait for a busy machine give up")
	app := rig.New(t, func(s *rig.Setup) { s.Second = true })
	slow := rig.SlowTokens(app.OP)
	impatient, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var ok atomic.Int32
	gaveUp := make(chan struct{}, callbacks)
	send := func(ctx context.Context) {
		r := callback(t, app, ctx)
		wg.Go(func() {
			w := httptest.NewRecorder()
			app.Server.Config.Handler.ServeHTTP(w, r)
			switch w.Code {
			case http.StatusBadRequest: // "x" is no code: the exchange has taken place
				ok.Add(1)
			case http.StatusServiceUnavailable:
				gaveUp <- struct{}{}
			default:
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	for range limit {
		send(t.Context())
	}
	for range limit {
		<-slow.Arrived
	}
	for range callbacks - limit {
		send(impatient)
	}
	// Another provider's logins do not wait (R145).
	b := rig.Browser(t)
	if who := authtest.Body(t, authtest.SignIn(t, b, app.URL+"/auth/login/op2?return_to=/me",
		"bob")); who == "" {
		t.Error("no request at the provider")
	}
	leave()
	// Canceled requests give up at once, and free their places.
	for range callbacks - limit {
		<-gaveUp
	}
	close(slow.Release)
	wg.Wait()
	if slow.Most.Load() != limit || slow.Seen.Load() != limit || ok.Load() != limit {
		t.Errorf("at most %d exchanges at once, %d in all, %d finished; want %d", slow.Most.Load(),
			slow.Seen.Load(), ok.Load(), limit)
	}
}

// R147: who did not get a turn can reload the page, because the login has not been used up.
func TestExchanges_R147_ReloadWorks(t *testing.T) {
	rig.Serial(t, "requests that wait for a busy machine give up")
	app := rig.New(t)
	slow := rig.SlowTokens(app.OP)
	var wg sync.WaitGroup
	for range 64 {
		r := callback(t, app, t.Context())
		wg.Go(func() { app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r) })
	}
	for range 64 {
		<-slow.Arrived
	}
	b := rig.Browser(t)
	address := app.Callback(t, b, "alice", "/auth/login?return_to=/me")
	ctx, leave := context.WithCancel(t.Context())
	leave()
	impatient := httptest.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	for _, c := range app.Cookies(b) {
		impatient.AddCookie(c)
	}
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, impatient)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want to have given up", w.Code)
	}
	close(slow.Release)
	wg.Wait()
	resp := app.Get(t, b, address.String())
	if resp.StatusCode != http.StatusSeeOther || app.Visit(t, b, "/me") != fmt.Sprintf("%s: %s",
		rig.Marker, app.Is("alice")) {
		t.Errorf("reloaded: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
}

// F8: as few logins are started at a time where that takes a request to the provider: pushed
// authorization requests, and request tokens of OAuth 1.0a.
func TestExchanges_F8_StartsAreBoundedToo(t *testing.T) {
	const logins, limit = 150, 64
	for endpoint, change := range map[string]func(*rig.Setup){
		"par":                  func(s *rig.Setup) { s.OIDC.PAR = true },
		"oauth1/request_token": func(s *rig.Setup) { s.Other = s.OP.OAuth1() },
	} {
		t.Run(endpoint, func(t *testing.T) {
			rig.Serial(t, "requests that wait for a busy machine give up")
			app := rig.New(t, change, func(s *rig.Setup) { s.Second = true })
			slow := rig.SlowAt(app.OP, endpoint)
			var wg sync.WaitGroup
			for range logins {
				wg.Go(func() {
					w := httptest.NewRecorder()
					app.Server.Config.Handler.ServeHTTP(w,
						httptest.NewRequest("GET", app.URL+"/auth/login/op", nil))
					if w.Code != http.StatusSeeOther {
						t.Errorf("status %d: %s", w.Code, w.Body)
					}
				})
			}
			for range limit {
				<-slow.Arrived
			}
			// another provider's logins do not wait
			app.BeginLogin(t, rig.Browser(t), "/auth/login/op2")
			close(slow.Release)
			wg.Wait()
			if slow.Most.Load() != limit {
				t.Errorf("%d logins were started at once, want %d", slow.Most.Load(), limit)
			}
		})
	}
}
