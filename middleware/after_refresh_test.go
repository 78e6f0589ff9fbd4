package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// tokenOf is an application with a page that refreshes tokens if that is due: /token.
func tokenOf(t *testing.T, change ...func(*rig.Setup)) (*rig.App, func(b *http.Client) (status int,
	token *oauth2.Token)) {
	t.Helper()
	app := rig.NewCalling(t, change...)
	var token *oauth2.Token
	app.Mux.Handle("/token", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		source, err := app.Auth.TokenSource(w, r)
		if err == nil {
			token, err = source.Token()
		}
		if err != nil {
			app.Auth.Refuse(w, r, err)
		}
	})))
	return app, func(b *http.Client) (int, *oauth2.Token) {
		token = nil
		status := app.Do(t, b, "GET", "/token", nil, "Sec-Fetch-Mode", "cors").StatusCode
		return status, token
	}
}

// F15: once the refresh token is spent, nothing that goes wrong at userinfo loses the new one, and
// roles that the new ID token does not have any more are gone at once.
func TestRefresh_F15_UserInfoFails(t *testing.T) {
	for name, fault := range map[string]func(f *authtest.Faults){
		"429": func(f *authtest.Faults) { f.Handler = rig.Answer("userinfo", 429, "", "") },
		"403": func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 403, rig.AsJSON, `{"error":"insufficient_scope"}`)
		},
		"404": func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 404, "text/html", "<h1>gone</h1>")
		},
		"401": func(f *authtest.Faults) { f.Handler = rig.Answer("userinfo", 401, "", "") },
		"503": func(f *authtest.Faults) { f.Handler = rig.Answer("userinfo", 503, "", "") },
		"garbage": func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, rig.AsJSON, "{]")
		},
		"a page": func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, "text/html", "<html>")
		},
		"no sub": func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { delete(c, "sub") }
		},
		"odd sub": func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { c["sub"] = 7 }
		},
	} {
		t.Run(name, func(t *testing.T) {
			app, token := tokenOf(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
			b := rig.Browser(t)
			inIDToken := func(roles ...string) func(map[string]any) {
				return func(c map[string]any) { c["roles"] = roles }
			}
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = inIDToken("admin", "staff")
				f.UserInfo = func(c map[string]any) { delete(c, "roles"); c["nickname"] = "Al" }
			})
			app.SignIn(t, b, "alice", "/admin")
			app.OP.Misbehave(func(f *authtest.Faults) { f.IDToken = inIDToken("staff") })
			app.OP.Misbehave(fault)
			app.Clock.Advance(2 * time.Hour)
			if status, _ := token(b); status != 200 {
				t.Fatalf("status %d\n%s", status, app.Log())
			}
			if got := app.Get(t, b, "/admin").StatusCode; got != 403 {
				t.Errorf("no admin any more: status %d", got)
			}
			if who := app.Visit(t, b, "/"); who != app.Is("alice") {
				t.Errorf("signed in as %s", who)
			}
			app.OP.Behave()
			for range 3 { // the provider ends logins whose refresh token comes twice
				app.Clock.Advance(2 * time.Hour)
				if status, _ := token(b); status != 200 {
					t.Errorf("afterwards: status %d", status)
				}
			}
		})
	}
}

// R46: claims that decide have their types after a refresh too, although the token need not repeat
// the nonce.
func TestRefresh_R46_WrongTypes(t *testing.T) {
	for name, value := range map[string]any{"nonce": 5, "at_hash": []string{"x"}, "azp": true,
		"iat": "now", "nbf": "0", "exp": []int{1}, "aud": map[string]int{}, "iss": 1, "sub": 1} {
		t.Run(name, func(t *testing.T) {
			app, token := tokenOf(t)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) { c[name] = value }
			})
			app.Clock.Advance(2 * time.Hour)
			if status, _ := token(b); status != 401 {
				t.Errorf("status %d", status)
			}
		})
	}
}

