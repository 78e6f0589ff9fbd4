package middleware_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// demand makes the API behind /call answer 401, each time with the challenge that next returns.
func demand(app *rig.App, next func() string) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, w http.ResponseWriter, _ *http.Request) bool {
			if e == "userinfo" {
				if challenge := next(); challenge != "" {
					w.Header().Set("WWW-Authenticate", challenge)
				}
				w.WriteHeader(http.StatusUnauthorized)
			}
			return e == "userinfo"
		}
	})
}

// wantsSignIn is the challenge of RFC 9470, and wantsScope that of RFC 6750 section 3.1.
const wantsSignIn = `Bearer error="insufficient_user_authentication"`

func wantsScope(scopes string) string {
	return fmt.Sprintf(`Bearer error="insufficient_scope", scope=%q`, scopes)
}

// F9: an API that answers 401 to everything causes one refresh a minute, whatever the user does.
func TestDemanding_F9_OneRefreshPerMinute(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.NewCalling(t, keep)
		demand(app, func() string { return `Bearer error="invalid_token"` })
		b, other := rig.Browser(t), rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		app.SignIn(t, other, "bob", "/me")
		for minute := range 3 {
			for range 5 {
				if got := app.Get(t, b, "/call").StatusCode; got != http.StatusUnauthorized {
					t.Fatalf("status %d, want the API's own", got)
				}
				app.Clock.Advance(11 * time.Second)
			}
			if got := rig.Refreshes(app); got != minute+1 {
				t.Errorf("minute %d: %d refreshes", minute+1, got)
			}
			app.Clock.Advance(5 * time.Second)
		}
		before := rig.Refreshes(app)
		app.Get(t, other, "/call") // another session has a minute of its own
		if rig.Refreshes(app) != before+1 {
			t.Errorf("another session: %d refreshes, want %d", rig.Refreshes(app), before+1)
		}
		if who := app.Visit(t, b, "/"); who != app.Is("alice") {
			t.Errorf("signed in as %s", who)
		}
	})
}

// F9: also when the refresh fails, or brings the same token again.
func TestDemanding_F9_RefreshWithoutANewToken(t *testing.T) {
	for name, answer := range map[string]func(first map[string]any, a map[string]any){
		"same tokens": func(first, a map[string]any) { maps.Copy(a, first) },
		"same access token": func(first, a map[string]any) {
			a["access_token"] = first["access_token"]
		},
		"no access token":    func(_, a map[string]any) { delete(a, "access_token") },
		"other access token": func(_, _ map[string]any) {},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.NewCalling(t)
			demand(app, func() string { return "" })
			var first map[string]any
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.TokenResponse = func(a map[string]any) {
					if first == nil {
						first = map[string]any{"access_token": a["access_token"],
							"refresh_token": a["refresh_token"]}
						return
					}
					answer(first, a)
				}
			})
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			for range 8 {
				if got := app.Get(t, b, "/call").StatusCode; got != http.StatusUnauthorized {
					t.Errorf("status %d, want the API's own", got)
				}
				app.Clock.Advance(7 * time.Second)
			}
			if got := rig.Refreshes(app); got != 1 {
				t.Errorf("%d refreshes within a minute", got)
			}
		})
	}
}

// F9: calls at the same time share the refresh, and all of them are repeated with the new token.
func TestDemanding_F9_CallsAtTheSameTime(t *testing.T) {
	app := rig.NewCalling(t)
	var mu sync.Mutex
	rejected, accepted := "", 0
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			if e != "userinfo" {
				return false
			}
			if rejected == "" {
				rejected = r.Header.Get("Authorization")
			}
			if r.Header.Get("Authorization") == rejected {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			accepted++
			return false
		}
	})
	many := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				resp, err := client.Get(app.OP.Issuer() + "/userinfo")
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
		wg.Wait()
	})
	app.Mux.Handle("/many", app.Auth.RequireAuth(many))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Get(t, b, "/many")
	if got := rig.Refreshes(app); got != 1 || accepted != 10 {
		t.Errorf("%d refreshes, %d of 10 calls accepted", got, accepted)
	}
}

