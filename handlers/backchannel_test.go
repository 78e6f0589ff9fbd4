package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R117
func TestBackchannel_R117_EndsTheSessions(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		b := rig.SignedIn(t, app, "alice", "/me")
		kept := app.SessionCookies(b)
		token := app.OP.LogoutToken("alice")
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
		if rig.Alive(t, app, b) || rig.Presented(t, app, kept...) != "anonymous" {
			t.Error("the session lives on")
		}
		if !app.Happened("logout", "ok") || strings.Contains(app.Log(), token) {
			t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
		}
		if n := app.OP.Count("revoke"); n != 0 { // R75: their owner did not ask for it
			t.Errorf("%d tokens were taken back", n)
		}
		app.SignIn(t, b, "alice", "/me")
		if !rig.Alive(t, app, b) {
			t.Error("a login afterwards, in the same second, does not live")
		}
	})
}

// R117: the provider does it by itself.
func TestBackchannel_R117_FromTheProvider(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	app.OP.SetBackchannelLogout(app.URL + "/auth/backchannel/op")
	a, b := rig.SignedIn(t, app, "alice", "/me"), rig.SignedIn(t, app, "alice", "/me")
	authtest.Open(t, a, app.OP.Issuer()+"/end_session") // as another application would
	if rig.Alive(t, app, a) || !rig.Alive(t, app, b) {
		t.Errorf("after the logout in one browser: it %v, the other %v", rig.Alive(t, app, a),
			rig.Alive(t, app, b))
	}
	if err := app.OP.EndSessions("alice"); err != nil || rig.Alive(t, app, b) {
		t.Errorf("after the end of all: %v, alive %v", err, rig.Alive(t, app, b))
	}
	if resp := authtest.Open(t, b, app.URL+"/me"); !strings.Contains(authtest.Body(t, resp),
		`name="password"`) {
		t.Error("the provider still knows the user")
	}
}

// Without revocations sessions cannot be ended, so nothing may look as if they were.
func TestBackchannel_R117_OnlyWithRevocations(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	unknown := app.Do(t, app.Server.Client(), "POST", "/auth/nothing", nil)
	for _, method := range []string{"POST", "GET"} {
		resp := app.Do(t, app.Server.Client(), method, "/auth/backchannel/op",
			url.Values{"logout_token": {app.OP.LogoutToken("alice")}}, "Content-Type",
			"application/x-www-form-urlencoded")
		if resp.StatusCode != unknown.StatusCode || resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", method, resp.StatusCode)
		}
	}
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
	on := rig.New(t, rig.Revocable, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": s.OIDC, "silent": noLogout{s.OIDC}}
	})
	for _, name := range []string{"", "other", "silent", "op/x", "OP"} {
		if resp := rig.DeliverLogout(t, on, name,
			on.OP.LogoutToken("alice")); resp.StatusCode != http.StatusNotFound {
			t.Errorf("provider %q: status %d, want 404", name, resp.StatusCode)
		}
	}
}

// A noLogout provider knows no logout tokens.
type noLogout struct{ provider.Provider }

