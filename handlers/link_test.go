package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// sessionOf reads the cookies of a browser, as the application would.
func sessionOf(t *testing.T, app *rig.App, b *http.Client) *session.Session {
	t.Helper()
	r := httptest.NewRequest("GET", app.URL+"/", nil)
	for _, c := range app.SessionCookies(b) {
		r.AddCookie(c)
	}
	s, err := app.Auth.Sessions.Load(r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// notLinked checks that a request was refused, nothing was connected, and the user is who they
// were.
func notLinked(t *testing.T, app *rig.App, a *rig.Accounts, b *http.Client, resp *http.Response,
	status int, who string) {
	t.Helper()
	if resp.StatusCode != status || a.Count() != 0 {
		t.Errorf("status %d, want %d; %d accounts are connected: %s", resp.StatusCode, status,
			a.Count(), authtest.Body(t, resp))
	}
	if now := app.Visit(t, b, "/"); now != who {
		t.Errorf("signed in as %s, before as %s", now, who)
	}
	if app.Happened("link", "ok") {
		t.Errorf("events %v", app.Outcomes())
	}
}

// R29
func TestLink_R29_ConnectsAndChangesNothingElse(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, a := rig.NewLinking(t, keep)
		b := rig.SignedIn(t, app, "alice", "/auth/login/op")
		before, cookies := sessionOf(t, app, b), app.SessionCookies(b)
		callback := app.Authorize(t, b,
			rig.BeginLink(t, app, b, app.Auth.LinkURL("op2", "/me?x=1")), "bob")
		resp := app.Get(t, b, callback.String())
		if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther ||
			got != "/me?x=1" {
			t.Fatalf("status %d, ends at %q: %s\n%s", resp.StatusCode, got, authtest.Body(t, resp),
				app.Log())
		}
		linked := "op2 " + session.User{Issuer: app.OP2.Issuer(), Subject: "1002"}.Key()
		if want := "op " + before.User.Key(); a.Of[linked] != want || a.Count() != 1 {
			t.Errorf("connected: %v", a.Of)
		}
		after := sessionOf(t, app, b)
		if after.ID != before.ID || after.User.Key() != before.User.Key() ||
			after.Provider != "op" || after.Generation != before.Generation ||
			after.Expires != before.Expires {
			t.Errorf("the session is %+v now, was %+v", after, before)
		}
		if now := app.SessionCookies(b); len(now) != len(cookies) ||
			now[0].Value != cookies[0].Value {
			t.Error("the session's cookies have changed")
		}
		if !app.Happened("link", "ok") || len(app.Cookies(b)) > len(cookies)+1 { // rounds
			t.Errorf("events %v, cookies %v", app.Outcomes(), app.Cookies(b))
		}
		if n := strings.Count(strings.Join(app.Outcomes(), ","), "login ok"); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
}

// R29: what the hook puts into the values is kept; nothing else that it changes is.
func TestLink_ValuesOfTheHook(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, a := rig.NewLinking(t, keep, func(s *rig.Setup) {
			s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
				s.Values = map[string]string{"kept": "1", "changed": "1", "removed": "1"}
				return nil
			}
		})
		a.Hook = func(current, linked *session.Session) error {
			if tokens, err := linked.Tokens(); err != nil || tokens.AccessToken == "" ||
				linked.ID != "" {
				return fmt.Errorf("the linked session: %v", err)
			}
			current.Values["changed"], current.Values["new"] = "2", "2"
			delete(current.Values, "removed")
			current.ID, current.Provider, current.User, current.Registration = "x", "op2",
				linked.User, "x"
			current.Expires = current.Expires.Add(time.Hour)
			current.User.Roles = []string{"admin"}
			return nil
		}
		b := rig.SignedIn(t, app, "bob", "/auth/login/op")
		before := sessionOf(t, app, b)
		resp := app.Get(t, b, rig.LinkCallback(t, app, b, "alice"))
		after := sessionOf(t, app, b)
		if resp.StatusCode != http.StatusSeeOther ||
			fmt.Sprint(after.Values) != "map[changed:2 kept:1 new:2]" {
			t.Errorf("status %d, values %v\n%s", resp.StatusCode, after.Values, app.Log())
		}
		if after.ID != before.ID || after.User.Key() != before.User.Key() ||
			after.Provider != "op" || after.Expires != before.Expires ||
			fmt.Sprint(after.User) != fmt.Sprint(before.User) {
			t.Errorf("the session is %+v now, was %+v", after, before)
		}
	})
}

