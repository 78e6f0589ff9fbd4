package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// isOwn is what pages say when user 42 has signed in with the application's own login.
const isOwn = " own 42"

// R168, F19: guards admit the user, the session is new, and what the application says about the
// user arrives.
func TestSignIn_R168_StartsASessionThatGuardsAdmit(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, own := rig.NewOwnLogins(t, keep)
		b := rig.SignedIn(t, app, "alice", "/me")
		app.Get(t, b, "/seen")
		before, cookies := own.Seen, app.SessionCookies(b)
		own.Next = session.Session{
			User: session.User{Subject: "42", Name: "Bob", Roles: []string{"admin"}},
			ACR:  "phr", AMR: []string{"pwd", "otp"}, Values: map[string]string{"cart": "7"},
			AuthTime: app.Clock.Now().Add(-time.Minute),
		}
		if err := own.Next.SetClaims([]byte(`{"plan":"pro"}`)); err != nil {
			t.Fatal(err)
		}
		resp := app.Post(t, b, "/own", url.Values{"return_to": {"/me/x?y=1"}})
		if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/me/x?y=1" {
			t.Fatalf("status %d, Location %q, %v", resp.StatusCode, resp.Header.Get("Location"),
				own.Err)
		}
		for _, path := range []string{"/me", "/admin"} {
			if body := app.Visit(t, b, path); !strings.HasSuffix(body, isOwn) {
				t.Errorf("GET %s: %s", path, body)
			}
		}
		app.Get(t, b, "/seen")
		s := own.Seen
		var claims struct{ Plan string }
		if err := s.Claims(&claims); err != nil || claims.Plan != "pro" {
			t.Errorf("claims %+v, %v", claims, err)
		}
		if s.ID == before.ID || s.ID != own.Got.ID || s.User.Issuer != session.OwnIssuer ||
			s.User.Name != "Bob" || s.ACR != "phr" || !slices.Equal(s.AMR, own.Next.AMR) ||
			!s.AuthTime.Equal(own.Next.AuthTime) || s.Values["cart"] != "7" || s.Provider != "" {
			t.Errorf("the session: %+v", s)
		}
		if events := app.Events(); events[len(events)-1].Subject != "42" ||
			events[len(events)-1].Kind+" "+events[len(events)-1].Outcome != "login ok" {
			t.Errorf("events: %+v", events)
		}
		if who := rig.Presented(t, app, cookies...); who != "anonymous" {
			t.Errorf("the session before it is still valid: %s", who)
		}
	})
}

// R168: without an AuthTime, the user has authenticated just now.
func TestSignIn_R168_AuthTimeIsNow(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	if !own.Got.AuthTime.Equal(app.Clock.Now()) {
		t.Errorf("AuthTime %v, want %v", own.Got.AuthTime, app.Clock.Now())
	}
}

// R168, F19: a session of an own login is started by SignIn only, and its ID can be changed.
func TestSignIn_R168_IsTheOnlyWay(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	var forged, renewed error
	app.Mux.HandleFunc("/forge", func(w http.ResponseWriter, r *http.Request) {
		user := session.User{Issuer: session.OwnIssuer, Subject: "42"}
		forged = app.Auth.Sessions.Start(w, r, &session.Session{User: user})
	})
	app.Mux.HandleFunc("/renew", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		renewed = app.Auth.Sessions.Start(w, r, s)
	})
	b := rig.Browser(t)
	if resp := app.Get(t, b, "/forge"); forged == nil || len(resp.Header["Set-Cookie"]) > 0 ||
		!strings.Contains(forged.Error(), "Auth.SignIn") {
		t.Errorf("a new session: %v", forged)
	}
	app.SignInOwn(t, b, own)
	if app.Get(t, b, "/renew"); renewed != nil || !rig.Alive(t, app, b) {
		t.Errorf("a new ID: %v", renewed)
	}
}