// R118
func TestBackchannel_R118_ExactlyTheRightSessions(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep, rig.Second, func(s *rig.Setup) {
			s.Config.Providers = provider.Set{"op": s.OIDC, "twin": s.OP.OIDC()}
		})
		var browsers map[string]*http.Client
		sids := func() []string { return app.OP.Sessions("alice") }
		setUp := func() {
			browsers = map[string]*http.Client{}
			// alice has the subject 1001 everywhere
			for _, username := range []string{"alice", "bob"} {
				app.OP.EndSessions(username) // nothing is registered, so it ends nothing here
				browsers[username+" op"] = rig.SignedIn(t, app, username, "/auth/login/op")
				browsers[username+" op again"] = rig.SignedIn(t, app, username, "/auth/login/op")
				browsers[username+" op2"] = rig.SignedIn(t, app, username, "/auth/login/op2")
				browsers[username+" twin"] = rig.SignedIn(t, app, username, "/auth/login/twin")
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.IDToken = func(c map[string]any) { delete(c, "sid") }
				})
				browsers[username+" without sid"] = rig.SignedIn(t, app, username, "/auth/login/op")
				app.OP.Behave()
			}
		}
		for name, row := range map[string]struct {
			token func() (name, token string)
			ends  []string
		}{
			"one session": {func() (string, string) {
				return "op", app.OP.LogoutToken("alice", sids()[0])
			}, []string{"alice op"}},
			"a sid alone": {func() (string, string) {
				c := app.OP.LogoutClaims("alice", sids()[1])
				delete(c, "sub")
				return "op", app.OP.SignLogout(c)
			}, []string{"alice op again"}},
			"the user": {func() (string, string) {
				return "op", app.OP.LogoutToken("alice")
			}, []string{"alice op", "alice op again", "alice without sid"}},
			"at another provider": {func() (string, string) {
				return "op2", app.OP2.LogoutToken("alice")
			}, []string{"alice op2"}},
			"another provider's sid": {func() (string, string) {
				return "op2", app.OP2.LogoutToken("alice", sids()[0])
			}, nil},
			"under another name": {func() (string, string) {
				return "twin", app.OP.LogoutToken("alice")
			}, []string{"alice twin"}},
			"a sid under another name": {func() (string, string) {
				return "twin", app.OP.LogoutToken("alice", sids()[0])
			}, nil},
			"a sid that is a subject": {func() (string, string) {
				return "op", app.OP.LogoutToken("alice", "1001")
			}, nil},
			"another case of the sid": {func() (string, string) {
				return "op", app.OP.LogoutToken("alice", strings.ToLower(sids()[0]))
			}, nil},
		} {
			setUp()
			provider, token := row.token()
			rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, provider, token))
			for who, b := range browsers {
				if ended := !rig.Alive(t, app, b); ended != slices.Contains(row.ends, who) {
					t.Errorf("%s: the session of %s has ended: %v", name, who, ended)
				}
			}
		}
	})
}

// R118: word of a logout may come late.
func TestBackchannel_R118_LaterLoginsAreNotHit(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		for _, sid := range []bool{false, true} {
			app := rig.New(t, keep)
			before := rig.SignedIn(t, app, "alice", "/me")
			token := app.OP.LogoutToken("alice")
			if sid {
				token = app.OP.LogoutToken("alice", app.OP.Sessions("alice")[0])
			}
			app.Clock.Advance(time.Minute)
			after := rig.SignedIn(t, app, "alice", "/me")
			// the same session of the provider, another one here
			app.SignIn(t, before, "alice", "/auth/login")
			again := before
			old := app.SessionCookies(rig.SignedIn(t, app, "bob", "/me"))
			rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
			if !rig.Alive(t, app, after) || !rig.Alive(t, app, again) ||
				rig.Presented(t, app, old...) == "anonymous" {
				t.Errorf("sid %v: a session that began after the logout has ended", sid)
			}
		}
	})
}

// R119: a logout that arrives while a login is under way.
func TestBackchannel_R119_LoginInFlight(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		for _, sid := range []bool{false, true} {
			for name, sends := range map[string]func(s *rig.Setup, send func()){
				"before the token response": func(s *rig.Setup, send func()) {
					at(s.OP, "token", send)
				},
				"in the token response": func(s *rig.Setup, send func()) {
					s.OP.Misbehave(func(f *authtest.Faults) {
						f.IDTokenRaw = func(token string) string { send(); return token }
					})
				},
				"before userinfo": func(s *rig.Setup, send func()) { at(s.OP, "userinfo", send) },
				"before the session": func(s *rig.Setup, send func()) {
					s.Config.Hooks.Login = func(*http.Request, *handlers.Login) error {
						send()
						return nil
					}
				},
			} {
				var app *rig.App
				var once sync.Once
				send := func() {
					once.Do(func() {
						token := app.OP.LogoutToken("alice")
						if sid {
							token = app.OP.LogoutToken("alice", app.OP.Sessions("alice")[0])
						}
						if err := app.OP.SendLogout(token); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					})
				}
				app = rig.New(t, keep, func(s *rig.Setup) {
					s.OIDC.UserInfo = "always"
					sends(s, send)
				})
				app.OP.SetBackchannelLogout(app.URL + "/auth/backchannel/op")
				b := rig.Browser(t)
				callback := app.Callback(t, b, "alice", "/auth/login")
				resp := app.Get(t, b, callback.String())
				if resp.StatusCode != http.StatusSeeOther || !app.Happened("logout", "ok") {
					t.Errorf("%s: status %d, events %v", name, resp.StatusCode, app.Outcomes())
				}
				if rig.Alive(t, app, b) {
					t.Errorf("%s, sid %v: the session comes alive", name, sid)
				}
				if app.SignIn(t, b, "alice", "/me"); !rig.Alive(t, app, b) {
					t.Errorf("%s, sid %v: a login afterwards in the same second does not live",
						name, sid)
				}
			}
		}
	})
}