// R29: another request saves the session while the hook runs.
func TestLink_ValuesSavedMeanwhile(t *testing.T) {
	app, a := rig.NewLinking(t, rig.Stored)
	app.Mux.Handle("/note", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		s.Values = map[string]string{"note": "1"}
		if err := app.Auth.Sessions.Save(w, r, s); err != nil {
			t.Error(err)
		}
	})))
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	a.Hook = func(current, _ *session.Session) error {
		app.Get(t, b, "/note")
		current.Values = map[string]string{"linked": "1"}
		return nil
	}
	resp := app.Get(t, b, rig.LinkCallback(t, app, b, "bob"))
	if got := fmt.Sprint(sessionOf(t, app, b).Values); resp.StatusCode != http.StatusSeeOther ||
		got != "map[linked:1 note:1]" {
		t.Errorf("status %d, values %s", resp.StatusCode, got)
	}
}

// What does not fit is said, and the account is connected all the same.
func TestLink_ValuesTooLarge(t *testing.T) {
	app, a := rig.NewLinking(t)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	a.Hook = func(current, _ *session.Session) error {
		current.Values = map[string]string{"large": strings.Repeat("x", 100_000)}
		return nil
	}
	resp := app.Get(t, b, rig.LinkCallback(t, app, b, "bob"))
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusInternalServerError ||
		!strings.Contains(body, "The account is connected") ||
		!app.Happened("link", "session_too_large") || !rig.Alive(t, app, b) {
		t.Errorf("status %d: %s; events %v", resp.StatusCode, body, app.Outcomes())
	}
}

// R29: without the hook the route does not exist.
func TestLink_R29_OffByDefault(t *testing.T) {
	app := rig.New(t, rig.Second)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	for _, path := range []string{"/auth/link/op2", "/auth/link/", "/auth/link"} {
		for _, resp := range []*http.Response{app.Get(t, b, path), app.Post(t, b, path, nil)} {
			if resp.StatusCode != http.StatusNotFound || len(app.OP2.Requests("discovery")) != 0 {
				t.Errorf("%s %s: status %d", resp.Request.Method, path, resp.StatusCode)
			}
		}
	}
}

// R29: only a page of the application can begin it, by POST.
func TestLink_R29_CrossSite(t *testing.T) {
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		// for guarded routes, not for this
		s.Config.TrustedOrigins = []string{"https://www.example.com"}
		// the worst case: the cookie comes along
		s.Config.Session.SameSite = http.SameSiteNoneMode
	})
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, b, "/")
	for _, headers := range [][]string{
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		{"Origin", "https://evil.example", "Sec-Fetch-Site", ""},
		{"Origin", "null", "Sec-Fetch-Site", ""},
		{"Origin", "https://www.example.com", "Sec-Fetch-Site", "same-site"},
		{"Origin", "", "Sec-Fetch-Site", "same-site"},
	} {
		resp := app.Do(t, b, http.MethodPost, "/auth/link/op2", url.Values{"return_to": {"/me"}},
			append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
		notLinked(t, app, a, b, resp, http.StatusForbidden, who)
	}
	if !app.Happened("link", "cross_site") {
		t.Errorf("events %v", app.Outcomes())
	}
	// A GET only asks.
	resp := app.Get(t, b, "/auth/link/op2?return_to=%2Fme", "Sec-Fetch-Site", "cross-site")
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusOK ||
		resp.Header.Get("Location") != "" || !strings.Contains(body, `method="post"`) ||
		!strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("GET: status %d: %s", resp.StatusCode, body)
	}
	for _, method := range []string{"HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if resp := app.Do(t, b, method, "/auth/link/op2", nil, "Origin", app.URL, "Sec-Fetch-Site",
			"same-origin"); resp.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, resp.StatusCode)
		}
	}
	if resp := app.Post(t, b, "/auth/link/op2", nil, "Host",
		"evil.example"); resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("another host: status %d", resp.StatusCode)
	}
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Name, "-flow-") {
			t.Errorf("a flow has begun: %s", c.Name)
		}
	}
	if app.OP2.Count("authorize") != 0 || app.OP2.Count("discovery") != 0 {
		t.Error("the provider was asked")
	}
}