// R168: what identifies a session of a provider cannot be chosen, and mistakes leave the session of
// the browser alone.
func TestSignIn_R168_RejectsWhatIdentifiesAProvidersSession(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Get(t, b, "/seen")
	user := session.User{Subject: "42"}
	var tokens session.Session
	tokens.User = user
	tokens.SetTokens(session.Tokens{AccessToken: "x"})
	for field, s := range map[string]session.Session{
		"User.Issuer":  {User: session.User{Subject: "42", Issuer: app.OP.Issuer()}},
		"User.Issuer ": {User: session.User{Subject: "42", Issuer: session.OwnIssuer}},
		"User.Tenant":  {User: session.User{Subject: "42", Tenant: "globex"}},
		"Provider":     {User: user, Provider: "op"},
		"Registration": {User: user, Registration: app.OIDC.Registration()},
		"SID":          {User: user, SID: "1"},
		"ID":           {User: user, ID: own.Seen.ID},
		"tokens":       tokens,
		"no user":      {},
		"UTF-8":        {User: session.User{Subject: "4\xff2"}},
		"AuthTime":     {User: user, AuthTime: app.Clock.Now().Add(time.Hour)},
		"Expires":      {User: user, Expires: app.Clock.Now().Add(-time.Hour)},
		"loaded again": *own.Seen,
	} {
		own.Next = s
		resp := app.Post(t, b, "/own", nil)
		if resp.StatusCode != http.StatusInternalServerError || own.Err == nil ||
			len(resp.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: status %d, %v", field, resp.StatusCode, own.Err)
		}
		if name := strings.TrimSpace(field); field != "loaded again" &&
			!strings.Contains(own.Err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, own.Err)
		}
	}
	if err := app.Auth.SignIn(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil),
		nil); err == nil {
		t.Error("a nil session was started")
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// R168: a page of another site cannot sign the user in (login CSRF), not even beside a session.
func TestSignIn_R168_RejectsUnsafeCrossOriginRequests(t *testing.T) {
	app, own := rig.NewOwnLogins(t, func(s *rig.Setup) {
		s.Config.TrustedOrigins = []string{"https://www.example.com"}
	})
	for name, row := range map[string]struct {
		method  string
		headers []string
		works   bool
	}{
		"own page":      {"POST", []string{"Sec-Fetch-Site", "same-origin"}, true},
		"trusted":       {"POST", fromSite("cross-site", "https://www.example.com"), true},
		"no browser":    {"POST", []string{"Sec-Fetch-Site", ""}, true},
		"migration":     {"GET", []string{"Sec-Fetch-Site", "cross-site"}, true},
		"other site":    {"POST", fromSite("cross-site", "https://evil.example"), false},
		"sibling":       {"POST", fromSite("same-site", "https://evil.example.com"), false},
		"sandbox":       {"POST", fromSite("cross-site", "null"), false},
		"old browser":   {"POST", fromSite("", "https://evil.example"), false},
		"other methods": {"PUT", []string{"Sec-Fetch-Site", "cross-site"}, false},
	} {
		b := rig.Browser(t)
		resp := app.Do(t, b, row.method, "/own", nil, row.headers...)
		if works := resp.StatusCode == http.StatusSeeOther; works != row.works ||
			rig.Alive(t, app, b) != row.works {
			t.Errorf("%s: status %d, %v", name, resp.StatusCode, own.Err)
		}
		if !row.works && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", name, resp.StatusCode)
		}
	}
	if !app.Happened("session", "cross_site") {
		t.Errorf("events %v", app.Outcomes())
	}
}

// An imitation is a provider that claims the issuer of own logins.
type imitation struct{ *provider.OIDC }

// Finish implements provider.Provider.
func (p imitation) Finish(ctx context.Context, f *provider.Flow, callback url.Values) (
	*session.Session, error) {
	s, err := p.OIDC.Finish(ctx, f, callback)
	if err == nil {
		s.User.Issuer, s.User.Subject = session.OwnIssuer, "42"
	}
	return s, err
}

// VerifyAccessToken implements provider.TokenVerifier.
func (p imitation) VerifyAccessToken(context.Context, string, provider.AccessTokens) (
	*session.Session, error) {
	return &session.Session{User: session.User{Issuer: session.OwnIssuer, Subject: "42"}}, nil
}

// R168: neither a provider nor a tenant nor an access token can claim to be an own login.
func TestSignIn_R168_CannotBeImitated(t *testing.T) {
	a := &rig.Accounts{Of: map[string]string{}}
	var app *rig.App
	find := func(context.Context, string) (provider.Provider, error) {
		return imitation{app.OIDC}, nil
	}
	app, _ = rig.NewOwnLogins(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": s.OIDC, "own": imitation{s.OIDC}}
		s.Config.Tenants = provider.Tenants{Find: find}
		s.Config.Hooks.Link = a.Link
	})
	for _, name := range []string{"own", "globex"} {
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/auth/login/"+name)
		if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d: %s", name, resp.StatusCode, authtest.Body(t, resp))
		}
		if who := app.Visit(t, b, "/"); who != "anonymous" {
			t.Errorf("%s: signed in as %s", name, who)
		}
	}
	b := rig.SignedIn(t, app, "alice", "/auth/login/op")
	callback := app.Authorize(t, b, rig.BeginLink(t, app, b, "/auth/link/own"), "bob")
	if resp := app.Get(t, b, callback.String()); resp.StatusCode < 400 || a.Count() != 0 {
		t.Errorf("linking: status %d, %d accounts", resp.StatusCode, a.Count())
	}
	app.Mux.Handle("/api", app.Auth.Bearer(middleware.API{Audience: "https://api.example.com",
		Provider: "own"})(app.Auth.RequireAuth(http.HandlerFunc(app.Guarded))))
	if resp := rig.GetAPI(t, app, "/api", "Bearer x"); resp.StatusCode != 401 {
		t.Errorf("an access token: status %d", resp.StatusCode)
	}
	c := rig.MinimalConfig(nil)
	c.Providers = provider.Set{"a": &provider.OAuth2{Issuer: session.OwnIssuer},
		"b": &provider.OAuth1{Issuer: session.OwnIssuer}}
	if _, err := sallyport.New(c); err == nil || strings.Count(err.Error(), "reserved") != 2 {
		t.Errorf("providers that are configured with the issuer: %v", err)
	}
}

