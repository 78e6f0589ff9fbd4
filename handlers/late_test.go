package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

const deep = "/me/deep?x=1&y=a%2Fb"

// offers checks that a page offers a login that leads to deep, and leads nowhere by itself.
func offers(t *testing.T, resp *http.Response) {
	t.Helper()
	link := `href="/auth/login/op?return_to=` + url.QueryEscape(deep) + `"`
	if resp.StatusCode < 400 || resp.StatusCode > 499 || resp.Header.Get("Location") != "" ||
		!strings.Contains(authtest.Body(t, resp), link) {
		t.Errorf("status %d, Location %q, no link to a login that keeps the address:\n%s",
			resp.StatusCode, resp.Header.Get("Location"), authtest.Body(t, resp))
	}
}

// leadsTo checks that a response redirects to an address of the application.
func leadsTo(t *testing.T, resp *http.Response, want string) {
	t.Helper()
	if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != want {
		t.Errorf("status %d, Location %q; want 303 and %q\n%s", resp.StatusCode, got, want,
			authtest.Body(t, resp))
	}
}

// restarted checks that a response leads to the provider with a new state, and returns the address.
func restarted(t *testing.T, app *rig.App, resp *http.Response, old string) *url.URL {
	t.Helper()
	u, err := resp.Location()
	if err != nil || !strings.HasPrefix(u.String(), app.OP.Issuer()) ||
		u.Query().Get("state") == old {
		t.Fatalf("status %d, Location %v: the login has not been started again\n%s",
			resp.StatusCode, u, authtest.Body(t, resp))
	}
	return u
}

const deepLogin = "/auth/login?return_to=%2Fme%2Fdeep%3Fx%3D1%26y%3Da%252Fb"

// dropCookies removes the cookies whose names contain a word, as browsers do at Max-Age.
func dropCookies(app *rig.App, b *http.Client, word string) {
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Name, word) {
			dropCookie(app, b, c.Name)
		}
	}
}

func dropCookie(app *rig.App, b *http.Client, name string) {
	u, _ := url.Parse(app.URL + "/")
	b.Jar.SetCookies(u, []*http.Cookie{{Name: name, Path: "/", MaxAge: -1, Secure: true}})
}

// dropSession removes the session's cookies alone.
func dropSession(app *rig.App, b *http.Client) {
	for _, c := range app.SessionCookies(b) {
		dropCookie(app, b, c.Name)
	}
}

// F38: the back button, a reload, a restored tab.
func TestLate_F38_CallbackAgain(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", deepLogin).String()
	leadsTo(t, app.Get(t, b, callback), deep)
	who := app.Visit(t, b, "/")
	for range 3 {
		leadsTo(t, app.Get(t, b, callback), deep)
	}
	app.Clock.Advance(10 * time.Minute)
	leadsTo(t, app.Get(t, b, callback), deep)
	app.Clock.Advance(time.Hour) // the address is forgotten
	leadsTo(t, app.Get(t, b, callback), "/")
	dropCookies(app, b, "-rounds")
	leadsTo(t, app.Get(t, b, callback), "/")
	if n := app.OP.Count("token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
	if got := app.Visit(t, b, "/"); got != who || who != app.Is("alice") {
		t.Errorf("signed in as %s, was %s", got, who)
	}
}

// F38: in two tabs, in any order.
func TestLate_F38_CallbackAgainInTwoTabs(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	first := app.Callback(t, b, "alice", "/auth/login?return_to=/me/1").String()
	second := app.Callback(t, b, "alice", "/auth/login?return_to=/me/2").String()
	for range 2 {
		leadsTo(t, app.Get(t, b, second), "/me/2")
		leadsTo(t, app.Get(t, b, first), "/me/1")
	}
}

// F38: who has signed out since gets a page.
func TestLate_F38_CallbackAgainAfterSignOut(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", deepLogin).String()
	app.Get(t, b, callback)
	app.Post(t, b, "/auth/logout", nil)
	resp := app.Get(t, b, callback)
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusBadRequest ||
		!strings.Contains(body, `href="/auth/login/op"`) {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
	if !strings.Contains(app.Log(), "already finished") {
		t.Errorf("the log does not say why: %s", app.Log())
	}
}

// F38: without the session's cookie the page keeps the address. An attempt that failed keeps it
// too.
func TestLate_F38_FailuresKeepTheAddress(t *testing.T) {
	t.Run("session gone", func(t *testing.T) {
		app := rig.New(t)
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", deepLogin).String()
		app.Get(t, b, callback)
		dropSession(app, b)
		offers(t, app.Get(t, b, callback))
	})
	t.Run("denied", func(t *testing.T) {
		app := rig.New(t)
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", deepLogin)
		query := url.Values{"state": callback.Query()["state"], "iss": callback.Query()["iss"],
			"error": {"access_denied"}}
		for range 2 {
			offers(t, app.Get(t, b, "/auth/callback/op?"+query.Encode()))
		}
	})
	t.Run("invalid token", func(t *testing.T) {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { delete(c, "nonce") }
		})
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", deepLogin).String()
		for range 2 {
			offers(t, app.Get(t, b, callback))
		}
	})
	t.Run("unreadable query", func(t *testing.T) {
		app := rig.New(t)
		b := rig.Browser(t)
		offers(t, app.Get(t, b, app.Callback(t, b, "alice", deepLogin).String()+"&x=%zz"))
	})
	t.Run("flow cookie lost", func(t *testing.T) {
		app := rig.New(t)
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", deepLogin).String()
		dropCookies(app, b, "-flow-")
		offers(t, app.Get(t, b, callback))
	})
}

