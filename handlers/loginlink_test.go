package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// link makes a login link.
func link(t *testing.T, app *rig.App, req provider.Request, returnTo string) string {
	t.Helper()
	path, err := app.Auth.LoginURLWith(req, returnTo)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// refusedLink opens a login link and checks that no login starts.
func refusedLink(t *testing.T, app *rig.App, path string) {
	t.Helper()
	b := rig.Browser(t)
	resp := app.Get(t, b, path)
	if resp.StatusCode != http.StatusBadRequest || len(app.Cookies(b)) != 0 {
		t.Errorf("%.80s: status %d, cookies %v", path, resp.StatusCode, app.Cookies(b))
	}
}

func TestLoginURLWith_R164_SealedRequest(t *testing.T) {
	app := rig.New(t)
	age := 5 * time.Minute
	path := link(t, app, provider.Request{
		Prompt: "login", MaxAge: &age, ACRValues: []string{"gold", "silver"}, LoginHint: "a&b",
		UILocales: []string{"de", "en"}, Scopes: []string{"reports"},
		Params: url.Values{"organization": {"org_4711"}, "kc_idp_hint": {"a+b c"}},
	}, "/me/reports?a=1")
	if strings.Contains(path, "org_4711") || len(path) > 2048 {
		t.Errorf("the link is readable or too long: %s", path)
	}
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, path)
	for name, want := range map[string]string{
		"prompt": "login", "max_age": "300", "acr_values": "gold silver", "login_hint": "a&b",
		"ui_locales": "de en", "organization": "org_4711", "kc_idp_hint": "a+b c",
	} {
		if got := authorize.Query()[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(authorize.Query().Get("scope"), "reports") {
		t.Errorf("scope: %q", authorize.Query().Get("scope"))
	}
	plain := app.BeginLogin(t, b, link(t, app, provider.Request{Params: url.Values{
		"organization": {"org_1"}}}, "/me/reports?a=1"))
	callback := app.Authorize(t, b, plain, "alice")
	if got := app.Get(t, b, callback.String()).Header.Get("Location"); got != "/me/reports?a=1" {
		t.Errorf("the login leads to %q", got)
	}
}

// A link is for one purpose, one provider and one day; the query cannot change what it carries.
func TestLoginURLWith_R164_Hostile(t *testing.T) {
	app := rig.New(t, rig.Second, func(s *rig.Setup) {
		s.Config.LoginParams = []string{"organization"}
	})
	org := url.Values{"organization": {"org_4711"}}
	any := link(t, app, provider.Request{Params: org}, "")
	own := link(t, app, provider.Request{Provider: "op", Params: org}, "")
	sealed := func(path string) string { return path[strings.Index(path, "with=")+len("with="):] }
	for name, path := range map[string]string{
		"another provider": "/auth/login/op2?with=" + sealed(own),
		"no provider":      "/auth/login/op2?return_to=/me&with=" + sealed(own),
		"changed":          "/auth/login/op?with=x" + sealed(own)[1:],
		"cut":              own[:len(own)-1],
		"longer":           own + "A",
		"empty":            "/auth/login/op?with=",
		"repeated":         own + "&with=" + sealed(own),
		"too long":         "/auth/login/op?with=" + strings.Repeat("A", 5000),
		"not sealed":       "/auth/login/op?with=" + url.QueryEscape(`{"req":{"prompt":"none"}}`),
	} {
		t.Run(name, func(t *testing.T) { refusedLink(t, app, path) })
	}
	for _, path := range []string{own, "/auth/login/op?with=" + sealed(any)} {
		got := app.BeginLogin(t, rig.Browser(t), path+"&organization=org_evil").Query()
		if values := got["organization"]; len(values) != 1 || values[0] != "org_4711" {
			t.Errorf("organization=%q", values)
		}
	}
	// a flow cookie or a state of ours is no link, and a link no state
	b := rig.Browser(t)
	state := app.BeginLogin(t, b, "/auth/login/op").Query().Get("state")
	refusedLink(t, app, "/auth/login/op?with="+state)
	for _, c := range app.Cookies(b) {
		refusedLink(t, app, "/auth/login/op?with="+c.Value)
	}
	resp := app.Get(t, b, "/auth/callback/op?code=x&state="+sealed(own))
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a link as state: status %d", resp.StatusCode)
	}
	app.Clock.Advance(24*time.Hour - time.Second)
	app.BeginLogin(t, rig.Browser(t), own)
	app.Clock.Advance(time.Second)
	refusedLink(t, app, own)
	if !strings.Contains(app.Log(), "was made 24h0m0s ago and is valid for 24h0m0s") {
		t.Error("the log does not say that the link has expired")
	}
	app.Clock.Advance(-25 * time.Hour)
	refusedLink(t, app, own)
}

func TestLoginURLWith_R164_Rejects(t *testing.T) {
	app := rig.New(t)
	negative := -time.Second
	for want, req := range map[string]provider.Request{
		`"state" is set by the library`: {Params: url.Values{"state": {"x"}}},
		`"Client_Assertion" is set`:     {Params: url.Values{"Client_Assertion": {"x"}}},
		`set Request.Prompt`:            {Params: url.Values{"prompt": {"none"}}},
		`must have one value`:           {Params: url.Values{"hd": {"a", "b"}}},
		`more than the 2048`:            {Params: url.Values{"x": {strings.Repeat("a", 2048)}}},
		`MaxAge: -1s is negative`:       {MaxAge: &negative},
	} {
		path, err := app.Auth.LoginURLWith(req, "")
		if err == nil || !strings.Contains(err.Error(), want) || path != "" {
			t.Errorf("%q, %v, want %q", path, err, want)
		}
	}
}

// The choice of a provider keeps what a link carries.
func TestLoginURLWith_R164_Choice(t *testing.T) {
	app := rig.New(t, rig.Second, func(s *rig.Setup) {
		s.Config.LoginParams = []string{"screen_hint", "login_hint"}
	})
	b := rig.Browser(t)
	path := link(t, app, provider.Request{Params: url.Values{"organization": {"org_1"}}}, "/me")
	page := authtest.Body(t, app.Get(t, b, path+"&screen_hint=signup&login_hint=al%26ice&x=1"))
	_, href, _ := strings.Cut(page, `href="/auth/login/op?`)
	href, _, _ = strings.Cut(href, `"`)
	query := strings.ReplaceAll(href, "&amp;", "&")
	got := app.BeginLogin(t, b, "/auth/login/op?"+query).Query()
	if got.Get("organization") != "org_1" || got.Get("screen_hint") != "signup" ||
		got.Get("login_hint") != "al&ice" || got.Has("x") || !strings.Contains(query, "return_to") {
		t.Errorf("the choice leads to %s, which requests %v", query, got)
	}
}

// The unsealed query carries only what the application allows by name.
func TestLoginParams_R164_Allowed(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.LoginParams = []string{"screen_hint", "login_hint", "ui_locales"}
	})
	got := app.BeginLogin(t, rig.Browser(t), "/auth/login/op?screen_hint=sign%20up"+
		"&login_hint=alice&ui_locales=de+en&organization=x&state=x&Screen_hint=y&prompt=none").Query()
	for name, want := range map[string]string{"screen_hint": "sign up", "login_hint": "alice",
		"ui_locales": "de en", "organization": "", "Screen_hint": "", "prompt": ""} {
		if got.Get(name) != want || len(got[name]) > 1 {
			t.Errorf("%s=%q, want %q", name, got[name], want)
		}
	}
	if got.Get("state") == "x" || len(got["state"]) != 1 {
		t.Errorf("state=%q", got["state"])
	}
	for name, query := range map[string]string{
		"repeated": "screen_hint=a&screen_hint=b", "control": "screen_hint=a%00",
		"line end": "login_hint=a%0d%0ab", "not UTF-8": "screen_hint=%ff",
		"long": "screen_hint=" + strings.Repeat("a", 513),
	} {
		t.Run(name, func(t *testing.T) { refusedLink(t, app, "/auth/login/op?"+query) })
	}
}