// F15: what only userinfo says stays while it does not answer, whatever the ID token loses.
func TestRefresh_F15_EarlierUserInfoStays(t *testing.T) {
	app, token := tokenOf(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	var got *session.Session
	app.Mux.Handle("/seen", app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		got = s.Clone()
	})))
	b := rig.Browser(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) {
			delete(c, "roles")
			delete(c, "name")
			c["dept"] = "a"
		}
		f.UserInfo = func(c map[string]any) {
			c["roles"] = []string{"admin"}
			c["name"] = "Alice of userinfo"
		}
	})
	app.SignIn(t, b, "alice", "/seen")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { delete(c, "roles"); delete(c, "name") }
		f.Handler = rig.Answer("userinfo", 503, "", "")
	})
	app.Clock.Advance(2 * time.Hour)
	if status, _ := token(b); status != 200 {
		t.Fatalf("status %d", status)
	}
	app.Get(t, b, "/seen")
	var claims map[string]any
	if err := got.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.User.Roles) != "[admin]" || got.User.Name != "Alice of userinfo" ||
		claims["dept"] != nil {
		t.Errorf("roles %v, name %q, claims %v", got.User.Roles, got.User.Name, claims)
	}
}

// F15: userinfo about another user ends the session.
func TestRefresh_F15_AnotherUser(t *testing.T) {
	app, token := tokenOf(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.UserInfo = func(c map[string]any) { c["sub"] = "1002" }
	})
	app.Clock.Advance(2 * time.Hour)
	if status, _ := token(b); status != 401 || app.Visit(t, b, "/") != "anonymous" {
		t.Errorf("status %d, signed in as %s", status, app.Visit(t, b, "/"))
	}
}

// F15: a refreshed ID token whose signature cannot be checked changes nothing and loses nothing.
func TestRefresh_F15_UnverifiableIDToken(t *testing.T) {
	app, token := tokenOf(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/admin")
	app.OP.SetClaims("alice", map[string]any{"roles": []string{"staff"}})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDTokenRaw = func(token string) string { return token[:len(token)-4] + "AAAA" }
	})
	app.Clock.Advance(2 * time.Hour)
	if status, _ := token(b); status != 200 {
		t.Errorf("status %d\n%s", status, app.Log())
	}
	if got := app.Get(t, b, "/admin").StatusCode; got != 200 {
		t.Errorf("with the claims of before: status %d", got)
	}
	if !strings.Contains(app.Log(), "the refreshed ID token is not applied") {
		t.Error("the log does not say so")
	}
	app.OP.Behave()
	app.Clock.Advance(2 * time.Hour)
	if status, _ := token(b); status != 200 || app.Get(t, b, "/admin").StatusCode != 403 {
		t.Errorf("the next one: status %d, then %d", status, app.Get(t, b, "/admin").StatusCode)
	}
}

// F15: Hooks.Refresh ends the session by its own answer only. Any other error keeps the new tokens
// with the user of before.
func TestRefresh_F15_Hook(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		ends bool
	}{
		"database down": {errors.New("connection refused"), false},
		"refused":       {fmt.Errorf("banned: %w", sallyport.ErrRefused), true},
		"own answer":    {&problem.Error{Status: 403, Code: "banned", Title: "Banned"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var hookErr error
			app, token := tokenOf(t, func(s *rig.Setup) {
				s.Config.Hooks.Refresh = func(_ context.Context, s *session.Session) error {
					s.User.Roles = []string{"half done"}
					return hookErr
				}
			})
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/admin")
			hookErr = row.err
			app.Clock.Advance(2 * time.Hour)
			status, _ := token(b)
			if row.ends {
				if status != 401 || app.Visit(t, b, "/") != "anonymous" {
					t.Errorf("status %d, signed in as %s", status, app.Visit(t, b, "/"))
				}
				return
			}
			if status != 200 || app.Get(t, b, "/admin").StatusCode != 200 {
				t.Errorf("status %d, then %d", status, app.Get(t, b, "/admin").StatusCode)
			}
			if !strings.Contains(app.Log(), "connection refused") {
				t.Error("the log does not say why")
			}
			app.Clock.Advance(2 * time.Hour)
			if status, _ := token(b); status != 200 {
				t.Errorf("the next refresh: status %d", status)
			}
		})
	}
}