// F38: a callback of another browser is never taken for a repeated one, with or without a session.
func TestLate_F38_ForeignCallback(t *testing.T) {
	app := rig.New(t)
	victim, attacker := rig.SignedIn(t, app, "alice", "/me"), rig.Browser(t)
	stolen := app.Callback(t, attacker, "bob", deepLogin).String()
	for range 2 {
		if resp := app.Get(t, victim, stolen); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("status %d, want 400", resp.StatusCode)
		}
	}
	app.Get(t, attacker, stolen) // now it is a used one
	if resp := app.Get(t, victim, stolen); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("after its use: status %d, want 400", resp.StatusCode)
	}
	app.Clock.Advance(20 * time.Minute) // now its owner is unknown
	leadsTo(t, app.Get(t, victim, stolen), "/")
	if who := app.Visit(t, victim, "/"); who != app.Is("alice") || app.OP.Count("token") != 2 {
		t.Errorf("signed in as %s, %d token requests", who, app.OP.Count("token"))
	}
}

// F38: by form_post, where browsers keep the session's cookie at home.
func TestLate_F38_FormPost(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": rig.FormPost{OIDC: s.OIDC}}
	})
	b := rig.Browser(t)
	form := app.Callback(t, b, "alice", deepLogin).Query()
	post := func() *http.Response {
		return app.Do(t, b, "POST", "/auth/callback/op", form, "Content-Type",
			"application/x-www-form-urlencoded", "Origin", app.OP.Issuer(), "Sec-Fetch-Site",
			"cross-site")
	}
	leadsTo(t, post(), deep)
	dropSession(app, b)
	leadsTo(t, post(), deep)
	if n := app.OP.Count("token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// F31: a login that took too long is started again, once, and ends where it should.
func TestLate_F31_ExpiredFlow(t *testing.T) {
	for name, lost := range map[string]string{"cookies kept": "no cookie",
		"flow gone at Max-Age": "-flow-"} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", deepLogin)
			app.Clock.Advance(20 * time.Minute)
			dropCookies(app, b, lost)
			again := restarted(t, app, app.Get(t, b, callback.String()),
				callback.Query().Get("state"))
			if app.OP.Count("token") != 0 {
				t.Error("the code of the expired login was redeemed")
			}
			second := app.Authorize(t, b, again, "alice")
			leadsTo(t, app.Get(t, b, second.String()), deep)
			if !app.Happened("login", "login_restarted") ||
				!strings.Contains(app.Log(), "expired 5m0s ago") {
				t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
			}
		})
	}
}

