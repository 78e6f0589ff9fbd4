package handlers_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A laxBrowser keeps cookies that are not SameSite=None from POSTs of other sites, as browsers do
// and Go's cookie jar does not.
type laxBrowser struct {
	next http.RoundTripper
	mu   sync.Mutex
	none map[string]bool
}

func newLaxBrowser(t *testing.T) *http.Client {
	b := rig.Browser(t)
	b.Transport = &laxBrowser{next: b.Transport, none: map[string]bool{}}
	return b
}

func (l *laxBrowser) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		r = r.Clone(r.Context())
		cookies := r.Cookies()
		r.Header.Del("Cookie")
		l.mu.Lock()
		for _, c := range cookies {
			if l.none[c.Name] {
				r.AddCookie(c)
			}
		}
		l.mu.Unlock()
	}
	resp, err := l.next.RoundTrip(r)
	if err == nil {
		l.mu.Lock()
		for _, c := range resp.Cookies() {
			l.none[c.Name] = c.SameSite == http.SameSiteNoneMode
		}
		l.mu.Unlock()
	}
	return resp, err
}

// modes are how a provider answers a silent renewal.
var modes = map[string]func(*provider.OIDC){
	"query":     func(*provider.OIDC) {},
	"form_post": func(o *provider.OIDC) { o.FormPost = true },
	"hybrid":    func(o *provider.OIDC) { o.ResponseType = "code id_token" },
	"id_token":  func(o *provider.OIDC) { o.ResponseType = "id_token" },
}

// everyRenewal runs a test with every mode and place of sessions.
func everyRenewal(t *testing.T, test func(t *testing.T, app *rig.App, b *http.Client),
	change ...func(*rig.Setup)) {
	for mode, answers := range modes {
		for place, keep := range rig.KeptIn {
			t.Run(mode+", "+place, func(t *testing.T) {
				all := append([]func(*rig.Setup){keep, rig.Revalidate(10 * time.Minute),
					func(s *rig.Setup) {
						answers(s.OIDC)
						s.Config.Session.Lifetime, s.Config.Session.Idle = 50*time.Minute,
							50*time.Minute
					}}, change...)
				app := rig.New(t, all...)
				rig.ValuesPage(app)
				app.Mux.Handle("/save", app.Auth.RequireAuth(rig.PutValue(app, "cart", "7 pears")))
				app.Mux.Handle("/more", rig.PutValue(app, "more", "1"))
				test(t, app, newLaxBrowser(t))
			})
		}
	}
}

// When something happens while a session is renewed.
const (
	atProvider = "while the browser is at the provider"
	atCallback = "while the callback is on its way"
	atExchange = "while the code is redeemed"
)

// during does something once in the middle of a renewal, at the given time, in the browser that has
// asked: in another tab.
func during(app *rig.App, when string, do func()) {
	var once sync.Once
	switch when {
	case atCallback:
		next := app.Server.Config.Handler
		app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/auth/callback/") && r.Method == "GET" ||
				strings.HasPrefix(r.URL.Path, "/auth/renew/") {
				once.Do(do)
			}
			next.ServeHTTP(w, r)
		})
	default:
		endpoint := map[string]string{atProvider: "authorize", atExchange: "token"}[when]
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(e string, _ http.ResponseWriter, _ *http.Request) bool {
				if e == endpoint {
					once.Do(do)
				}
				return false
			}
		})
	}
}

// opens visits a page as a person would, through the provider and back, and returns what it says.
func opens(t *testing.T, app *rig.App, b *http.Client, path string) string {
	t.Helper()
	return authtest.Body(t, app.SignIn(t, b, "alice", path))
}

func rounds(app *rig.App) (n int) {
	for _, r := range app.OP.Requests("authorize") {
		if r.Query.Get("prompt") == "none" {
			n++
		}
	}
	return n
}

