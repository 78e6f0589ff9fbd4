package sallyport_test

import (
	"context"
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

// callbackAt makes the provider of the rig choose its redirect URI.
func callbackAt(path string) func(*rig.Setup) {
	return func(s *rig.Setup) {
		s.OIDC.Callback = path
		if o, ok := s.Other.(*provider.OAuth2); ok {
			o.Callback = path
		}
		if o, ok := s.Other.(*provider.OAuth1); ok {
			o.Callback = path
		}
	}
}

func TestCallback_R165_ChosenPath(t *testing.T) {
	for name, setup := range map[string]func(*rig.Setup){
		"OpenID Connect": func(*rig.Setup) {},
		"form_post":      func(s *rig.Setup) { s.OIDC.FormPost = true },
		"OAuth 2.0":      func(s *rig.Setup) { s.Other = s.OP.OAuth2() },
		"OAuth 1.0a":     rig.OAuth1(),
	} {
		for _, path := range []string{"/authorize", "/oauth/v1/callback/"} {
			t.Run(name+" "+path, func(t *testing.T) {
				app := rig.New(t, setup, rig.Second, callbackAt(path))
				uris := app.Auth.RedirectURIs()
				if uris["op"].Redirect != app.URL+path ||
					uris["op2"].Redirect != app.URL+"/auth/callback/op2" {
					t.Errorf("redirect URIs %v", uris)
				}
				b := rig.Browser(t)
				authtest.SignIn(t, b, app.URL+"/auth/login/op?return_to=/me", "alice")
				if app.Visit(t, b, "/") == "anonymous" {
					t.Errorf("the login failed:\n%s", app.Log())
				}
				if resp := app.Get(t, b, "/auth/callback/op?state=x"); resp.StatusCode != 404 {
					t.Errorf("the default callback: status %d", resp.StatusCode)
				}
			})
		}
	}
}

// The checks of callbacks are the same there: R13, R18, R34.
func TestCallback_R165_Hostile(t *testing.T) {
	app := rig.New(t, rig.Second, callbackAt("/authorize"))
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login/op?return_to=/me")
	if callback.Path != "/authorize" {
		t.Fatalf("the callback is %s", callback)
	}
	other := rig.Browser(t)
	mixed := *callback
	mixed.Path = "/auth/callback/op2"
	for name, resp := range map[string]*http.Response{
		"another browser":  app.Get(t, other, callback.String()),
		"another provider": app.Get(t, b, mixed.String()),
		"no state":         app.Get(t, b, "/authorize?code=x"),
		"POST":             app.Post(t, b, callback.RequestURI(), url.Values{}),
		"HEAD":             app.Do(t, b, http.MethodHead, callback.RequestURI(), nil),
		"a path below":     app.Get(t, b, "/authorize/x?"+callback.RawQuery),
		"another host":     app.Get(t, b, callback.RequestURI(), "Host", "evil.example"),
	} {
		if resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	if app.OP.Count("token") != 0 || app.OP2.Count("token") != 0 {
		t.Error("a code was redeemed")
	}
	if got := app.Get(t, b, callback.String()).Header.Get("Location"); got != "/me" {
		t.Errorf("afterwards the login leads to %q", got)
	}
	// R86: nothing leads back to the callback
	for _, returnTo := range []string{"/authorize", "/authorize?code=x", "/x/../authorize",
		"/authorize/", "/%61uthorize"} {
		if got := app.Auth.ReturnTo(returnTo); got != "/" {
			t.Errorf("return_to %s leads to %s", returnTo, got)
		}
	}
}

func TestCallback_R165_Clashes(t *testing.T) {
	for callback, want := range map[string]string{
		"authorize":                    "not a plain path",
		"/":                            "not a plain path",
		"//evil.example":               "not a plain path",
		"/a/../b":                      "not a plain path",
		"/a?b":                         "not a plain path",
		"/a%2Fb":                       "not a plain path",
		"https://app.example.com/a":    "not a plain path",
		"/auth":                        "inside of Prefix /auth",
		"/auth/":                       "inside of Prefix /auth",
		"/auth/login":                  "inside of Prefix /auth",
		"/auth/callback/op":            "inside of Prefix /auth",
		"/auth/callback/other":         "inside of Prefix /auth",
		"/Auth/x":                      "inside of Prefix /auth",
		"/app/":                        "is the start page",
		"/app":                         "is the start page",
		"/confirm":                     "is StepUpPage",
		"/oauth/other":                 `the callback of provider "aaa"`,
		"/OAuth/Other/":                `the callback of provider "aaa"`,
		strings.Repeat("/a", 3) + "/.": "not a plain path",
	} {
		c := rig.MinimalConfig(func(o *provider.OIDC) { o.Callback = callback })
		c.Home, c.StepUpPage = "/app/", "/confirm"
		c.Providers["aaa"] = &provider.OIDC{Issuer: "https://other.example", ClientID: "c",
			Callback: "/oauth/other"}
		_, err := sallyport.New(c)
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), `provider "op": Callback`) {
			t.Errorf("%q: %v, want %q", callback, err, want)
		}
	}
}