// F15: the new tokens are in the store before userinfo is asked, so that a process that dies there
// has lost nothing.
func TestRefresh_F15_StoredFirst(t *testing.T) {
	backend := session.NewMemoryBackend(session.MemoryLimits{}, nil)
	app, token := tokenOf(t, func(s *rig.Setup) {
		s.OIDC.UserInfo = "always"
		backend = session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now)
		s.Config.Session.Store = session.NewServerStore(backend)
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	reached, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
			if endpoint == "userinfo" && once.CompareAndSwap(false, true) {
				close(reached)
				<-release
			}
			return false
		}
	})
	app.Clock.Advance(2 * time.Hour)
	first := app.Server.Config.Handler
	done := make(chan struct{})
	go func() {
		defer close(done)
		app.Get(t, b, "/token")
	}()
	<-reached
	// Another process with the same store.
	app.Server.Config.Handler = app.Again(t, func(c *session.Config) {
		c.Locker = session.NewMemoryLocker(c.Now)
	})
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	if got := rig.Call(t, app, b, "GET"); got != 200 {
		t.Errorf("another process: status %d", got)
	}
	if n := rig.Refreshes(app); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	close(release)
	<-done
	app.Server.Config.Handler = first
	app.Clock.Advance(2 * time.Hour)
	if status, _ := token(b); status != 200 {
		t.Errorf("the next refresh: status %d", status)
	}
}

// F18: a provider that signs with the client's secret and has no keys to fetch.
func TestRefresh_F18_SecretSignsTokens(t *testing.T) {
	app, token := tokenOf(t, func(s *rig.Setup) {
		s.OIDC.SecretSignsTokens = true
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256,
			Key: []byte(s.OIDC.ClientSecret)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) { delete(m, "jwks_uri") }
			f.IDTokenRaw = func(token string) string {
				jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256,
					jose.ES256})
				if err != nil {
					return err.Error()
				}
				signed, _ := signer.Sign(jws.UnsafePayloadWithoutVerification())
				again, _ := signed.CompactSerialize()
				return again
			}
		})
	})
	b := rig.Browser(t)
	if resp := app.SignIn(t, b, "alice", "/me"); resp.StatusCode != 200 {
		t.Fatalf("status %d: %s", resp.StatusCode, app.Log())
	}
	for range 2 {
		app.Clock.Advance(2 * time.Hour)
		if status, _ := token(b); status != 200 {
			t.Fatalf("status %d\n%s", status, app.Log())
		}
	}
	if n := rig.Refreshes(app); n != 2 {
		t.Errorf("%d refreshes", n)
	}
}

// F18: auth_time may move at a refresh, and is taken over if it moves forward.
func TestRefresh_F18_AuthTime(t *testing.T) {
	app, token := tokenOf(t)
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(app.Guarded)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, row := range []struct {
		ago    time.Duration
		recent int
	}{{0, 200}, {5 * time.Hour, 401}} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) {
				c["auth_time"] = app.Clock.Now().Add(-row.ago).Unix()
			}
		})
		app.Clock.Advance(2 * time.Hour)
		if status, _ := token(b); status != 200 {
			t.Errorf("%v ago: status %d\n%s", row.ago, status, app.Log())
		}
		if got := app.Get(t, b, "/recent", "Sec-Fetch-Mode", "cors").StatusCode; got != row.recent {
			t.Errorf("%v ago: status %d, want %d", row.ago, got, row.recent)
		}
	}
}