// F13: a renewal is no login: the session goes on, with its values, and ends when it would have
// ended. No record stays behind.
func TestRenewal_F13_GoesOn(t *testing.T) {
	everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
		var seen []*session.Session
		app.Mux.Handle("/look",
			app.Auth.RequireAuth(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s, _ := session.FromContext(r.Context())
				seen = append(seen, s.Clone())
			})))
		app.SignIn(t, b, "alice", "/look")
		app.Get(t, b, "/save")
		for i := range 4 {
			app.Clock.Advance(11 * time.Minute)
			opens(t, app, b, "/look")
			if got := opens(t, app, b, "/values"); got != "map[cart:7 pears]" ||
				rounds(app) != i+1 {
				t.Fatalf("values %s after %d rounds, want %d\n%s", got, rounds(app), i+1, app.Log())
			}
		}
		first, last := seen[0], seen[len(seen)-1]
		if last.ID != first.ID || !last.Expires.Equal(first.Expires) ||
			!last.Created.Equal(first.Created) {
			t.Errorf("another session: ends at %v instead of %v", last.Expires, first.Expires)
		}
		if entries, err := app.Auth.Sessions.List(t.Context(), last); err == nil &&
			len(entries) != 1 {
			t.Errorf("%d sessions", len(entries))
		}
		if !app.Happened("session", "renewed") && !app.Happened("login", "renewed") {
			t.Errorf("events %v", app.Outcomes())
		}
		app.Clock.Advance(7 * time.Minute) // more than the lifetime in all
		if who := app.Visit(t, b, "/"); who != "anonymous" {
			t.Errorf("after the lifetime: %s", who)
		}
	})
}

// F13: a sign-out meanwhile wins, whenever it comes.
func TestRenewal_F13_SignOutMeanwhile(t *testing.T) {
	for _, when := range []string{atProvider, atCallback, atExchange} {
		t.Run(when, func(t *testing.T) {
			everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
				if when == atExchange && app.OIDC.ResponseType == "id_token" {
					return // there is no code
				}
				app.SignIn(t, b, "alice", "/me")
				app.Clock.Advance(11 * time.Minute)
				during(app, when, func() { app.Post(t, b, "/auth/logout", nil) })
				for range 2 {
					if who := opens(t, app, b, "/public/"); rounds(app) != 1 || who != "anonymous" {
						t.Errorf("%d rounds, then %s", rounds(app), who)
					}
				}
			})
		})
	}
}

// F13: what another tab saves meanwhile stays.
func TestRenewal_F13_SaveMeanwhile(t *testing.T) {
	for _, when := range []string{atProvider, atExchange} {
		t.Run(when, func(t *testing.T) {
			everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
				if when == atExchange && app.OIDC.ResponseType == "id_token" {
					return
				}
				g := rig.NewGate(t)
				rig.SlowPage(app, "/slow", g, rig.PutValue(app, "cart", "7 pears"))
				app.SignIn(t, b, "alice", "/me")
				app.Clock.Advance(9 * time.Minute)
				// a handler that began before the round was due
				deliver := rig.BeginRequest(t, app, b, "/slow")
				<-g.Reached
				app.Clock.Advance(2 * time.Minute)
				during(app, when, func() {
					g.Open()
					if resp := deliver(); resp.StatusCode != 200 {
						t.Errorf("saving: status %d", resp.StatusCode)
					}
				})
				if got := opens(t, app, b, "/values"); got != "map[cart:7 pears]" {
					t.Errorf("values %s", got)
				}
				if got := opens(t, app, b, "/values"); got != "map[cart:7 pears]" ||
					rounds(app) != 1 {
					t.Errorf("values %s after %d rounds", got, rounds(app))
				}
			})
		})
	}
}

// F13: another user at the provider does not take the session over.
func TestRenewal_F13_AnotherUser(t *testing.T) {
	everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
		app.SignIn(t, b, "alice", "/me")
		app.Get(t, b, "/save")
		alice := app.SessionCookies(b)
		rig.ForgetProvider(app, b)
		app.Clock.Advance(11 * time.Minute)
		signInAtProvider(t, app, b, "bob")
		if who := opens(t, app, b, "/public/"); who != "anonymous" {
			t.Errorf("signed in as %s", who)
		}
		if who := app.Visit(t, b, "/"); who != "anonymous" {
			t.Errorf("afterwards signed in as %s", who)
		}
		app.SetCookies(b, alice...)
		if got := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors").StatusCode; got != 401 {
			t.Errorf("the session lives on: status %d", got)
		}
	})
}