// R29: the page's button does it.
func TestLink_R29_TheButton(t *testing.T) {
	app, a := rig.NewLinking(t)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	page := authtest.Open(t, b, app.URL+"/auth/link/op2?return_to=%2Fme%3Fx%3D1")
	stop := *b
	stop.CheckRedirect = rig.Still(b).CheckRedirect
	begun := authtest.Submit(t, &stop, page, nil)
	end := authtest.SignIn(t, b, rig.Location(t, begun).String(), "bob")
	if end.Request.URL.RequestURI() != "/me?x=1" || a.Count() != 1 {
		t.Errorf("ends at %s, %d accounts are connected", end.Request.URL, a.Count())
	}
	for _, target := range []string{"//evil.example", "https://evil.example/", "/auth/logout",
		"/\\evil.example"} {
		page := app.Visit(t, b, "/auth/link/op2?return_to="+url.QueryEscape(target))
		authorize := rig.BeginLink(t, app, b, "/auth/link/op2?return_to="+url.QueryEscape(target))
		resp := app.Get(t, b, app.Authorize(t, b, authorize, "bob").String())
		if got := resp.Header.Get("Location"); got != "/" || strings.Contains(page, "evil") {
			t.Errorf("return_to %s ends at %q: %s", target, got, page)
		}
	}
}

// R29: linking requires a session.
func TestLink_R29_OnlyWithASession(t *testing.T) {
	app, a := rig.NewLinking(t, rig.Revocable)
	anonymous := rig.Browser(t)
	gone := rig.SignedIn(t, app, "alice", "/auth/login/op")
	kept := app.SessionCookies(gone)
	app.Post(t, gone, "/auth/logout", nil)
	app.SetCookies(gone, kept...)
	expired := rig.SignedIn(t, app, "alice", "/auth/login/op")
	app.Clock.Advance(25 * time.Hour)
	for _, b := range []*http.Client{anonymous, gone, expired} {
		for _, resp := range []*http.Response{app.Get(t, b, "/auth/link/op2"),
			app.Post(t, b, "/auth/link/op2", nil)} {
			if body := authtest.Body(t, resp); !strings.Contains(body, `href="/auth/login"`) {
				t.Errorf("no way to sign in: %s", body)
			}
			notLinked(t, app, a, b, resp, http.StatusUnauthorized, "anonymous")
		}
	}
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	for _, path := range []string{"/auth/link/nobody", "/auth/link/OP", "/auth/link/op2/",
		"/auth/link/op2%2F", "/auth/link/"} {
		if resp := app.Post(t, b, path, nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

// R29: who has begun it ends it: the very session.
func TestLink_R29_AnotherSession(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, app *rig.App, b *http.Client){
		"another user signed in": func(t *testing.T, app *rig.App, b *http.Client) {
			rig.ForgetProvider(app, b)
			app.SignIn(t, b, "bob", "/auth/login/op")
		},
		"the same user signed in": func(t *testing.T, app *rig.App, b *http.Client) {
			app.SignIn(t, b, "alice", "/auth/login/op")
		},
		"at the provider to be": func(t *testing.T, app *rig.App, b *http.Client) {
			app.SignIn(t, b, "bob", "/auth/login/op2")
		},
		"signed out": func(t *testing.T, app *rig.App, b *http.Client) {
			app.Post(t, b, "/auth/logout", nil)
		},
		"signed out by the provider": func(t *testing.T, app *rig.App, b *http.Client) {
			rig.DeliverLogout(t, app, "op", app.OP.LogoutToken("alice"))
		},
		"forged": func(_ *testing.T, app *rig.App, b *http.Client) {
			c := app.SessionCookies(b)[0]
			c.Value = "x" + c.Value
			app.SetCookies(b, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
				app, a := rig.NewLinking(t, keep)
				b := rig.SignedIn(t, app, "alice", "/auth/login/op")
				kept := app.SessionCookies(b)
				callback := rig.LinkCallback(t, app, b, "bob")
				before := app.OP2.Count("token")
				meanwhile(t, app, b)
				logins := app.OP2.Count("token") - before
				who := app.Visit(t, b, "/")
				status := http.StatusForbidden
				if who == "anonymous" {
					status = http.StatusUnauthorized
				}
				notLinked(t, app, a, b, app.Get(t, b, callback), status, who)
				if app.OP2.Count("token")-before != logins {
					t.Error("the code was redeemed")
				}
				// It is used up, also for the session that began it.
				app.SetCookies(b, kept...)
				app.Get(t, b, callback)
				if a.Count() != 0 {
					t.Error("connected at the second try")
				}
			})
		})
	}
}