// F31: also for a user who is signed in: the login was not finished, and may be for another
// account.
func TestLate_F31_ExpiredFlowOfSignedInUser(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	callback := app.Callback(t, b, "alice", deepLogin)
	app.Clock.Advance(20 * time.Minute)
	restarted(t, app, app.Get(t, b, callback.String()), callback.Query().Get("state"))
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// F31: by form_post too, unless it comes from a script.
func TestLate_F31_ExpiredFormPost(t *testing.T) {
	for mode, again := range map[string]bool{"navigate": true, "": true, "cors": false,
		"no-cors": false} {
		app := rig.New(t, func(s *rig.Setup) {
			s.Config.Providers = provider.Set{"op": rig.FormPost{OIDC: s.OIDC}}
		})
		b := rig.Browser(t)
		form := app.Callback(t, b, "alice", deepLogin).Query()
		app.Clock.Advance(20 * time.Minute)
		resp := app.Do(t, b, "POST", "/auth/callback/op", form, "Content-Type",
			"application/x-www-form-urlencoded", "Sec-Fetch-Mode", mode)
		if got := resp.StatusCode == http.StatusSeeOther; got != again {
			t.Errorf("Sec-Fetch-Mode %q: status %d, Location %q", mode, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
}

// F31: only once, whatever the browser keeps: the number of the attempt is in the state.
func TestLate_F31_OnlyOnce(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", deepLogin)
	app.Clock.Advance(20 * time.Minute)
	again := restarted(t, app, app.Get(t, b, callback.String()), callback.Query().Get("state"))
	app.Clock.Advance(20 * time.Minute)
	late := url.Values{"code": {"c"}, "iss": {app.OP.Issuer()}, "state": again.Query()["state"]}
	offers(t, app.Get(t, b, "/auth/callback/op?"+late.Encode()))
	bare := &http.Client{Transport: b.Transport}
	if resp := app.Get(t, bare, "/auth/callback/op?"+
		late.Encode()); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("without cookies: status %d, want 400", resp.StatusCode)
	}
}

// F31: what is not restarted.
func TestLate_F31_NotRestarted(t *testing.T) {
	script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	for name, c := range map[string]struct {
		change  func(url.Values)
		headers []string
	}{
		"a script": {func(url.Values) {}, script},
		"an image": {func(url.Values) {}, []string{"Sec-Fetch-Mode", "no-cors",
			"Sec-Fetch-Dest", "image"}},
		"a frame": {func(url.Values) {}, []string{"Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "iframe"}},
		"a prefetch": {func(url.Values) {}, []string{"Sec-Purpose", "prefetch"}},
		"not HTML": {func(url.Values) {}, []string{"Sec-Fetch-Mode", "", "Accept",
			"*/*"}},
		"the user canceled": {func(q url.Values) {
			q.Del("code")
			q.Set("error", "access_denied")
		}, nil},
		"a forged state": {func(q url.Values) {
			q.Set("state", strings.Repeat("A", len(q.Get("state"))))
		}, nil},
		"state changed": {func(q url.Values) { q.Set("state", "B"+q.Get("state")[1:]) }, nil},
		"no state":      {func(q url.Values) { q.Del("state") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", deepLogin)
			app.Clock.Advance(20 * time.Minute)
			query := callback.Query()
			c.change(query)
			resp := app.Get(t, b, "/auth/callback/op?"+query.Encode(), c.headers...)
			if resp.StatusCode != http.StatusBadRequest &&
				resp.StatusCode != http.StatusForbidden || resp.Header.Get("Location") != "" {
				t.Errorf("status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
			}
		})
	}
}

// F31: a user who has canceled at a provider of OAuth 1.0a is not asked again.
func TestLate_F31_OAuth1(t *testing.T) {
	for _, canceled := range []bool{false, true} {
		app := rig.New(t, rig.OAuth1())
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", deepLogin)
		app.Clock.Advance(20 * time.Minute)
		query := callback.Query()
		if canceled {
			query.Del("oauth_verifier")
			query.Set("denied", query.Get("oauth_token"))
		}
		resp := app.Get(t, b, "/auth/callback/op?"+query.Encode())
		if got := resp.StatusCode == http.StatusSeeOther; got == canceled {
			t.Errorf("canceled %v: status %d", canceled, resp.StatusCode)
		}
	}
}

// F31: another provider's callback proves nothing.
func TestLate_F31_StateOfAnotherProvider(t *testing.T) {
	app := rig.New(t, rig.Second)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op?return_to=/me")
	app.Clock.Advance(20 * time.Minute)
	resp := app.Get(t, b, strings.Replace(callback.String(), "/callback/op?", "/callback/op2?", 1))
	if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Location") != "" {
		t.Errorf("status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// F31: the provider's own login page has expired, or another tab has taken over.
func TestLate_F31_ProviderAsksToStartAgain(t *testing.T) {
	for _, answer := range []url.Values{
		{"error": {"request_forbidden"}, "error_description": {"The request is not allowed."}},
		{"error": {"temporarily_unavailable"}, "error_description": {"authentication_expired"}},
		{"error": {"temporarily_unavailable"}},
		{"error": {"authentication_expired"}},
		{"error": {"server_error"}, "error_description": {"authentication_expired"}},
		{"error": {"invalid_request"}, "error_description": {"request_forbidden"}},
	} {
		for _, post := range []bool{false, true} {
			app := rig.New(t, func(s *rig.Setup) {
				if post {
					s.Config.Providers = provider.Set{"op": rig.FormPost{OIDC: s.OIDC}}
				}
			})
			b := rig.Browser(t)
			call := func(state string) *http.Response {
				query := url.Values{"state": {state}, "iss": {app.OP.Issuer()},
					"error": answer["error"], "error_description": answer["error_description"]}
				if post {
					return app.Do(t, b, "POST", "/auth/callback/op", query, "Content-Type",
						"application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
				}
				return app.Get(t, b, "/auth/callback/op?"+query.Encode())
			}
			state := app.BeginLogin(t, b, deepLogin).Query().Get("state")
			again := restarted(t, app, call(state), state).Query().Get("state")
			resp := call(again)
			offers(t, resp)
			if !strings.Contains(authtest.Body(t, resp), "Please sign in again") {
				t.Errorf("%v: %s", answer, authtest.Body(t, resp))
			}
			if log := app.Log(); !strings.Contains(log, answer.Get("error")) ||
				app.OP.Count("token") != 0 {
				t.Errorf("%v: the log does not say what the provider said: %s", answer, log)
			}
		}
	}
}

// F31: the same answer is not believed from another issuer, and other errors are final.
func TestLate_F31_OtherAnswersAreFinal(t *testing.T) {
	for _, answer := range []url.Values{
		{"error": {"temporarily_unavailable"}, "iss": {"https://evil.example"}},
		{"error": {"server_error"}, "error_description": {"oops"}}, {"error": {"invalid_request"}},
		{"error": {"access_denied"}},
		{"error": {"temporarily_unavailable"}, "code": {"c"}},
	} {
		app := rig.New(t)
		b := rig.Browser(t)
		answer["state"] = app.BeginLogin(t, b, deepLogin).Query()["state"]
		if !answer.Has("iss") {
			answer.Set("iss", app.OP.Issuer())
		}
		offers(t, app.Get(t, b, "/auth/callback/op?"+answer.Encode()))
	}
}

// F31: what the login asked for is asked for again.
func TestLate_F31_RequestIsKept(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			f.Request.LoginHint += "x"
			return nil
		}
	})
	b := rig.Browser(t)
	state := app.BeginLogin(t, b, deepLogin).Query().Get("state")
	query := url.Values{"state": {state}, "iss": {app.OP.Issuer()}, "error": {"request_forbidden"}}
	again := restarted(t, app, app.Get(t, b, "/auth/callback/op?"+query.Encode()), state)
	if hint := again.Query().Get("login_hint"); hint != "xx" {
		t.Errorf("login_hint %q, want that of the first attempt and the hook's", hint)
	}
}

// An ownState is a provider of the application's own, with a state of its own.
type ownState struct{ *provider.OIDC }

// Begin implements provider.Provider.
func (o ownState) Begin(ctx context.Context, f *provider.Flow) (string, error) {
	f.State = ""
	return o.OIDC.Begin(ctx, f)
}

// F31, F38: nothing is restarted for a provider that makes states of its own, and all else works.
func TestLate_F31_ProviderWithItsOwnState(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": ownState{s.OIDC}}
	})
	b := rig.Browser(t)
	expired := app.Callback(t, b, "alice", deepLogin)
	if n := len(expired.Query().Get("state")); n != 22 {
		t.Fatalf("a state of %d characters", n)
	}
	app.Clock.Advance(20 * time.Minute)
	offers(t, app.Get(t, b, expired.String()))
	callback := app.Callback(t, b, "alice", deepLogin).String()
	for range 2 {
		leadsTo(t, app.Get(t, b, callback), deep)
	}
}

// F39: the log says why there is no login to finish.
func TestLate_F39_CausesInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		call func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL)
		want []string
	}{
		"no cookie": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			app.Get(t, rig.Browser(t), callback.String())
		}, []string{"no cookie for this login"}},
		"another secret": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			app.Server.Config.Handler = app.Again(t, func(c *session.Config) {
				c.Secret = "another-secret-of-the-second-server-kBSWx0SJQ6ydqo2nT2f6uEJ2zi1V0aV"
			})
			app.Get(t, b, callback.String())
		}, []string{"no session secret opens it", "Session.Secret"}},
		"expired": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			app.Clock.Advance(15*time.Minute + 7*time.Second)
			app.Get(t, b, callback.String(), "Sec-Fetch-Mode", "cors")
		}, []string{"expired 7s ago"}},
		"expired, cookie gone": {func(t *testing.T, app *rig.App, b *http.Client,
			callback *url.URL) {
			app.Clock.Advance(15*time.Minute + 7*time.Second)
			app.Get(t, rig.Browser(t), callback.String(), "Sec-Fetch-Mode", "cors")
		}, []string{"expired 7s ago"}},
		"clock set back": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			app.Clock.Advance(-5 * time.Minute)
			app.Get(t, b, callback.String())
		}, []string{"5m0s in the future", "clocks"}},
		"used": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			kept := app.Cookies(b)
			app.Get(t, b, callback.String())
			thief := rig.Browser(t)
			app.SetCookies(thief, kept...)
			app.Get(t, thief, callback.String())
		}, []string{"already finished", "flow_used"}},
		"another registration": {func(t *testing.T, app *rig.App, b *http.Client,
			callback *url.URL) {
			other := app.OP.OIDC()
			other.ClientID = "another-client"
			app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": other})
			app.Get(t, b, callback.String())
		}, []string{`provider \"op\"`, "client ID"}},
		"another provider": {func(t *testing.T, app *rig.App, b *http.Client, callback *url.URL) {
			app.Server.Config.Handler = app.AgainWith(t,
				provider.Set{"op": app.OIDC, "op2": app.OP.OIDC()})
			app.Get(t, b, strings.Replace(callback.String(), "/callback/op?", "/callback/op2?", 1))
		}, []string{`provider \"op\"`}},
		"no state": {func(t *testing.T, app *rig.App, b *http.Client, _ *url.URL) {
			app.Get(t, b, "/auth/callback/op?error=access_denied&error_description="+
				"AADB2C90118+forgot+password")
		}, []string{"no state", "access_denied", "AADB2C90118 forgot password"}},
		"an error of its own": {func(t *testing.T, app *rig.App, b *http.Client, _ *url.URL) {
			app.Get(t, b, "/auth/callback/op?error=user_forgot_password&state=x")
		}, []string{"no cookie for this login", "user_forgot_password"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			c.call(t, app, b, callback)
			for _, want := range c.want {
				if !strings.Contains(app.Log(), want) {
					t.Errorf("the log does not say %q: %s", want, app.Log())
				}
			}
			if !app.Happened("login", "no_flow") && !app.Happened("login", "flow_used") {
				t.Errorf("events %v", app.Outcomes())
			}
		})
	}
}