// signInAtProvider signs in at the provider alone.
func signInAtProvider(t *testing.T, app *rig.App, b *http.Client, username string) {
	t.Helper()
	query := url.Values{
		"client_id": {app.OIDC.ClientID}, "response_type": {"code"},
		"scope": {"openid profile email"}, "state": {"x"}, "nonce": {"y"},
		"redirect_uri":   {app.URL + "/auth/callback/op"},
		"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"},
	}
	stop := *b
	stop.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), app.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp := authtest.SignIn(t, &stop, app.OP.Issuer()+"/authorize?"+query.Encode(), username)
	if !strings.Contains(resp.Header.Get("Location"), "code=") {
		t.Fatalf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
}

// F13: a round touches no session but the one that it renews: not when it succeeds, nor when the
// provider says no.
func TestRenewal_F13_AnotherSession(t *testing.T) {
	for _, refused := range []bool{false, true} {
		for _, when := range []string{atProvider, atCallback} {
			t.Run(fmt.Sprint(when, ", refused: ", refused), func(t *testing.T) {
				everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
					app.SignIn(t, b, "alice", "/me")
					app.Get(t, b, "/save")
					app.Clock.Advance(11 * time.Minute)
					bob := newLaxBrowser(t)
					app.SignIn(t, bob, "bob", "/me")
					if refused {
						app.OP.Misbehave(func(f *authtest.Faults) {
							f.Callback = func(q url.Values) {
								if q.Get("state") != "" {
									q.Del("code")
									q.Del("id_token")
									q.Set("error", "login_required")
								}
							}
						})
					}
					during(app, when, func() { // alice's tab gets bob's session
						app.SetCookies(b, app.SessionCookies(bob)...)
					})
					who := ""
					for range 2 {
						who = authtest.Body(t, app.SignIn(t, b, "bob", "/public/"))
					}
					// The callback that was under way has alice's cookie: it is about her session.
					if when == atProvider && who != app.Is("bob") {
						t.Errorf("signed in as %s, want bob", who)
					}
					if got := app.Visit(t, bob, "/values"); got != "map[]" {
						t.Errorf("bob's values %s", got)
					}
				})
			})
		}
	}
}

// F13: tenants. A round of one does not carry values into the session of another.
func TestRenewal_F13_Tenants(t *testing.T) {
	tn := &rig.Tenancy{Providers: provider.Set{"none": nil}}
	app := rig.New(t, rig.Revalidate(10*time.Minute), func(s *rig.Setup) {
		s.Config.Tenants.Find = tn.Find
		s.Second = true
	})
	rig.ValuesPage(app)
	app.Mux.Handle("/save", app.Auth.RequireAuth(rig.PutValue(app, "secret of acme", "x")))
	acme, ajax := app.OP.OIDC(), app.OP2.OIDC()
	tn.Set("acme", acme)
	tn.Set("ajax", ajax)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/auth/login/acme?return_to=/me")
	app.Get(t, b, "/save")
	app.Clock.Advance(11 * time.Minute)
	during(app, atProvider, func() {
		other := rig.Browser(t)
		app.SignIn(t, other, "alice", "/auth/login/ajax?return_to=/me")
		app.SetCookies(b, app.SessionCookies(other)...)
	})
	if got := app.Visit(t, b, "/values"); strings.Contains(got, "acme") {
		t.Errorf("values %s", got)
	}
	if who := app.Visit(t, b, "/"); !strings.HasPrefix(who, "ajax ") {
		t.Errorf("signed in as %s", who)
	}
}