// R168: the keys of users of own logins, providers and tenants differ, whatever they are called.
func TestSignIn_R168_KeysDiffer(t *testing.T) {
	own := session.User{Issuer: session.OwnIssuer, Subject: "42"}
	tenants := session.User{Tenant: session.OwnIssuer, Issuer: session.OwnIssuer, Subject: "42"}
	if own.Key() == "" || own.Key() == tenants.Key() {
		t.Errorf("keys %s and %s", own.Key(), tenants.Key())
	}
	if u, err := url.Parse(own.Issuer); err != nil || u.IsAbs() || u.Host != "" {
		t.Errorf("the issuer %q is a URL", own.Issuer)
	}
}

// R168: nothing of a provider applies, but the limits of sessions do.
func TestSignIn_R168_LimitsApplyRevalidateDoesNot(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, own := rig.NewOwnLogins(t, keep, rig.Revalidate(time.Hour), func(s *rig.Setup) {
			s.Config.Session.Idle, s.Config.Session.Lifetime = 5*time.Hour, 12*time.Hour
		})
		b, idle := rig.Browser(t), rig.Browser(t)
		app.SignInOwn(t, b, own)
		app.SignInOwn(t, idle, own)
		for range 3 {
			app.Clock.Advance(3 * time.Hour)
			script := app.Get(t, b, "/me", "Sec-Fetch-Mode", "cors", "Accept", rig.AsJSON)
			if body := authtest.Body(t, script); !strings.HasSuffix(body, isOwn) {
				t.Fatalf("a script: status %d: %s", script.StatusCode, body)
			}
			if body := app.Visit(t, b, "/me"); !strings.HasSuffix(body, isOwn) {
				t.Fatalf("%s", body)
			}
		}
		if app.OP.Count("authorize")+app.OP.Count("token") != 0 {
			t.Error("the provider was asked")
		}
		if rig.Alive(t, app, idle) {
			t.Error("an idle session is alive after nine hours")
		}
		app.Clock.Advance(3 * time.Hour)
		if rig.Alive(t, app, b) {
			t.Error("a session is alive after its lifetime")
		}
	})
}

// A session can be shorter than Lifetime, for users who did not ask to be remembered.
func TestSignIn_Expires(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	own.Next.Expires = app.Clock.Now().Add(time.Hour)
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	app.Clock.Advance(59 * time.Minute)
	alive := rig.Alive(t, app, b)
	app.Clock.Advance(time.Minute)
	if !alive || rig.Alive(t, app, b) {
		t.Error("Expires does not end the session")
	}
}

// R168: the session has no tokens, and calling an API as the user is a clear error.
func TestSignIn_R168_HasNoTokens(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	var errs []error
	app.Mux.HandleFunc("/call", func(w http.ResponseWriter, r *http.Request) {
		_, err := app.Auth.Client(w, r)
		_, sourceErr := app.Auth.TokenSource(w, r)
		errs = []error{err, sourceErr}
	})
	app.Mux.Handle("/scope", app.Auth.RequireScope("x")(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/tenant", app.Auth.RequireTenant(func(*http.Request) string { return "" })(
		http.HandlerFunc(app.Guarded)))
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	app.Get(t, b, "/call")
	for _, err := range errs {
		if !errors.Is(err, session.ErrNoTokens) {
			t.Errorf("error %v", err)
		}
	}
	for _, path := range []string{"/scope", "/tenant"} {
		if resp := app.Get(t, b, path); resp.StatusCode != 403 {
			t.Errorf("GET %s: status %d, want 403", path, resp.StatusCode)
		}
	}
}