// F39: a request for another host is logged with both.
func TestLate_F39_WrongHost(t *testing.T) {
	app := rig.New(t)
	host := strings.TrimPrefix(app.URL, "https://")
	for _, path := range []string{"/auth/login", "/auth/callback/op?code=c&state=s", "/auth/logout",
		"/auth/logged-out"} {
		before := len(app.Log())
		resp := app.Get(t, rig.Browser(t), path, "Host", "internal.example:8080")
		log := app.Log()[before:]
		if resp.StatusCode != http.StatusMisdirectedRequest ||
			!strings.Contains(log, "host=internal.example:8080") ||
			!strings.Contains(log, "host="+host) || !strings.Contains(log, "proxy forward") {
			t.Errorf("%s: status %d, log %s", path, resp.StatusCode, log)
		}
	}
}

// F39: Keycloak can be told to leave iss out, although its metadata promise it.
func TestLate_F39_PromisedIssuerMissing(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	query := callback.Query()
	query.Del("iss")
	app.Get(t, b, "/auth/callback/op?"+query.Encode())
	if !app.Happened("login", "issuer_mismatch") ||
		!strings.Contains(app.Log(), "Exclude Issuer From Authentication Response") {
		t.Errorf("events %v, log %s", app.Outcomes(), app.Log())
	}
}

// F38: a hook that refuses, one that is broken, and a store that is down keep the address.
func TestLate_F38_HookAndStore(t *testing.T) {
	down := &downBackend{Backend: session.NewMemoryBackend(session.MemoryLimits{}, time.Now)}
	var answer error
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Store = session.NewServerStore(down)
		s.Config.Hooks.Login = func(*http.Request, *handlers.Login) error { return answer }
	})
	link := "return_to=" + url.QueryEscape(deep)
	for _, answer = range []error{errors.New("the list cannot be read"), session.ErrStore,
		provider.ErrUnavailable, sallyport.ErrRefused} {
		b := rig.Browser(t)
		resp := app.Get(t, b, app.Callback(t, b, "alice", deepLogin).String())
		if body := authtest.Body(t, resp); resp.StatusCode < 400 || !strings.Contains(body, link) {
			t.Errorf("%v: status %d: %s", answer, resp.StatusCode, body)
		}
	}
}
