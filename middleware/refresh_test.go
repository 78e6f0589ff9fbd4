package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R106: a browser with a thousand requests at once, with a provider that takes everything back when
// a refresh token comes twice.
func TestRefresh_R106_OnceForAThousandRequests(t *testing.T) {
	rig.Slow(t)
	rig.Serial(t, "requests that wait for a busy machine give up")
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	guard := app.Auth.Handler(app.Mux)
	cookies := app.SessionCookies(b)
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			r := httptest.NewRequest("GET", app.URL+"/call", nil)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			w := httptest.NewRecorder()
			if i%2 == 1 { // every second client goes away in the middle
				go cancel()
			}
			guard.ServeHTTP(w, r.WithContext(ctx))
			if i%2 == 0 && (w.Code != 200 || len(w.Result().Cookies()) == 0) {
				t.Errorf("request %d: status %d, %d cookies: %s", i, w.Code,
					len(w.Result().Cookies()), w.Body)
			}
		})
	}
	wg.Wait()
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	// The session still works, and its next refresh as well.
	for range 2 {
		if got := rig.Call(t, app, b, "GET"); got != 200 {
			t.Errorf("afterwards: status %d", got)
		}
		app.Clock.Advance(2 * time.Hour)
	}
	if n := rig.Refreshes(app); n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}

// R106: two instances that share a Locker.
func TestRefresh_R106_TwoInstances(t *testing.T) {
	rig.Slow(t)
	rig.Serial(t, "requests that wait for a busy machine give up")
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.Config.Session.Locker = session.NewMemoryLocker(s.Config.Session.Now)
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	one := app.Auth.Handler(app.Mux)
	app.AgainWith(t, provider.Set{"op": app.OIDC}) // the same application once more
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	two := app.Auth.Handler(app.Mux)
	app.Clock.Advance(2 * time.Hour)
	cookies := app.SessionCookies(b)
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			r := httptest.NewRequest("GET", app.URL+"/call", nil)
			for _, c := range cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			[]http.Handler{one, two}[i%2].ServeHTTP(w, r)
			if w.Code != 200 {
				t.Errorf("instance %d: status %d", i%2, w.Code)
			}
		})
	}
	wg.Wait()
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// R107
func TestRefresh_R107_TokensAreKept(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) {
			delete(a, "refresh_token")
			delete(a, "id_token")
		}
	})
	before := app.SessionCookies(b)
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Fatalf("status %d", got)
	}
	if after := app.SessionCookies(b); after[0].Value == before[0].Value {
		t.Error("the new tokens are not saved")
	}
	sent := app.OP.Requests("token")
	if sent[len(sent)-1].Form.Get("refresh_token") == "" {
		t.Error("no refresh token was sent")
	}
	// The old refresh token is kept: it is what the next refresh sends. (This provider then takes
	// it as used twice.)
	app.Clock.Advance(2 * time.Hour)
	rig.Call(t, app, b, "GET")
	sent = app.OP.Requests("token")
	if a, b := sent[len(sent)-1].Form.Get("refresh_token"),
		sent[len(sent)-2].Form.Get("refresh_token"); a != b {
		t.Error("the refresh token was not kept")
	}
}

// R107, R109: what the provider does not answer beside the token endpoint is no reason to lose the
// new refresh token.
func TestRefresh_R107_RestOfTheProviderAway(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	app.Mux.Handle("/token", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		source, err := app.Auth.TokenSource(w, r)
		if err == nil {
			_, err = source.Token()
		}
		if err != nil {
			app.Auth.Refuse(w, r, err)
		}
	})))
	token := func(b *http.Client) int {
		return app.Do(t, b, "GET", "/token", nil, "Sec-Fetch-Mode", "cors").StatusCode
	}
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, away := range []string{"userinfo", "jwks"} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
				if endpoint == away {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				return endpoint == away
			}
		})
		app.Clock.Advance(2 * time.Hour)
		if got := token(b); got != 200 || app.Visit(t, b, "/") != app.Is("alice") {
			t.Errorf("%s away: status %d, signed in as %s", away, got, app.Visit(t, b, "/"))
		}
		app.OP.Behave()
		app.Clock.Advance(2 * time.Hour)
		// the provider ends logins whose refresh token comes twice
		if got := token(b); got != 200 || app.Visit(t, b, "/") != app.Is("alice") {
			t.Errorf("%s back: status %d, signed in as %s", away, got, app.Visit(t, b, "/"))
		}
	}
	// After a restart nothing is known about the keys: the refresh token is not even sent.
	sent := rig.Refreshes(app)
	again := provider.OIDC{
		Issuer: app.OIDC.Issuer, ClientID: app.OIDC.ClientID, ClientSecret: app.OIDC.ClientSecret,
		HTTPClient: app.OIDC.HTTPClient, Now: app.OIDC.Now,
	}
	handler := app.AgainWith(t, provider.Set{"op": &again})
	app.Server.Config.Handler = handler
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.JWKS = func(set map[string]any) { set["keys"] = []any{} }
	})
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != http.StatusServiceUnavailable ||
		rig.Refreshes(app) != sent {
		t.Errorf("without keys: status %d, %d refreshes", got, rig.Refreshes(app)-sent)
	}
	app.OP.Behave()
	app.Clock.Advance(time.Minute)
	if got := rig.Call(t, app, b, "GET"); got != 200 || app.Visit(t, b, "/") != app.Is("alice") {
		t.Errorf("with keys: status %d, signed in as %s", got, app.Visit(t, b, "/"))
	}
}