// R168: signing out ends the session here and asks no provider; EndAll and the list know it.
func TestSignIn_R168_SignOutAndList(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app, own := rig.NewOwnLogins(t, keep)
		b, other := rig.Browser(t), rig.Browser(t)
		app.SignInOwn(t, b, own)
		app.SignInOwn(t, other, own)
		own.Next.User.Subject = "43"
		stranger := rig.Browser(t)
		app.SignInOwn(t, stranger, own)
		app.Get(t, b, "/seen")
		if entries, err := app.Auth.Sessions.List(t.Context(), own.Seen); !errors.Is(err,
			session.ErrNoList) && (err != nil || len(entries) != 2) {
			t.Errorf("my sessions: %+v, %v", entries, err)
		}
		cookies := app.SessionCookies(b)
		resp := app.Post(t, b, "/auth/logout", nil)
		if to := resp.Header.Get("Location"); to != "/auth/logged-out" {
			t.Errorf("status %d, Location %q", resp.StatusCode, to)
		}
		if rig.Presented(t, app, cookies...) != "anonymous" || !rig.Alive(t, app, other) {
			t.Error("the sign-out ended another session, or not this one")
		}
		if !app.Happened("logout", "ok") || app.OP.Count("revoke") != 0 {
			t.Errorf("events %v", app.Outcomes())
		}
		everywhere := &session.Session{
			User: session.User{Issuer: session.OwnIssuer, Subject: "42"}}
		if err := app.Auth.Sessions.EndAll(t.Context(), everywhere); err != nil {
			t.Fatal(err)
		}
		if rig.Alive(t, app, other) || !rig.Alive(t, app, stranger) {
			t.Error("EndAll ended another user's session, or not this user's")
		}
	})
}

// R168: a user of an own login links an account at a provider, and stays signed in as before.
func TestSignIn_R168_LinksWithAProvider(t *testing.T) {
	a := &rig.Accounts{Of: map[string]string{}}
	app, own := rig.NewOwnLogins(t, func(s *rig.Setup) { s.Config.Hooks.Link = a.Link })
	b := rig.Browser(t)
	app.SignInOwn(t, b, own)
	callback := app.Authorize(t, b, rig.BeginLink(t, app, b, "/auth/link/op"), "alice")
	if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	for linked, to := range a.Of {
		if !strings.Contains(linked, app.OP.Issuer()) || to != ` ["own","42"]` {
			t.Errorf("%s was linked to %s", linked, to)
		}
	}
	if who := app.Visit(t, b, "/"); a.Count() != 1 || who != isOwn {
		t.Errorf("%d accounts; signed in as %s", a.Count(), who)
	}
	// Signing out and in again with the provider is another user, whom the application maps.
	app.Post(t, b, "/auth/logout", nil)
	app.SignIn(t, b, "alice", "/me")
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// A login page that offers an own login is shown even if there is only one provider, or none.
func TestSignIn_LoginPage(t *testing.T) {
	for name, providers := range map[string]int{"one provider": 1, "none": 0} {
		app, _ := rig.NewOwnLogins(t, func(s *rig.Setup) {
			if providers == 0 {
				s.Config.Providers = provider.Set{}
			}
			s.Config.LoginPage = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if len(handlers.Choices(r.Context())) != providers {
					t.Errorf("%s: choices %v", name, handlers.Choices(r.Context()))
				}
				w.Write([]byte("the form, then " + handlers.ReturnTo(r.Context())))
			})
		})
		b := rig.Browser(t)
		if body := app.Visit(t, b, "/me?x=1"); body != "the form, then /me?x=1" {
			t.Errorf("%s: %s", name, body)
		}
	}
}

// R84: the return address of an own login's form is checked like that of every login.
func TestSignIn_R84_ReturnTo(t *testing.T) {
	app, _ := rig.NewOwnLogins(t)
	for raw, want := range map[string]string{
		"": "/", "/reports?x=1": "/reports?x=1", "https://evil.example/": "/",
		"//evil.example": "/", `/\evil.example`: "/", "/auth/logout": "/", "javascript:alert(1)": "/",
		app.URL + "/here": "/here", "/\tx": "/",
	} {
		if got := app.Auth.ReturnTo(raw); got != want {
			t.Errorf("ReturnTo(%q) = %q, want %q", raw, got, want)
		}
	}
}

// A session that does not fit into cookies is refused like that of a login.
func TestSignIn_TooLarge(t *testing.T) {
	app, own := rig.NewOwnLogins(t)
	own.Next.Values = map[string]string{"all": strings.Repeat("0123456789abcdef", 4000)}
	resp := app.Post(t, rig.Browser(t), "/own", nil)
	if resp.StatusCode != http.StatusForbidden || len(resp.Header["Set-Cookie"]) > 0 {
		t.Errorf("status %d, %v", resp.StatusCode, own.Err)
	}
}

// fromSite are the headers of a request that a page of another origin sends.
func fromSite(site, origin string) []string {
	return []string{"Sec-Fetch-Site", site, "Origin", origin}
}