func TestLoginParams_R164_Mistakes(t *testing.T) {
	for name, want := range map[string]string{
		"state": "set by the library", "STATE": "set by the library", "prompt": "Request.Prompt",
		"resource": "AuthParams", "claims": "Auth.LoginURLWith", "return_to": "already",
		"with": "already", "iss": "already", "": "not the name", "a b": "not the name",
		"Login_Hint": "Request.LoginHint", "request_uri": "set by the library",
	} {
		c := rig.MinimalConfig(func(*provider.OIDC) {})
		c.LoginParams = []string{name}
		if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "LoginParams") {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	c := rig.MinimalConfig(func(*provider.OIDC) {})
	c.LoginParams = []string{"screen_hint", "screen.hint"}
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), "duplicate") {
		t.Errorf("two spellings: %v", err)
	}
}

func TestDefaultProvider(t *testing.T) {
	app := rig.New(t, rig.Second, func(s *rig.Setup) { s.Config.DefaultProvider = "op2" })
	b := rig.Browser(t)
	if got := app.BeginLogin(t, b, "/auth/login"); !strings.HasPrefix(got.String(),
		app.OP2.Issuer()) {
		t.Errorf("a login without a name goes to %s", got)
	}
	if got := app.BeginLogin(t, b, "/auth/login/op"); !strings.HasPrefix(got.String(),
		app.OP.Issuer()) {
		t.Errorf("a login with a name goes to %s", got)
	}
	c := rig.MinimalConfig(func(*provider.OIDC) {})
	c.DefaultProvider = "missing"
	if _, err := sallyport.New(c); err == nil ||
		!strings.Contains(err.Error(), `DefaultProvider "missing" is not one of Providers`) {
		t.Errorf("an unknown default: %v", err)
	}
}