// at calls send when an endpoint of the provider is asked, before it answers.
func at(op *authtest.Provider, endpoint string, send func()) {
	op.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, _ *http.Request) bool {
			if e == endpoint {
				send()
			}
			return false
		}
	})
}

// R119: tokens that are refreshed while the logout arrives, and the ones refreshed before it, do
// not bring the session back.
func TestBackchannel_R119_RefreshInFlight(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.NewCalling(t, keep)
		app.OP.SetBackchannelLogout(app.URL + "/auth/backchannel/op")
		b := rig.SignedIn(t, app, "alice", "/me")
		app.Clock.Advance(2 * time.Hour)
		if status := rig.Call(t, app, b, "GET"); status != http.StatusOK ||
			rig.Refreshes(app) != 1 {
			t.Fatalf("status %d, %d refreshes", status, rig.Refreshes(app))
		}
		app.Clock.Advance(2 * time.Hour)
		token := app.OP.LogoutToken("alice") // issued before the tokens that come now
		app.Clock.Advance(time.Minute)
		var once sync.Once
		at(app.OP, "token", func() {
			once.Do(func() {
				if err := app.OP.SendLogout(token); err != nil {
					t.Error(err)
				}
			})
		})
		rig.Call(t, app, b, "GET") // had been let in before the logout
		if rig.Refreshes(app) != 2 || rig.Alive(t, app, b) {
			t.Errorf("%d refreshes, alive %v", rig.Refreshes(app), rig.Alive(t, app, b))
		}
	})
}

// R129: an open connection ends.
func TestBackchannel_R129_EndsConnections(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	begun, cause := make(chan struct{}), make(chan error)
	app.Mux.Handle("/events", app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		ctx, cancel := app.Auth.Sessions.Watch(r.Context(), s)
		defer cancel()
		close(begun)
		<-ctx.Done()
		cause <- context.Cause(ctx)
	})))
	b := rig.SignedIn(t, app, "alice", "/me")
	go func() { rig.Still(b).Get(app.URL + "/events") }()
	<-begun
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
	if got := <-cause; !errors.Is(got, session.ErrEnded) {
		t.Errorf("it ended with %v", got)
	}
}

// R119: a mark is kept for as long as a session that it ends could live.
func TestBackchannel_R119_MarksOutliveTheSessions(t *testing.T) {
	app := rig.New(t, rig.Revocable, func(s *rig.Setup) {
		s.Config.Session.Idle, s.Config.Session.Lifetime = 48*time.Hour, 48*time.Hour
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	kept := app.SessionCookies(b)
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
	for range 47 {
		app.Clock.Advance(time.Hour)
		// each sweeps
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("bob")))
		if rig.Presented(t, app, kept...) != "anonymous" {
			t.Fatal("the session is alive again")
		}
	}
}

// R37, R38: one provider entry with several issuers.
func TestBackchannel_R38_TenantsDoNotTouchEachOther(t *testing.T) {
	for _, by := range []string{"sub", "sid"} {
		app := rig.New(t, rig.Revocable, func(s *rig.Setup) {
			s.Config.Providers = provider.Set{"op": rig.SharedSubject{OIDC: s.OIDC}}
		})
		a, b := rig.SignedIn(t, app, "alice", "/me"), rig.SignedIn(t, app, "bob", "/me")
		if one, other := app.Visit(t, a, "/"),
			app.Visit(t, b, "/"); one != "op https://alice.example same" ||
			other != "op https://bob.example same" {
			t.Fatalf("signed in as %s and %s", one, other)
		}
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", "https://carol.example "+by))
		if !rig.Alive(t, app, a) || !rig.Alive(t, app, b) {
			t.Errorf("by %s: the logout of a tenant without this user ended a session", by)
		}
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", "https://alice.example "+by))
		if rig.Alive(t, app, a) || !rig.Alive(t, app, b) {
			t.Errorf("by %s: the one tenant's session is alive: %v, the other's: %v", by,
				rig.Alive(t, app, a), rig.Alive(t, app, b))
		}
	}
}