// R28, R29: the link of an attacker, finished in the victim's browser, and the reverse.
func TestLink_R29_AnotherBrowser(t *testing.T) {
	app, a := rig.NewLinking(t)
	attacker, victim := rig.SignedIn(t, app, "bob", "/auth/login/op"),
		rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, victim, "/")
	callback := rig.LinkCallback(t, app, attacker, "bob")
	notLinked(t, app, a, victim, app.Get(t, victim, callback), http.StatusBadRequest, who)
	// Even with the attacker's flow planted in the victim's browser.
	for _, c := range app.Cookies(attacker) {
		if strings.Contains(c.Name, "-flow-") {
			app.SetCookies(victim, c)
		}
	}
	notLinked(t, app, a, victim, app.Get(t, victim, callback), http.StatusForbidden, who)
	if app.OP2.Count("token") != 0 {
		t.Error("the code was redeemed")
	}
}

// R14, R29
func TestLink_R29_Replayed(t *testing.T) {
	app, a := rig.NewLinking(t)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := rig.LinkCallback(t, app, b, "bob")
	flows := app.Cookies(b)
	app.Get(t, b, callback)
	if a.Count() != 1 {
		t.Fatal(app.Log())
	}
	a.Of = map[string]string{}
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("again: status %d", resp.StatusCode)
	}
	app.SetCookies(b, flows...) // the flow's cookie put back
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusBadRequest ||
		!app.Happened("link", "flow_used") {
		t.Errorf("with the cookie: status %d, events %v", resp.StatusCode, app.Outcomes())
	}
	if a.Count() != 0 || app.OP2.Count("token") != 1 {
		t.Errorf("connected again, %d token requests", app.OP2.Count("token"))
	}
}

// R33: at the callback of another provider it is nothing.
func TestLink_R33_CallbackOfAnotherProvider(t *testing.T) {
	app, a := rig.NewLinking(t)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, b, "/")
	callback := strings.Replace(rig.LinkCallback(t, app, b, "bob"), "/callback/op2?",
		"/callback/op?", 1)
	notLinked(t, app, a, b, app.Get(t, b, callback), http.StatusBadRequest, who)
}

// R29: a login is not taken for a link, nor a link for a login, whatever the begin hook does.
func TestLink_R29_LoginAndLinkAreDifferentThings(t *testing.T) {
	var links []bool
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			links = append(links, f.Link != "")
			if f.Link != "" {
				f.Link = ""
			} else {
				f.Link = "x"
			}
			f.Request.LoginHint = "bob"
			return nil
		}
	})
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, b, "/")
	if resp := app.Get(t, b, rig.LinkCallback(t, app, b,
		"bob")); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 ||
		app.Visit(t, b, "/") != who {
		t.Errorf("the link: status %d, %d accounts, signed in as %s", resp.StatusCode, a.Count(),
			app.Visit(t, b, "/"))
	}
	if resp := app.Get(t, b, app.Callback(t, b, "bob",
		"/auth/login/op2").String()); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 ||
		app.Visit(t, b, "/") == who {
		t.Errorf("the login: status %d, %d accounts, signed in as %s", resp.StatusCode, a.Count(),
			app.Visit(t, b, "/"))
	}
	if fmt.Sprint(links) != "[false true false]" {
		t.Errorf("the hook saw %v", links)
	}
	for _, path := range []string{"/auth/login/op2?link=1", "/auth/login/op2?l=x",
		"/auth/login/link/op2"} {
		before := a.Count()
		app.SignIn(t, b, "bob", path)
		if a.Count() != before {
			t.Errorf("%s connects", path)
		}
	}
}