// F35: an answer to a refresh without expires_in: the token is used as long as the one before, and
// then there is another.
func TestTokenSource_F35_WithoutExpiresIn(t *testing.T) {
	for name, lifetimes := range map[string][2]any{"at the refresh": {600, nil}, "ever": {nil, nil},
		"odd": {600, "soon"}, "zero": {600, 0}} {
		t.Run(name, func(t *testing.T) {
			app, token := tokenOf(t)
			b := rig.Browser(t)
			expiresIn := func(v any) {
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.TokenResponse = func(a map[string]any) { a["expires_in"] = v }
				})
			}
			expiresIn(lifetimes[0])
			app.SignIn(t, b, "alice", "/me")
			expiresIn(lifetimes[1])
			seen := map[string]bool{}
			for range 4 {
				app.Clock.Advance(2 * time.Hour)
				status, got := token(b)
				if status != 200 || seen[got.AccessToken] || !got.Expiry.IsZero() &&
					got.Expiry.Before(app.Clock.Now()) {
					t.Errorf("status %d, the same token again: %v", status, got != nil &&
						seen[got.AccessToken])
				}
				if got != nil {
					seen[got.AccessToken] = true
				}
			}
		})
	}
}

// F15: a handler that goes on for hours refreshes with the token that it got last.
func TestTokenSource_F15_LongLived(t *testing.T) {
	for place, change := range rig.KeptIn {
		t.Run(place, func(t *testing.T) {
			app := rig.NewCalling(t, change)
			app.Mux.Handle("/stream",
				app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					source, err := app.Auth.TokenSource(w, r)
					if err != nil {
						t.Error(err)
						return
					}
					for hour := range 8 {
						app.Clock.Advance(time.Hour)
						if _, err := source.Token(); err != nil {
							t.Errorf("after %d hours: %v", hour+1, err)
							return
						}
					}
				})))
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			app.Get(t, b, "/stream")
			if n := rig.Refreshes(app); n != 8 {
				t.Errorf("%d refreshes", n)
			}
			if got := rig.Call(t, app, b, "GET"); got != 200 {
				t.Errorf("afterwards: status %d", got)
			}
		})
	}
}

// A leasedLocker is shared by processes, and lets another one go on where one has died: it forgets
// who is at work, and keeps what is done.
type leasedLocker struct {
	mu   sync.Mutex
	done map[string][]byte
}

func (l *leasedLocker) Do(ctx context.Context, key string, _ time.Duration,
	f func(context.Context) ([]byte, error)) ([]byte, error) {
	l.mu.Lock()
	result, done := l.done[key]
	l.mu.Unlock()
	if done {
		return result, nil
	}
	result, err := f(ctx)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.done[key] = result
	}
	return result, err
}

// F15: with sessions in cookies, the Locker that processes share keeps new tokens of a process that
// dies while it asks for the profile.
func TestRefresh_F15_LockerKeepsFirst(t *testing.T) {
	locker := &leasedLocker{done: map[string][]byte{}}
	app := rig.NewCalling(t, func(s *rig.Setup) {
		s.OIDC.UserInfo = "always"
		s.Config.Session.Locker = locker
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	reached, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
			if endpoint == "userinfo" && once.CompareAndSwap(false, true) {
				close(reached)
				<-release
			}
			return false
		}
	})
	app.Clock.Advance(2 * time.Hour)
	deliver := rig.BeginRequest(t, app, b, "/call")
	<-reached // as good as dead
	app.Server.Config.Handler = app.Again(t, func(*session.Config) {})
	app.Mux.Handle("/call", app.Auth.RequireAuth(rig.APIPage(app)))
	if got := rig.Call(t, app, b, "GET"); got != 200 || rig.Refreshes(app) != 1 {
		t.Errorf("another process: status %d after %d refreshes", got, rig.Refreshes(app))
	}
	rig.WantRefreshes(t, app, b)
	close(release)
	deliver()
}

// F15: claims that have grown too large for cookies are not taken over; the new tokens are.
func TestRefresh_F15_TooLarge(t *testing.T) {
	app, token := tokenOf(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.SetClaims("alice", map[string]any{"blob": strings.Repeat("x", 40_000)})
	for range 3 {
		app.Clock.Advance(2 * time.Hour)
		if status, _ := token(b); status != 200 {
			t.Errorf("status %d", status)
		}
	}
	if !strings.Contains(app.Log(), "too large") {
		t.Error("the log does not say so")
	}
	app.OP.SetClaims("alice", map[string]any{"blob": nil})
	rig.WantRefreshes(t, app, b)
}