// F13: while the store is down nothing changes, and the same callback works afterwards.
func TestRenewal_F13_StoreDown(t *testing.T) {
	for mode, answers := range modes {
		t.Run(mode, func(t *testing.T) {
			store := &rig.FlakyBackend{}
			app := rig.New(t, rig.Revalidate(10*time.Minute), func(s *rig.Setup) {
				answers(s.OIDC)
				store.Backend = session.NewMemoryBackend(session.MemoryLimits{},
					s.Config.Session.Now)
				s.Config.Session.Store = session.NewServerStore(store)
			})
			rig.ValuesPage(app)
			app.Mux.Handle("/save", app.Auth.RequireAuth(rig.PutValue(app, "cart", "7 pears")))
			b := newLaxBrowser(t)
			app.SignIn(t, b, "alice", "/me")
			app.Get(t, b, "/save")
			app.Clock.Advance(11 * time.Minute)
			during(app, atProvider, func() { store.Down.Store(true) })
			resp := app.SignIn(t, b, "alice", "/values")
			if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" ||
				!strings.HasPrefix(resp.Request.URL.Path, "/auth/") {
				t.Errorf("status %d at %s", resp.StatusCode, resp.Request.URL)
			}
			tokens := app.OP.Count("token")
			store.Down.Store(false)
			if got := opens(t, app, b, "/values"); got != "map[cart:7 pears]" {
				t.Errorf("values %s", got)
			}
			if mode == "query" && tokens != 1 {
				t.Errorf("%d codes were redeemed while the store was down, want none", tokens-1)
			}
		})
	}
}

// F13: hooks can tell a renewal from a login; it changes no values, and ends a session only by a
// refusal.
func TestRenewal_F13_LoginHook(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		ends bool
	}{
		"nothing":       {nil, false},
		"refused":       {fmt.Errorf("banned: %w", sallyport.ErrRefused), true},
		"own words":     {&problem.Error{Status: 403, Code: "banned", Title: "Banned"}, true},
		"database down": {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			type counts struct{ logins, renewals atomic.Int32 }
			var seen sync.Map // counts by provider, which each application has its own of
			everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
				found, _ := seen.Load(app.OP)
				n := found.(*counts)
				app.SignIn(t, b, "alice", "/me")
				app.Get(t, b, "/save")
				app.Clock.Advance(11 * time.Minute)
				app.OP.SetClaims("alice", map[string]any{"name": "Alice the Second"})
				got := opens(t, app, b, "/public/")
				if row.ends != (got == "anonymous") {
					t.Errorf("%s\n%s", got, app.Log())
				}
				if n.logins.Load() != 1 || n.renewals.Load() != 1 {
					t.Errorf("%d logins, %d renewals", n.logins.Load(), n.renewals.Load())
				}
				if !row.ends && opens(t, app, b, "/values") != "map[cart:7 pears]" {
					t.Errorf("values %s", opens(t, app, b, "/values"))
				}
				if admin := app.Get(t, b, "/admin").StatusCode; !row.ends && admin != 200 {
					t.Errorf("the role of the hook is gone: status %d", admin)
				}
			}, func(s *rig.Setup) {
				n := &counts{}
				seen.Store(s.OP, n)
				s.Config.Hooks.Login = func(r *http.Request, s *handlers.Login) error {
					s.Values = map[string]string{"cart": "empty"}
					s.User.Roles = []string{"admin"}
					old := s.Renews
					if old == nil {
						n.logins.Add(1)
						return nil
					}
					if n.renewals.Add(1); old.User.Subject != s.User.Subject ||
						old.Values["cart"] != "7 pears" {
						t.Errorf("it renews the session of %v", old)
					}
					return row.err
				}
			})
		})
	}
}

// F13: a provider that says no ends the session.
func TestRenewal_F13_Refused(t *testing.T) {
	for _, code := range []string{"login_required", "interaction_required", "consent_required",
		"access_denied"} {
		t.Run(code, func(t *testing.T) {
			everyRenewal(t, func(t *testing.T, app *rig.App, b *http.Client) {
				app.SignIn(t, b, "alice", "/me")
				cookies := app.SessionCookies(b)
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.Callback = func(q url.Values) {
						q.Del("code")
						q.Del("id_token")
						q.Set("error", code)
					}
				})
				app.Clock.Advance(11 * time.Minute)
				if got := opens(t, app, b, "/public/x?y=1"); got != "anonymous" {
					t.Errorf("the page says %s", got)
				}
				app.SetCookies(b, cookies...)
				app.OP.Behave()
				if got := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors").StatusCode; got != 401 {
					t.Errorf("the session lives on: status %d", got)
				}
			})
		})
	}
}

