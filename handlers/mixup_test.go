package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R32
func TestMixUp_R32_IssuerOfTheResponse(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"wrong":       func(q url.Values) { q.Set("iss", "https://evil.example") },
		"missing":     func(q url.Values) { q.Del("iss") },
		"empty":       func(q url.Values) { q.Set("iss", "") },
		"slash added": func(q url.Values) { q.Set("iss", q.Get("iss")+"/") },
		"case":        func(q url.Values) { q.Set("iss", strings.ToUpper(q.Get("iss"))) },
		"twice":       func(q url.Values) { q.Add("iss", q.Get("iss")) },
	} {
		for _, kind := range []string{"success", "error"} {
			t.Run(name+" in "+kind, func(t *testing.T) {
				app := rig.New(t)
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.Callback = func(q url.Values) {
						change(q)
						if kind == "error" {
							q.Del("code")
							q.Set("error", "access_denied")
						}
					}
				})
				b := rig.Browser(t)
				callback := app.Callback(t, b, "alice", "/auth/login")
				rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
				if app.Happened("login", "access_denied") {
					t.Error("the error response was believed")
				}
			})
		}
	}
}

// R32: a provider that does not promise iss may leave it out.
func TestMixUp_R32_IssuerIsOptionalUnlessPromised(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			delete(m, "authorization_response_iss_parameter_supported")
		}
		f.Callback = func(q url.Values) { q.Del("iss") }
	})
	if got := app.SignIn(t, rig.Browser(t), "alice", "/me").StatusCode; got != http.StatusOK {
		t.Errorf("status %d, want 200", got)
	}
}

// R33, R34
func TestMixUp_R33_CallbackOfAnotherProvider(t *testing.T) {
	app := rig.New(t, rig.Second)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op")
	crossed := strings.Replace(callback.String(), "/callback/op?", "/callback/op2?", 1)
	rig.WantRefusedCallback(t, app, b, app.Get(t, b, crossed), 0)
	if got := app.OP2.Count("token"); got != 0 {
		t.Errorf("the second provider got %d token requests", got)
	}
	for _, authorize := range []string{"op", "op2"} {
		got := app.BeginLogin(t, b, "/auth/login/"+authorize).Query().Get("redirect_uri")
		if want := app.URL + "/auth/callback/" + authorize; got != want {
			t.Errorf("redirect_uri %q, want %q", got, want)
		}
	}
	// R34: the login is still open at its own provider.
	if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("at the right callback: status %d, want 303", resp.StatusCode)
	}
}

// R34: renaming the cookie does not help either, because its name and provider are sealed with it.
func TestMixUp_R34_RenamedFlowCookie(t *testing.T) {
	app := rig.New(t, rig.Second)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op")
	own := app.Cookies(b)
	app.BeginLogin(t, b, "/auth/login/op2")
	var other *http.Cookie
	for _, c := range app.Cookies(b) {
		if c.Name != own[0].Name {
			other = c
		}
	}
	thief := rig.Browser(t)
	app.SetCookies(thief, &http.Cookie{Name: other.Name, Value: own[0].Value})
	for _, path := range []string{callback.String(), strings.Replace(callback.String(), "/op?",
		"/op2?", 1)} {
		rig.WantRefusedCallback(t, app, thief, app.Get(t, thief, path), 0)
	}
}

// R35
func TestMixUp_R35_EndpointsOfOneProviderOnly(t *testing.T) {
	evil := authtest.NewTLSProvider(t)
	app := rig.New(t, rig.Second)
	app.OP2.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["authorization_endpoint"] = app.OP.Issuer() + "/authorize"
			m["token_endpoint"] = evil.Issuer() + "/token"
		}
	})
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op2") // op2 sends the user to op
	app.Get(t, b, callback.String())
	if got := evil.Count("token"); got != 0 {
		t.Errorf("the evil endpoint got %d codes", got)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
}

// R36: what is not offered is refused.
func TestMixUp_R36_OtherWaysToAuthenticate(t *testing.T) {
	// the first needs a key
	for _, method := range []string{"private_key_jwt", "client_secret_jwt", "tls_client_auth"} {
		if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.AuthMethod = method
		})); err == nil {
			t.Errorf("AuthMethod %s is accepted", method)
		}
	}
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"}
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, r := range app.OP.Requests("token") {
		t.Errorf("a token request was sent: %v", r.Form)
	}
}