// R29: silently, with prompt=none, no account is linked unseen when the provider wants to
// ask.
func TestLink_SilentRefusalEndsNothing(t *testing.T) {
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			if f.Link != "" {
				f.Request.Prompt = "none"
			}
			return nil
		}
	})
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, b, "/")
	callback := rig.Location(t, app.Get(t, b, rig.BeginLink(t, app, b, "/auth/link/op2").String()))
	notLinked(t, app, a, b, app.Get(t, b, callback.String()), http.StatusForbidden, who)
	if !app.Happened("link", "interaction_required") {
		t.Errorf("events %v", app.Outcomes())
	}
}

// The hook refuses, in general or in its own words, or panics: nothing changes, and the values
// neither.
func TestLink_HookRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		hook   func() error
		status int
		code   string
		text   string
	}{
		"refuses": {func() error {
			return fmt.Errorf("it belongs to another user: %w", sallyport.ErrRefused)
		}, 403, "link_refused", "The account was not connected"},
		"own words": {func() error {
			return &problem.Error{Status: 409, Code: "taken", Title: "Taken",
				Text: "This account has another owner."}
		}, 409, "taken", "This account has another owner"},
		"panics": {func() error { panic("oops") }, 500, "internal_error", "Something went wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			app, a := rig.NewLinking(t)
			b := rig.SignedIn(t, app, "alice", "/auth/login/op")
			who := app.Visit(t, b, "/")
			a.Hook = func(current, _ *session.Session) error {
				current.Values = map[string]string{"x": "1"}
				return row.hook()
			}
			resp := app.Get(t, b, rig.LinkCallback(t, app, b, "bob"))
			body := authtest.Body(t, resp)
			notLinked(t, app, a, b, resp, row.status, who)
			if !strings.Contains(body, row.text) || strings.Contains(body, "belongs") ||
				strings.Contains(body, "oops") || !app.Happened("link", row.code) {
				t.Errorf("%s; events %v", body, app.Outcomes())
			}
			if v := sessionOf(t, app, b).Values; len(v) != 0 {
				t.Errorf("values %v", v)
			}
		})
	}
}

// The begin hook and the provider can fail as at a login; the way out is not a login.
func TestLink_Failures(t *testing.T) {
	refuse := false
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(*http.Request, *provider.Flow) error {
			if refuse {
				return sallyport.ErrRefused
			}
			return nil
		}
	})
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	who := app.Visit(t, b, "/")
	refuse = true
	notLinked(t, app, a, b, app.Post(t, b, "/auth/link/op2", nil), http.StatusForbidden, who)
	refuse = false
	app.OP2.SetDown(true)
	resp := app.Post(t, b, "/auth/link/op2", nil)
	if body := authtest.Body(t, resp); !strings.Contains(body, `href="/auth/link/op2"`) ||
		strings.Contains(body, "/auth/login") ||
		!strings.Contains(body, "The account was not connected") {
		t.Errorf("the way out: %s", body)
	}
	notLinked(t, app, a, b, resp, http.StatusServiceUnavailable, who)
	app.OP2.SetDown(false)
	app.OP2.Misbehave(func(f *authtest.Faults) {
		f.Callback = func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }
	})
	resp = app.Get(t, b, rig.LinkCallback(t, app, b, "bob"))
	if body := authtest.Body(t, resp); !strings.Contains(body, `href="/auth/link/op2"`) ||
		strings.Contains(body, "/auth/login") || !app.Happened("link", "access_denied") {
		t.Errorf("the way out: %s; events %v", body, app.Outcomes())
	}
	notLinked(t, app, a, b, resp, http.StatusForbidden, who)
}