// F9: an API does not choose the scopes that the user is asked for.
func TestDemanding_F9_ListedScopesOnly(t *testing.T) {
	for _, row := range []struct{ wanted, asked string }{
		{"admin", ""},
		{"admin Calendar calendar.write", ""},
		{"calendar", "openid profile email offline_access calendar"},
		{"admin calendar email", "openid profile email offline_access calendar"},
		{"email", "openid profile email offline_access"},
	} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			t.Run(fmt.Sprint(row.wanted, " ", status), func(t *testing.T) {
				app := rig.NewCalling(t)
				scoped(app, "/calendar", "calendar")
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.Handler = func(e string, w http.ResponseWriter, _ *http.Request) bool {
						if e == "userinfo" {
							w.Header().Set("WWW-Authenticate", wantsScope(row.wanted))
							w.WriteHeader(status)
						}
						return e == "userinfo"
					}
				})
				b := rig.Browser(t)
				app.SignIn(t, b, "alice", "/me")
				page := app.Get(t, b, "/call")
				if row.asked == "" {
					leads := page.Header.Get("Location")
					if page.StatusCode != status || leads != "" {
						t.Errorf("status %d, Location %q, want the API's own answer",
							page.StatusCode, leads)
					}
					return
				}
				if got := rig.Location(t, page).Query().Get("scope"); got != row.asked {
					t.Errorf("asks for %q, want %q", got, row.asked)
				}
				script := app.Get(t, b, "/call", "Sec-Fetch-Mode", "cors")
				if got := script.Header.Get("WWW-Authenticate"); strings.Contains(got, "admin") {
					t.Errorf("a script is told %s", got)
				}
			})
		}
	}
}

// F9: nor does it fill the authorization request.
func TestDemanding_F9_ACRValuesAreBounded(t *testing.T) {
	app := rig.NewCalling(t)
	acr := "gold b\u00e4d " + strings.Repeat("x ", 20)
	demand(app, func() string { return wantsSignIn + `, acr_values="` + acr + `"` })
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	got := rig.Location(t, app.Get(t, b, "/call")).Query().Get("acr_values")
	if want := "gold" + strings.Repeat(" x", 9); got != want {
		t.Errorf("acr_values %q, want %q", got, want)
	}
}

// F9: an API that is never content gets two step-ups per page. Then the user sees a page.
func TestDemanding_F9_TwoStepUpsPerPage(t *testing.T) {
	for name, next := range map[string]func(n int) string{
		"the same recent sign-in": func(int) string { return wantsSignIn + `, max_age="0"` },
		"another max_age": func(n int) string {
			return fmt.Sprintf(`%s, max_age="%d"`, wantsSignIn, 100+n)
		},
		"nothing in particular": func(int) string { return wantsSignIn },
		"a granted scope":       func(int) string { return wantsScope("email") },
		"scopes and ages in turn": func(n int) string {
			return []string{wantsScope("email"), wantsSignIn + `, max_age="60"`}[n%2]
		},
	} {
		for _, path := range []string{"/call", "/"} {
			t.Run(name+" at "+path, func(t *testing.T) {
				app := rig.NewCalling(t)
				if path == "/" {
					app.Server.Config.Handler = app.Auth.Handler(
						app.Auth.RequireAuth(rig.APIPage(app)))
				}
				n := 0
				demand(app, func() string { n++; return next(n) })
				b := rig.Browser(t)
				app.SignIn(t, b, "alice", "/auth/login?return_to=/me")
				for again := range 2 {
					before := app.OP.Count("authorize")
					page := app.SignIn(t, b, "alice", path)
					body := authtest.Body(t, page)
					told := app.Happened("login", "insufficient_authentication") &&
						strings.Contains(body, "/auth/login")
					if page.StatusCode != http.StatusForbidden || !told {
						t.Errorf("try %d ended with status %d: %s", again+1, page.StatusCode, body)
					}
					if got := app.OP.Count("authorize") - before; got != 2 {
						t.Errorf("try %d: %d authorization requests", again+1, got)
					}
				}
			})
		}
	}
}

// F9: a page that asks for two things in turn gets both.
func TestDemanding_F9_TwoDifferentStepUps(t *testing.T) {
	app := rig.NewCalling(t)
	twice := app.Auth.RequireScope("calendar")(http.HandlerFunc(app.Guarded))
	app.Mux.Handle("/twice", app.Auth.RequireRecent(time.Minute)(twice))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(10 * time.Minute)
	if resp := app.SignIn(t, b, "alice", "/twice"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
}