// R37, R148
func TestMixUp_R37_UsersOfTwoProviders(t *testing.T) {
	app := rig.New(t, rig.Second)
	b1, b2 := rig.Browser(t), rig.Browser(t)
	app.SignIn(t, b1, "alice", "/auth/login/op")
	app.SignIn(t, b2, "alice", "/auth/login/op2")
	if one, two := app.Visit(t, b1, "/"), app.Visit(t, b2, "/"); one == two {
		t.Errorf("the same subject at two providers is one user: %s", one)
	}
	users := []session.User{
		{Issuer: "a", Subject: "b|c"}, {Issuer: "a|b", Subject: "c"},
		{Issuer: `a"`, Subject: `,"b`}, {Issuer: `a","`, Subject: "b"},
		{Issuer: "a", Subject: "B|C"}, {Subject: "b"}, {Issuer: "b"},
		{Issuer: "a\x00", Subject: "b"}, {Issuer: "a", Subject: "\x00b"},
		{Issuer: "a", Subject: "b", Email: "same@example.com"},
		{Issuer: "c", Subject: "b", Email: "same@example.com"},
	}
	keys := map[string]session.User{}
	for _, u := range users {
		if other, taken := keys[u.Key()]; taken {
			t.Errorf("%+v and %+v have the same key", u, other)
		}
		keys[u.Key()] = u
	}
	if (session.User{}).Key() != "" {
		t.Error("a user without issuer and subject has a key")
	}
}

// R148: the email address does not identify the user.
func TestMixUp_R148_SameEmailIsAnotherUser(t *testing.T) {
	app := rig.New(t, rig.Second)
	app.OP2.SetClaims("bob", map[string]any{"email": "alice@example.com", "email_verified": true,
		"preferred_username": "alice", "name": "Alice Adams"})
	b := rig.Browser(t)
	app.SignIn(t, b, "bob", "/auth/login/op2")
	if who := app.Visit(t, b, "/"); strings.Contains(who, app.OP.Issuer()) ||
		!strings.HasSuffix(who, " 1002") {
		t.Errorf("signed in as %s", who)
	}
}

// R39, R40
func TestMixUp_R39_CookiesOfAnotherApplication(t *testing.T) {
	named := func(s *rig.Setup) { s.Config.Session.CookieName = "same" }
	one := rig.New(t, named)
	for name, change := range map[string]func(*rig.Setup){
		"another address": nil,
		"another prefix":  func(s *rig.Setup) { s.Config.Prefix = "/login" },
		"another client":  func(s *rig.Setup) { s.OIDC.ClientID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			other := rig.New(t, named, func(s *rig.Setup) {
				if change != nil {
					change(s)
				}
			})
			b, thief := rig.Browser(t), rig.Browser(t)
			one.SignIn(t, b, "alice", "/me")
			other.SetCookies(thief, one.SessionCookies(b)...)
			if who := other.Visit(t, thief, "/"); who != "anonymous" {
				t.Errorf("a cookie of one application opens another: %s", who)
			}
		})
	}
}

// R39: the same for logins that are under way, also when both applications are the same client.
func TestMixUp_R39_FlowOfAnotherApplication(t *testing.T) {
	named := func(s *rig.Setup) { s.Config.Session.CookieName = "same" }
	one := rig.New(t, named)
	other := rig.New(t, named, func(s *rig.Setup) { s.OIDC = one.OP.OIDC() })
	b, thief := rig.Browser(t), rig.Browser(t)
	callback := one.Callback(t, b, "alice", "/auth/login")
	other.SetCookies(thief, one.Cookies(b)...)
	resp := other.Get(t, thief, other.URL+"/auth/callback/op?"+callback.RawQuery)
	if resp.StatusCode != http.StatusBadRequest || one.OP.Count("token") != 0 {
		t.Errorf("status %d, %d token requests; want 400 and none", resp.StatusCode,
			one.OP.Count("token"))
	}
}

// R40, R158
func TestMixUp_R40_FlowAndSessionAreDifferentThings(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	flow := app.Cookies(b)[0]
	app.Get(t, b, callback.String())
	own := app.SessionCookies(b)[0]

	asSession := rig.Browser(t)
	app.SetCookies(asSession, &http.Cookie{Name: own.Name, Value: flow.Value})
	if who := app.Visit(t, asSession, "/"); who != "anonymous" {
		t.Errorf("a flow passes as a session: %s", who)
	}
	asFlow := rig.Browser(t)
	app.SetCookies(asFlow, &http.Cookie{Name: flow.Name, Value: own.Value})
	rig.WantRefusedCallback(t, app, asFlow, app.Get(t, asFlow, callback.String()), 1)
}