// R29, R119: a session that ends while the provider is asked is not connected with anything.
func TestLink_R29_EndedDuringTheExchange(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, a := rig.NewLinking(t, keep)
		b := rig.SignedIn(t, app, "alice", "/auth/login/op")
		callback := rig.LinkCallback(t, app, b, "bob")
		at(app.OP2, "token", func() {
			rig.WantLogoutAccepted(t, app, rig.DeliverLogout(t, app, "op",
				app.OP.LogoutToken("alice")))
		})
		notLinked(t, app, a, b, app.Get(t, b, callback), http.StatusUnauthorized, "anonymous")
	})
}

// R100: while the store does not answer nothing is connected, and the link is not used up.
func TestLink_R100_StoreDown(t *testing.T) {
	backend := &downBackend{Backend: session.NewMemoryBackend(session.MemoryLimits{}, nil)}
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		backend.Backend = session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now)
		s.Config.Session.Store = session.NewServerStore(backend)
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := rig.LinkCallback(t, app, b, "bob")
	backend.down.Store(true)
	for _, resp := range []*http.Response{app.Get(t, b, callback), app.Post(t, b, "/auth/link/op2",
		nil), app.Get(t, b, "/auth/link/op2")} {
		if resp.StatusCode != http.StatusServiceUnavailable || a.Count() != 0 ||
			len(app.SessionCookies(b)) == 0 {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	backend.down.Store(false)
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 {
		t.Errorf("afterwards: status %d: %s", resp.StatusCode, app.Log())
	}
}

// A downBackend fails when it is told to.
type downBackend struct {
	session.Backend
	down atomic.Bool
}

// Get implements session.Backend.
func (d *downBackend) Get(ctx context.Context, k session.Key) (session.Record, error) {
	if d.down.Load() {
		return session.Record{}, errors.New("the store is away")
	}
	return d.Backend.Get(ctx, k)
}

// withoutSession sends a request as the browser does when another site has caused it: the session's
// cookie stays at home.
func withoutSession(t *testing.T, app *rig.App, b *http.Client, method, path string,
	form url.Values, headers ...string) *http.Response {
	t.Helper()
	var sent []string
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Name, "-flow-") {
			sent = append(sent, c.Name+"="+c.Value)
		}
	}
	bare := &http.Client{Transport: b.Transport}
	return app.Do(t, bare, method, path, form, append(headers, "Cookie", strings.Join(sent, "; "),
		"Sec-Fetch-Site", "cross-site")...)
}

// linkingByPost is an application whose second provider answers with a form, and a browser in which
// alice is signed in.
func linkingByPost(t *testing.T, responseType string) (*rig.App, *rig.Accounts, *http.Client) {
	t.Helper()
	op2 := authtest.NewTLSProvider(t)
	app, a := rig.NewLinking(t, func(s *rig.Setup) {
		s.Second = false
		op2.SetNow(s.Config.Session.Now)
		posting := op2.OIDC()
		posting.ResponseType = responseType
		s.Config.Providers = provider.Set{"op": s.OIDC, "op2": posting}
	})
	app.OP2 = op2
	return app, a, rig.SignedIn(t, app, "alice", "/auth/login/op")
}

// answerForm is the second provider's page, bob signed in there, that is about to POST its answer
// to the application.
func answerForm(t *testing.T, app *rig.App, b *http.Client) *http.Response {
	t.Helper()
	page := authtest.Open(t, b, rig.BeginLink(t, app, b, "/auth/link/op2?return_to=%2Fme").String())
	for strings.Contains(authtest.Body(t, page), `action="/`) {
		page = authtest.Submit(t, b, page, url.Values{"username": {"bob"}, "password": {"bob"},
			"decision": {"allow"}})
	}
	return page
}