// R108
func TestRefresh_R108_RefreshedIDTokenIsVerified(t *testing.T) {
	for name, row := range map[string]struct {
		change func(c map[string]any)
		raw    func(string) string
		ok     bool
	}{
		"the same":      {func(map[string]any) {}, nil, true},
		"without nonce": {func(c map[string]any) { delete(c, "nonce") }, nil, true},
		"other nonce":   {func(c map[string]any) { c["nonce"] = "other" }, nil, false},
		"other sub":     {func(c map[string]any) { c["sub"] = "1002" }, nil, false},
		"other iss": {func(c map[string]any) {
			c["iss"] = "https://evil.example"
		}, nil, false},
		"other aud": {func(c map[string]any) { c["aud"] = "other" }, nil, false},
		"expired":   {func(c map[string]any) { c["exp"] = 1 }, nil, false},
		// F18
		"other auth_time": {func(c map[string]any) {
			c["auth_time"] = c["auth_time"].(int64) + 100
		}, nil, true},
		"other sid": {func(c map[string]any) { c["sid"] = "other" }, nil, false},
		"unsigned": {nil, func(s string) string {
			return rig.Base64([]byte(`{"alg":"none"}`)) +
				s[strings.Index(s, "."):strings.LastIndex(s, ".")+1]
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.NewCalling(t)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken, f.IDTokenRaw = row.change, row.raw
			})
			app.Clock.Advance(2 * time.Hour)
			want := map[bool]int{true: 200, false: 401}[row.ok]
			if got := rig.Call(t, app, b, "GET"); got != want {
				t.Errorf("status %d, want %d\n%s", got, want, app.Log())
			}
			if who := app.Visit(t, b, "/"); (who == app.Is("alice")) != row.ok {
				t.Errorf("afterwards signed in as %s", who)
			}
		})
	}
}

// R109
func TestRefresh_R109_EndsOrWaits(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("token", 503, "", "") })
	app.Clock.Advance(59*time.Minute + 30*time.Second) // due, and still valid
	for range 50 {
		if got := rig.Call(t, app, b, "GET"); got != 200 {
			t.Fatalf("with a token that is still valid: status %d", got)
		}
	}
	app.Clock.Advance(time.Hour) // run out
	for range 60 {
		resp := app.Get(t, b, "/call")
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Fatalf("with one that has run out: status %d, want 503", resp.StatusCode)
		}
		app.Clock.Advance(time.Second)
	}
	if n := rig.Refreshes(app); n > 12 {
		t.Errorf("%d token requests in a minute", n)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
	app.OP.Behave()
	app.Clock.Advance(31 * time.Second)
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Errorf("once it is back: status %d", got)
	}
	// The provider ends the login: so does the application, for everybody who asks, with one
	// request.
	app.OP.RevokeLogins()
	app.Clock.Advance(2 * time.Hour)
	stale := app.SessionCookies(b)
	before := rig.Refreshes(app)
	for range 5 {
		app.SetCookies(b, stale...)
		if got := rig.Call(t, app, b, "GET"); got != 401 {
			t.Errorf("after the end: status %d, want 401", got)
		}
		if who := app.Visit(t, b, "/"); who != "anonymous" {
			t.Errorf("after the end signed in as %s", who)
		}
	}
	if n := rig.Refreshes(app) - before; n != 1 {
		t.Errorf("%d token requests for a login that is over", n)
	}
	if !app.Happened("session", "refresh_refused") {
		t.Errorf("events %v", app.Outcomes())
	}
}