// R120: the same token a thousand times, also at once.
func TestBackchannel_R120_OneTokenOneLogout(t *testing.T) {
	rig.Slow(t)
	counting := &countingRevocations{}
	app := rig.New(t, func(s *rig.Setup) {
		counting.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Session.Revocations = counting
	})
	rig.SignedIn(t, app, "alice", "/me")
	before := counting.revoked.Load()
	token := app.OP.LogoutToken("alice")
	var successes atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				if resp := rig.DeliverLogout(t, app, "op",
					token); resp.StatusCode == http.StatusOK {
					successes.Add(1)
				} else {
					rig.WantLogoutRefused(t, "replay", resp)
				}
			}
		})
	}
	wg.Wait()
	if n := counting.revoked.Load() - before; n != 1 || successes.Load() != 1 {
		t.Errorf("%d revocations and %d successes, want one", n, successes.Load())
	}
	if !app.Happened("logout", "logout_replayed") {
		t.Errorf("events %v", app.Outcomes())
	}
}

type countingRevocations struct {
	session.Revocations
	revoked atomic.Int32
	fail    atomic.Bool
	keys    sync.Map
}

// Revoke implements session.Revocations.
func (v *countingRevocations) Revoke(ctx context.Context, r session.Revocation) (bool, error) {
	if v.fail.Load() {
		return false, errors.New("no store")
	}
	v.revoked.Add(1)
	for _, key := range r.Keys {
		v.keys.Store(key, true)
	}
	return v.Revocations.Revoke(ctx, r)
}

// R120: an ID is remembered for as long as its token could be sent again.
func TestBackchannel_R120_RememberedUntilItIsTooOld(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	claims := app.OP.LogoutClaims("alice")
	delete(claims, "exp")
	claims["iat"] = app.Clock.Now().Add(59 * time.Second).Unix() // as far in the future as may be
	token := app.OP.SignLogout(claims)
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
	b := rig.SignedIn(t, app, "alice", "/me")
	for range 63 {
		app.Clock.Advance(59 * time.Second)
		rig.WantLogoutRefused(t, "again", rig.DeliverLogout(t, app, "op", token))
	}
	if !rig.Alive(t, app, b) {
		t.Error("a replay ended a session")
	}
	outcomes := app.Outcomes()
	if last := outcomes[len(outcomes)-1]; last != "logout invalid_logout_token" {
		t.Errorf("when it is too old: %s", last)
	}
	if n := len(slices.DeleteFunc(outcomes, func(o string) bool {
		return o != "logout logout_replayed"
	})); n < 60 {
		t.Errorf("%d replays were noticed", n)
	}
}

// R120: an ID belongs to its issuer and its provider entry.
func TestBackchannel_R120_SameIDElsewhere(t *testing.T) {
	app := rig.New(t, rig.Revocable, rig.Second, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": s.OIDC, "twin": s.OP.OIDC()}
	})
	for _, to := range []struct {
		name string
		op   *authtest.Provider
	}{{"op", app.OP}, {"op2", app.OP2}, {"twin", app.OP}} {
		claims := to.op.LogoutClaims("alice")
		claims["jti"] = "1"
		rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, to.name, to.op.SignLogout(claims)))
		rig.WantLogoutRefused(t, to.name, rig.DeliverLogout(t, app, to.name,
			to.op.SignLogout(claims)))
	}
}