// A tenant's provider cannot choose: its callback would be that of no tenant.
func TestCallback_R165_Tenant(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		p := s.OP.OIDC()
		p.Callback = "/authorize"
		s.Config.Tenants.Find = func(context.Context, string) (provider.Provider, error) {
			return p, nil
		}
	})
	resp := app.Get(t, rig.Browser(t), "/auth/login/acme")
	if resp.StatusCode < 500 || !strings.Contains(app.Log(), "is for configured providers") {
		t.Errorf("status %d\n%s", resp.StatusCode, app.Log())
	}
}

// An application below a path: the callback is below it too, however requests arrive.
func TestCallback_R165_R167_BelowAPath(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/app/auth/login/op?return_to=/app/me")
		if callback.Path != "/app/authorize" ||
			app.Auth.RedirectURIs()["op"].Redirect != app.URL+"/app/authorize" {
			t.Fatalf("the callback is %s", callback)
		}
		if got := app.Get(t, b, callback.String()).Header.Get("Location"); got != "/app/me" {
			t.Errorf("the login leads to %q\n%s", got, app.Log())
		}
		if got := app.Auth.ReturnTo("/app/authorize?x"); got != "/app/" {
			t.Errorf("the callback is a return address: %s", got)
		}
	}, callbackAt("/authorize"))
}

// A silent login below a path comes back to the page (R31).
func TestSilentLogin_R31_R167_BelowAPath(t *testing.T) {
	belowPath(t, func(t *testing.T, app *rig.App) {
		b := rig.Browser(t)
		resp := app.Get(t, b, "/app/public/a?x=1")
		silent := "/app/auth/silent?return_to=" + url.QueryEscape("/app/public/a?x=1")
		if got := resp.Header.Get("Location"); got != silent {
			t.Fatalf("the first visit leads to %q, want %q", got, silent)
		}
		if got := app.Visit(t, b, silent); got != "anonymous" {
			t.Errorf("the page says %q", got)
		}
		if app.OP.Count("authorize") != 1 {
			t.Errorf("%d attempts", app.OP.Count("authorize"))
		}
	}, func(s *rig.Setup) { s.Config.SilentLogin = true })
}

func TestRedirectURIs_All(t *testing.T) {
	c := rig.MinimalConfig(nil)
	c.Providers["plain"] = &provider.OAuth2{ClientID: "c", Endpoints: provider.Endpoints{
		Authorization: "https://plain.example/authorize", Token: "https://plain.example/token"},
		UserFields: provider.Fields{ID: "id"}}
	c.ThirdPartyLogin, c.FrontchannelLogout = true, true
	c.Session.Revocations = session.NewMemoryRevocations(nil)
	auth, err := sallyport.New(c)
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://app.example.com/auth/"
	got := auth.RedirectURIs()
	if want := (sallyport.RegisteredURIs{
		Redirect: base + "callback/op", PostLogout: base + "logged-out",
		BackchannelLogout:  base + "backchannel/op",
		FrontchannelLogout: base + "frontchannel/op", InitiateLogin: base + "login",
	}); got["op"] != want {
		t.Errorf("op: %+v", got["op"])
	}
	if want := (sallyport.RegisteredURIs{Redirect: base + "callback/plain"}); got["plain"] != want {
		t.Errorf("plain: %+v", got["plain"])
	}
	c.ThirdPartyLogin, c.FrontchannelLogout, c.Session.Revocations = false, false, nil
	if auth, err = sallyport.New(c); err != nil {
		t.Fatal(err)
	}
	if want := (sallyport.RegisteredURIs{
		Redirect: base + "callback/op", PostLogout: base + "logged-out",
	}); auth.RedirectURIs()["op"] != want {
		t.Errorf("without options: %+v", auth.RedirectURIs()["op"])
	}
}