// F13: an answer by POST that does not fit into cookies renews nothing and loses nothing.
func TestRenewal_F13_AnswerTooLarge(t *testing.T) {
	for size, fits := range map[int]bool{5_000: true, 40_000: false} {
		app := rig.New(t, rig.Revalidate(10*time.Minute), func(s *rig.Setup) {
			modes["id_token"](s.OIDC)
			rig.KeptIn["store"](s)
		})
		b := newLaxBrowser(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["blob"] = strings.Repeat("x", size/2) }
		})
		app.SignIn(t, b, "alice", "/me")
		app.Clock.Advance(11 * time.Minute)
		before := app.SessionCookies(b)
		resp := app.SignIn(t, b, "alice", "/me")
		if fits != (resp.StatusCode == 200) {
			t.Errorf("%d bytes: status %d", size, resp.StatusCode)
		}
		if !fits && app.SessionCookies(b)[0].Value != before[0].Value {
			t.Errorf("%d bytes: the session is lost", size)
		}
	}
}

// F13: a browser that does not take the renewed session is not led in circles. The page is served
// by another process, which does not know of the renewal.
func TestRenewal_F13_NoLoop(t *testing.T) {
	app := rig.New(t, rig.Revalidate(10*time.Minute))
	routes := app.Server.Config.Handler
	pages := app.Again(t, func(*session.Config) {})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	old := app.SessionCookies(b)[0]
	app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/auth/") {
			routes.ServeHTTP(w, r)
			return
		}
		var sent []string
		for _, c := range r.Cookies() {
			if c.Name == old.Name {
				c.Value = old.Value
			}
			sent = append(sent, c.Name+"="+c.Value)
		}
		r.Header.Set("Cookie", strings.Join(sent, "; "))
		pages.ServeHTTP(w, r)
	})
	app.Clock.Advance(11 * time.Minute)
	if resp := authtest.Open(t, b, app.URL+"/me"); resp.StatusCode != 200 || rounds(app) != 2 {
		t.Errorf("status %d after %d rounds", resp.StatusCode, rounds(app))
	}
}

// F18, R88: a login by form_post ends the session that the browser had before, although the browser
// does not send it along.
func TestLogin_F18_FormPostEndsThePreviousSession(t *testing.T) {
	for mode, answers := range modes {
		for place, keep := range map[string]func(*rig.Setup){
			"cookies": rig.KeptIn["cookies"], "store": rig.KeptIn["store"],
			"revocations": func(s *rig.Setup) {
				s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
			},
			"gorilla": func(s *rig.Setup) {
				s.Config.Session.Store = sessions.NewFilesystemStore(t.TempDir(),
					[]byte(rig.Secret))
			},
		} {
			t.Run(mode+", "+place, func(t *testing.T) {
				app := rig.New(t, keep, func(s *rig.Setup) { answers(s.OIDC) })
				b, copied := newLaxBrowser(t), rig.Browser(t)
				app.SignIn(t, b, "alice", "/me")
				app.SetCookies(copied, app.SessionCookies(b)...)
				if got := app.Get(t, copied, "/me").StatusCode; got != 200 {
					t.Fatalf("before: status %d", got)
				}
				app.SignIn(t, b, "alice", "/auth/login/op?return_to=/me")
				if got := app.Get(t, b, "/me").StatusCode; got != 200 {
					t.Errorf("after: status %d\n%s", got, app.Log())
				}
				if got := app.Get(t, copied, "/me").StatusCode; got != 302 {
					t.Errorf("the session of before: status %d", got)
				}
			})
		}
	}
}