// R120: what fails is seen, and may be tried again.
func TestBackchannel_R120_StoreFails(t *testing.T) {
	failing := &countingRevocations{}
	app := rig.New(t, func(s *rig.Setup) {
		failing.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Session.Revocations = failing
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	token := app.OP.LogoutToken("alice")
	failing.fail.Store(true)
	for range 3 {
		unavailable(t, app, rig.DeliverLogout(t, app, "op", token), "store_unavailable")
	}
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended nevertheless")
	}
	failing.fail.Store(false)
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
	if rig.Alive(t, app, b) {
		t.Error("the session lives on")
	}
}

// unavailable checks the answer when the fault is ours: 400 as well (section 2.8), and no success.
func unavailable(t *testing.T, app *rig.App, resp *http.Response, outcome string) {
	t.Helper()
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusBadRequest ||
		body != `{"error":"temporarily_unavailable"}` {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	rig.WantPlainAnswer(t, resp)
	if !app.Happened("logout", outcome) || !strings.Contains(app.Log(), "level=ERROR") {
		t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
	}
}

// R120
func TestBackchannel_R120_LockerFails(t *testing.T) {
	app := rig.New(t, rig.Revocable, func(s *rig.Setup) { s.Config.Session.Locker = noLocker{} })
	b := rig.SignedIn(t, app, "alice", "/me")
	unavailable(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")),
		"store_unavailable")
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended although the token may be a replay")
	}
}

type noLocker struct{}

// Do implements session.Locker.
func (noLocker) Do(context.Context, string, time.Duration,
	func(context.Context) ([]byte, error)) ([]byte, error) {
	return nil, errors.New("no locker")
}

// R120: a Revocations that panics fails its own request, and not the process.
func TestBackchannel_R120_StorePanics(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Revocations = panicking{session.NewMemoryRevocations(s.Config.Session.Now)}
	})
	unavailable(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")),
		"store_unavailable")
}

type panicking struct{ session.Revocations }

// Revoke implements session.Revocations.
func (panicking) Revoke(context.Context, session.Revocation) (bool, error) {
	panic("out of order")
}

// R120: a token that is not valid does not use up the ID that it names.
func TestBackchannel_R120_InvalidTokensBurnNoID(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	b := rig.SignedIn(t, app, "alice", "/me")
	claims := app.OP.LogoutClaims("alice")
	evil := authtest.NewTLSProvider(t)
	rig.WantLogoutRefused(t, "of another key", rig.DeliverLogout(t, app, "op",
		evil.SignLogout(claims)))
	rig.WantLogoutRefused(t, "unsigned", rig.DeliverLogout(t, app, "op",
		rig.Base64([]byte(`{"alg":"none"}`))+"."+rig.Base64(rig.JSON(claims))+".AAAA"))
	aud := claims["aud"]
	claims["aud"] = "other"
	rig.WantLogoutRefused(t, "for another client", rig.DeliverLogout(t, app, "op",
		app.OP.SignLogout(claims)))
	claims["aud"] = aud
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.SignLogout(claims)))
	if rig.Alive(t, app, b) {
		t.Error("the session lives on")
	}
}

// R117, R139: what the audit trail says: who it was about, once that is certain, and how it ended.
func TestBackchannel_R139_Events(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	token := app.OP.LogoutToken("alice")
	for range 2 {
		rig.DeliverLogout(t, app, "op", token)
	}
	rig.DeliverLogout(t, app, "op", authtest.NewTLSProvider(t).LogoutToken("alice"))
	rig.DeliverLogoutForm(t, app, "op", nil)
	about := session.Event{Time: app.Clock.Now(), Kind: "logout", Provider: "op"}
	ok, replayed, invalid, bad := about, about, about, about
	ok.Outcome, ok.Issuer, ok.Subject = "ok", app.OP.Issuer(), "1001"
	replayed.Outcome, replayed.Issuer, replayed.Subject = "logout_replayed", app.OP.Issuer(), "1001"
	invalid.Outcome, bad.Outcome = "invalid_logout_token", "bad_request"
	if got, want := app.Events(), []session.Event{ok, replayed, invalid,
		bad}; !slices.Equal(got, want) {
		t.Errorf("events\n%+v, want\n%+v", got, want)
	}
}

// R117: the answer is for a program, so the application's own pages have no part in it.
func TestBackchannel_R117_OnErrorIsNotAsked(t *testing.T) {
	app := rig.New(t, rig.Revocable, func(s *rig.Setup) {
		s.Config.OnError = func(w http.ResponseWriter, _ *http.Request, _ *problem.Error) bool {
			http.SetCookie(w, &http.Cookie{Name: "x", Value: "y"})
			w.WriteHeader(http.StatusOK)
			return true
		}
	})
	rig.WantLogoutRefused(t, "junk", rig.DeliverLogout(t, app, "op", "x"))
	rig.WantLogoutRefused(t, "another key", rig.DeliverLogout(t, app, "op",
		authtest.NewTLSProvider(t).LogoutToken("alice")))
}