// By form_post the browser leaves the session's cookie out; the user goes on from a page of our
// own.
func TestLink_FormPost(t *testing.T) {
	app, a, b := linkingByPost(t, "code id_token")
	who := app.Visit(t, b, "/")
	page := answerForm(t, app, b)
	form := url.Values{"user": {`{"name":"<b>\"x"}`}} // Apple sends one
	for _, field := range strings.Split(authtest.Body(t, page),
		"<input type=\"hidden\" name=\"")[1:] {
		name, rest, _ := strings.Cut(field, `" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		form.Set(name, strings.ReplaceAll(value, "&#43;", "+"))
	}
	post := []string{"Content-Type", "application/x-www-form-urlencoded", "Origin",
		app.OP2.Issuer()}
	twice := url.Values{"extra": {"1", "2"}}
	for name, values := range form {
		twice[name] = values
	}
	if resp := withoutSession(t, app, b, "POST", "/auth/callback/op2", twice,
		post...); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a repeated parameter: status %d", resp.StatusCode)
	}
	resp := withoutSession(t, app, b, "POST", "/auth/callback/op2", form, post...)
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusOK || a.Count() != 0 ||
		strings.Contains(body, "<b>") || app.OP2.Count("token") != 0 ||
		resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	// The button leads to a browser without a session: there is no second question.
	anonymous := rig.Browser(t)
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Name, "-flow-") {
			app.SetCookies(anonymous, c)
		}
	}
	if got := authtest.Submit(t, anonymous, resp, nil); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a session: status %d", got.StatusCode)
	}
	if app.Visit(t, b, "/") != who || a.Count() != 0 {
		t.Error("something has changed")
	}
}

// The same, to the end.
func TestLink_FormPostConnects(t *testing.T) {
	app, a, b := linkingByPost(t, "id_token")
	who := app.Visit(t, b, "/")
	page := answerForm(t, app, b)
	hidden := b.Jar
	u, _ := url.Parse(app.URL)
	sessions := app.SessionCookies(b)
	for _, c := range sessions {
		hidden.SetCookies(u, []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1, Secure: true}})
	}
	resp := authtest.Submit(t, b, page, nil) // the provider's form, without the session's cookie
	app.SetCookies(b, sessions...)
	end := authtest.Submit(t, b, resp, nil)
	if end.Request.URL.Path != "/me" || a.Count() != 1 || app.Visit(t, b, "/") != who {
		t.Errorf("ends at %s, %d accounts, signed in as %s\n%s", end.Request.URL, a.Count(),
			app.Visit(t, b, "/"), app.Log())
	}
}

// Where a browser keeps the cookie at home when the provider leads back, the next click brings it.
func TestLink_CookieStaysAtHome(t *testing.T) {
	app, a := rig.NewLinking(t)
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := rig.LinkCallback(t, app, b, "bob")
	resp := withoutSession(t, app, b, "GET", callback, nil)
	body := authtest.Body(t, resp)
	_, rest, _ := strings.Cut(body, `href="/auth/callback/`)
	link, _, found := strings.Cut(rest, `"`)
	if resp.StatusCode != http.StatusOK || !found || a.Count() != 0 {
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	if resp := app.Get(t, b, "/auth/callback/"+strings.ReplaceAll(link, "&amp;", "&"),
		"Sec-Fetch-Site", "same-origin"); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 {
		t.Errorf("status %d, %d accounts", resp.StatusCode, a.Count())
	}
}

// R149: an email address that two accounts share changes no user, and links nothing,
// whatever is said about it.
func TestLink_R149_NeverByEmail(t *testing.T) {
	for name, claims := range map[string]map[string]any{
		"verified": {"email_verified": true}, "not verified": {"email_verified": false},
		`"true"`: {"email_verified": "true"}, `"false"`: {"email_verified": "false"},
		"missing": {"email_verified": nil},
	} {
		t.Run(name, func(t *testing.T) {
			app, a := rig.NewLinking(t)
			claims["email"] = "alice@example.com"
			app.OP2.SetClaims("bob", claims)
			first, second := rig.SignedIn(t, app, "alice", "/auth/login/op"),
				rig.SignedIn(t, app, "bob", "/auth/login/op2")
			one, two := sessionOf(t, app, first).User, sessionOf(t, app, second).User
			if one.Email != two.Email || one.Key() == two.Key() || a.Count() != 0 {
				t.Errorf("%+v and %+v, %d accounts connected", one, two, a.Count())
			}
			if want := name == "verified" || name == `"true"`; two.EmailVerified != want ||
				two.EmailIn("example.com") != want {
				t.Errorf("verified %v, in the domain %v; want %v", two.EmailVerified,
					two.EmailIn("example.com"), want)
			}
			// In one browser, one after the other, neither.
			app.SignIn(t, first, "bob", "/auth/login/op2")
			if who := app.Visit(t, first, "/"); who != "op2 "+two.Issuer+" "+two.Subject ||
				a.Count() != 0 {
				t.Errorf("signed in as %s, %d accounts connected", who, a.Count())
			}
		})
	}
}

// R149: from the userinfo endpoint alone it says no more.
func TestLink_R149_EmailOfUserInfo(t *testing.T) {
	app, a := rig.NewLinking(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { delete(c, "email"); delete(c, "email_verified") }
	})
	b, other := rig.SignedIn(t, app, "alice", "/auth/login/op"),
		rig.SignedIn(t, app, "alice", "/auth/login/op2")
	one, two := sessionOf(t, app, b).User, sessionOf(t, app, other).User
	if one.Email != "alice@example.com" || one.Email != two.Email || one.Key() == two.Key() ||
		a.Count() != 0 {
		t.Errorf("%+v and %+v, %d accounts connected", one, two, a.Count())
	}
}

// Accounts of tenants are connected like others; while the tenant cannot be looked up, nothing
// happens.
func TestLink_Tenants(t *testing.T) {
	a := &rig.Accounts{Of: map[string]string{}}
	app, tn := rig.NewTenants(t, func(s *rig.Setup) { s.Config.Hooks.Link = a.Link })
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := app.Authorize(t, b, rig.BeginLink(t, app, b, app.Auth.LinkURL("acme", "/me")),
		"bob").String()
	tn.Fail(rig.ErrTenancy)
	app.Clock.Advance(time.Minute)
	for _, resp := range []*http.Response{app.Get(t, b, callback),
		app.Post(t, b, "/auth/link/acme", nil)} {
		if resp.StatusCode != http.StatusServiceUnavailable || a.Count() != 0 {
			t.Errorf("tenant lookup down: status %d", resp.StatusCode)
		}
	}
	tn.Fail(nil)
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 {
		t.Errorf("status %d, %d accounts: %s", resp.StatusCode, a.Count(), app.Log())
	}
}

// A session that must be revalidated first is anonymous for guards, and for linking as well.
func TestLink_Revalidate(t *testing.T) {
	app, a := rig.NewLinking(t, func(s *rig.Setup) { s.Config.Session.Revalidate = time.Minute })
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	app.Clock.Advance(2 * time.Minute)
	resp := app.Post(t, b, "/auth/link/op2", nil)
	if resp.StatusCode != http.StatusUnauthorized || a.Count() != 0 ||
		len(app.SessionCookies(b)) == 0 {
		t.Errorf("status %d", resp.StatusCode)
	}
	app.SignIn(t, b, "alice", "/me")
	if resp := app.Get(t, b, rig.LinkCallback(t, app, b,
		"bob")); resp.StatusCode != http.StatusSeeOther || a.Count() != 1 {
		t.Errorf("afterwards: status %d", resp.StatusCode)
	}
}

// R104, R105: callbacks that arrive twice at the same time connect once.
func TestLink_R104_TwiceAtOnce(t *testing.T) {
	app, a := rig.NewLinking(t)
	hooks := 0
	a.Hook = func(_, _ *session.Session) error { hooks++; return nil }
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := rig.LinkCallback(t, app, b, "bob")
	var cookies []string
	for _, c := range app.Cookies(b) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := httptest.NewRequest("GET", callback, nil)
			r.Header.Set("Cookie", strings.Join(cookies, "; "))
			app.Server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	wg.Wait()
	if hooks != 1 || app.OP2.Count("token") != 1 {
		t.Errorf("%d calls of the hook, %d token requests", hooks, app.OP2.Count("token"))
	}
}