// R110
func TestRefresh_R110_GoesOnWithoutTheBrowser(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	reached, release := make(chan struct{}), make(chan struct{})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, _ *http.Request) bool {
			if e == "token" {
				close(reached)
				<-release
			}
			return false
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", app.URL+"/call", nil)
		_, err := rig.Still(b).Do(req)
		gone <- err
	}()
	<-reached
	cancel() // the browser closes the tab while the provider is rotating
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	app.OP.Behave()
	close(release)
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Errorf("the next request: status %d", got)
	}
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// R111
func TestRefresh_R111_ClaimsAreRenewed(t *testing.T) {
	var hooked int
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.Config.Hooks.Refresh = func(_ context.Context, s *session.Session) error {
			hooked++
			return nil
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/admin")
	if got := app.Get(t, b, "/admin").StatusCode; got != 200 {
		t.Fatalf("an admin: status %d", got)
	}
	app.OP.SetClaims("alice", map[string]any{"roles": []string{"staff"}})
	app.Clock.Advance(2 * time.Hour)
	rig.Call(t, app, b, "GET")
	if got := app.Get(t, b, "/admin").StatusCode; got != 403 || hooked != 1 {
		t.Errorf("no admin any more: status %d, want 403; the hook ran %d times", got, hooked)
	}
}

// R112
func TestRefresh_R112_ScopeAndSafeRequests(t *testing.T) {
	var scopes []string
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.Config.Hooks.Refresh = func(_ context.Context, s *session.Session) error {
			tokens, err := s.Tokens()
			scopes = tokens.Scopes
			return err
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	rig.Call(t, app, b, "HEAD")
	rig.Call(t, app, b, "OPTIONS")
	app.Get(t, b, "/call", "Sec-Purpose", "prefetch")
	if n := rig.Refreshes(app); n != 0 {
		t.Errorf("%d refreshes by HEAD, OPTIONS and a prefetch", n)
	}
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { a["scope"] = "openid" }
	})
	rig.Call(t, app, b, "GET")
	if fmt.Sprint(scopes) != "[openid]" {
		t.Errorf("a narrower scope shows as %v", scopes)
	}
	if sent := app.OP.Requests("token"); sent[len(sent)-1].Form.Has("scope") {
		t.Error("the refresh asks for a scope")
	}
}

// R96, R106: a slow response with the old cookies does not bring the spent refresh token back.
func TestRefresh_R106_OldCookiesAreReplaced(t *testing.T) {
	app := rig.NewCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	old := app.SessionCookies(b)
	app.Clock.Advance(2 * time.Hour)
	rig.Call(t, app, b, "GET")
	app.SetCookies(b, old...) // what a slow response would do to the jar
	app.Clock.Advance(5 * time.Minute)
	app.Visit(t, b, "/") // any page heals it
	if got := app.SessionCookies(b); got[0].Value == old[0].Value {
		t.Error("the old cookies stay")
	}
	app.Clock.Advance(2 * time.Hour)
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Errorf("the next refresh: status %d", got)
	}
}

// R96, R106: the same with sessions in a store that others wrote.
func TestRefresh_R106_WithAStore(t *testing.T) {
	app := rig.NewCalling(t, func(s *rig.Setup) {
		store := sessions.NewFilesystemStore(t.TempDir(),
			[]byte("0123456789abcdef0123456789abcdef"))
		store.MaxLength(0)
		s.Config.Session.Store = store
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for round := range 3 {
		app.Clock.Advance(2 * time.Hour)
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if got := rig.Call(t, app, b, "GET"); got != 200 {
					t.Errorf("round %d: status %d", round, got)
				}
			})
		}
		wg.Wait()
		if n := rig.Refreshes(app); n != round+1 {
			t.Errorf("round %d: %d refreshes", round, n)
		}
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// R96: what a handler saves after a refresh goes on from the new tokens.
func TestRefresh_R96_SaveAfterClient(t *testing.T) {
	app := rig.NewCalling(t)
	app.Mux.Handle("/note", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if _, err := app.Auth.Client(w, r); err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		s, _ := session.FromContext(r.Context())
		if s.Values == nil {
			s.Values = map[string]string{}
		}
		s.Values["visits"] += "x"
		if err := app.Auth.Sessions.Save(w, r, s); err != nil {
			t.Error(err)
		}
		fmt.Fprint(w, s.Values["visits"])
	})))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for i := range 4 {
		app.Clock.Advance(2 * time.Hour)
		resp := app.Get(t, b, "/note")
		if got, want := authtest.Body(t, resp), strings.Repeat("x", i+1); resp.StatusCode != 200 ||
			got != want {
			t.Errorf("visit %d: status %d, %q, want %q", i, resp.StatusCode, got, want)
		}
		if n := rig.Refreshes(app); n != i+1 {
			t.Errorf("visit %d: %d refreshes", i, n)
		}
	}
}

// R106: tokens that live shorter than the time ahead of which they would be refreshed.
func TestRefresh_R106_ShortLivedTokens(t *testing.T) {
	app := rig.NewCalling(t)
	app.OP.SetTokenLifetime(40 * time.Second)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	// every ten seconds; half of their life is twenty
	for step, want := range []int{0, 0, 1, 1, 1, 2} {
		for range 3 {
			if got := rig.Call(t, app, b, "GET"); got != 200 {
				t.Errorf("step %d: status %d", step, got)
			}
		}
		if n := rig.Refreshes(app); n < want || n > want+1 {
			t.Errorf("step %d: %d refreshes, want %d", step, n, want)
		}
		app.Clock.Advance(10 * time.Second)
	}
}