// R121: responses do not reveal which sessions exist.
func TestBackchannel_R121_UnknownSessionsLookLikeSuccess(t *testing.T) {
	counting := &countingRevocations{}
	app := rig.New(t, func(s *rig.Setup) {
		counting.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Session.Revocations = counting
	})
	rig.SignedIn(t, app, "alice", "/me")
	unknown := app.OP.LogoutClaims("alice")
	unknown["sub"] = "unknown"
	var answers []string
	for _, token := range []string{
		app.OP.LogoutToken("alice", app.OP.Sessions("alice")[0]),
		app.OP.LogoutToken("alice", "no such session"), app.OP.SignLogout(unknown),
		app.OP.LogoutToken("alice"),
	} {
		before := counting.revoked.Load()
		resp := rig.DeliverLogout(t, app, "op", token)
		rig.WantLogoutAccepted(t, app, resp)
		if counting.revoked.Load() != before+1 { // the same work
			t.Errorf("%d revocations", counting.revoked.Load()-before)
		}
		resp.Header.Del("Date")
		answers = append(answers, fmt.Sprint(resp.StatusCode, resp.Header))
	}
	if len(slices.Compact(slices.Clone(answers))) != 1 {
		t.Errorf("the answers differ: %q", answers)
	}
}

// R121, R63
func TestBackchannel_R121_UnknownKeysDoNotFloodTheProvider(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	b := rig.SignedIn(t, app, "alice", "/me")
	var n atomic.Int32
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.LogoutTokenHeader = func(h map[string]any) { h["kid"] = fmt.Sprint("made up ", n.Add(1)) }
	})
	before := app.OP.Count("jwks")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 10 {
				rig.WantLogoutRefused(t, "made-up key", rig.DeliverLogout(t, app, "op",
					app.OP.LogoutToken("alice")))
			}
		})
	}
	wg.Wait()
	if got := app.OP.Count("jwks") - before; got > 2 {
		t.Errorf("%d fetches of the keys for 200 tokens, want at most 2", got)
	}
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
	app.OP.Behave()
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
}

// R121: what is no token costs the provider nothing, even just after a start.
func TestBackchannel_R121_JunkCausesNoRequests(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	for _, junk := range []string{"", "x", "a.b", strings.Repeat(".", 60_000),
		strings.Repeat("A", 60_000), "e30.e30.!", "bm8.bm8.bm8"} {
		rig.WantLogoutRefused(t, fmt.Sprintf("%.10q", junk), rig.DeliverLogout(t, app, "op", junk))
	}
	if n := app.OP.Count("discovery") + app.OP.Count("jwks"); n != 0 {
		t.Errorf("%d requests to the provider", n)
	}
	// The first word of a provider may be a logout.
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice")))
}

// R121: a provider that is away is no reason to believe a token, nor to call it bad.
func TestBackchannel_R121_ProviderDown(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	b := rig.SignedIn(t, app, "alice", "/me")
	token := app.OP.LogoutToken("alice")
	app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": app.OP.OIDC()}) // knows no keys
	app.OP.SetDown(true)
	for range 20 {
		unavailable(t, app, rig.DeliverLogout(t, app, "op", token), "provider_unavailable")
	}
	app.OP.SetDown(false)
	if !rig.Alive(t, app, b) {
		t.Error("the session has ended")
	}
	app.Clock.Advance(10 * time.Second)
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
	if rig.Alive(t, app, b) {
		t.Error("the session lives on")
	}
}

// R121: the same when only the keys cannot be had.
func TestBackchannel_R121_KeysAway(t *testing.T) {
	app := rig.New(t, rig.Revocable)
	token := app.OP.LogoutToken("alice")
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", 500, "", "") })
	unavailable(t, app, rig.DeliverLogout(t, app, "op", token), "provider_unavailable")
	app.OP.Behave()
	app.Clock.Advance(10 * time.Second)
	rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op", token))
}
