package requirements_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// begins is a Hooks.Begin that sets parameters of the authorization request.
func begins(params url.Values) func(*rig.Setup) {
	return func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(_ *http.Request, f *provider.Flow) error {
			f.Request.Params = params
			return nil
		}
	}
}

var perLogin = url.Values{"organization": {"org_4711"}, "authorization_details": {`[{"a":"b c"}]`}}

// wantPerLogin checks that a request has the parameters of the login, once.
func wantPerLogin(t *testing.T, got url.Values) {
	t.Helper()
	for name, want := range perLogin {
		if len(got[name]) != 1 || got[name][0] != want[0] {
			t.Errorf("%s=%q, want %q", name, got[name], want)
		}
	}
}

func TestLoginParams_R164_ReachTheProvider(t *testing.T) {
	for name, setup := range map[string]func(*rig.Setup){
		"OpenID Connect": func(s *rig.Setup) {
			s.OIDC.AuthParams = url.Values{"organization": {"org_1"}}
		},
		"OAuth 2.0": func(s *rig.Setup) {
			o := s.OP.OAuth2()
			o.AuthParams = url.Values{"Organization": {"org_1"}}
			s.Other = o
		},
		"OAuth 1.0a": rig.OAuth1(),
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, setup, begins(perLogin))
			b := rig.Browser(t)
			authorize := app.BeginLogin(t, b, "/auth/login/op")
			wantPerLogin(t, authorize.Query())
			if authorize.Query().Has("Organization") {
				t.Error("the configured parameter is sent as well")
			}
			resp := app.Get(t, b, app.Authorize(t, b, authorize, "alice").String())
			if resp.StatusCode != http.StatusSeeOther || app.Visit(t, b, "/") == "anonymous" {
				t.Errorf("status %d\n%s", resp.StatusCode, app.Log())
			}
		})
	}
}

// With PAR they are pushed, and the browser does not see them.
func TestLoginParams_R164_PushedAuthorizationRequest(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.PAR = true })
	path, err := app.Auth.LoginURLWith(provider.Request{Params: perLogin}, "/me")
	if err != nil {
		t.Fatal(err)
	}
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, path)
	wantPerLogin(t, app.OP.Requests("par")[0].Form)
	if q := authorize.Query(); len(q) != 2 || !q.Has("request_uri") || !q.Has("client_id") {
		t.Errorf("the browser gets %v", q)
	}
	app.Get(t, b, app.Authorize(t, b, authorize, "alice").String())
	if app.Visit(t, b, "/") != app.Is("alice") {
		t.Error("the login failed")
	}
}

func TestLoginParams_R164_OwnedByTheLibrary(t *testing.T) {
	oauth2 := func(s *rig.Setup) {
		o := s.OP.OAuth2()
		o.AuthNames = map[string]string{"client_id": "appid"}
		s.OP.SetQuirks("appid")
		s.Other = o
	}
	oidc := func(*rig.Setup) {}
	for _, row := range []struct {
		setup  func(*rig.Setup)
		params url.Values
		want   string
	}{
		{oidc, url.Values{"nonce": {"x"}}, `"nonce" is set by the library`},
		{oidc, url.Values{"Redirect_Uri": {"x"}}, `"Redirect_Uri" is set by the library`},
		{oidc, url.Values{"code.challenge": {"x"}}, `"code.challenge" is set by the library`},
		{oidc, url.Values{"client_assertion_type": {"x"}}, `is set by the library`},
		{oidc, url.Values{"scope": {"x"}}, `set Request.Scopes`},
		{oidc, url.Values{"hd": {"a", "b"}}, `"hd" must have one value`},
		{oidc, url.Values{"hd": {"a"}, "HD": {"b"}}, `"HD" and "hd" are the same`},
		{oidc, url.Values{"claims": {"{"}}, `"claims": `},
		{oauth2, url.Values{"AppID": {"x"}}, `"AppID" is set by the library`},
		{oauth2, url.Values{"code_challenge": {"x"}}, `"code_challenge" is set by the library`},
		{oauth2, url.Values{"claims": {`{"id_token":{"acr":{"essential":true}}}`}},
			"need OpenID Connect"},
		{rig.OAuth1(), url.Values{"oauth_token": {"x"}}, `"oauth_token" is set by the library`},
		{rig.OAuth1(), url.Values{"OAuth_Callback": {"x"}}, `is set by the library`},
		{rig.OAuth1(), url.Values{"state": {"x"}}, `"state" is set by the library`},
	} {
		app := rig.New(t, row.setup, begins(row.params))
		resp := app.Get(t, rig.Browser(t), "/auth/login/op")
		if resp.StatusCode != http.StatusInternalServerError ||
			!strings.Contains(strings.ReplaceAll(app.Log(), `\"`, `"`), row.want) {
			t.Errorf("%v: status %d, the log lacks %q:\n%s", row.params, resp.StatusCode,
				row.want, app.Log())
		}
	}
}

// What the claims parameter requires of the sign-in is verified, whether it comes from the login or
// from the configuration.
func TestLoginParams_R164_ClaimsAreVerified(t *testing.T) {
	const (
		gold = `{"id_token":{"acr":{"essential":true,"values":["gold","platinum"]}}}`
		some = `{"id_token":{"acr":{"essential":true}}}`
		when = `{"id_token":{"auth_time":{"essential":true}}}`
		user = `{"id_token":{"sub":{"value":"1001"}}}`
		free = `{"id_token":{"acr":null,"auth_time":null,"email":{"essential":true}}}`
	)
	for name, row := range map[string]struct {
		claims string
		change func(map[string]any)
		want   string
	}{
		"acr":            {gold, func(m map[string]any) { m["acr"] = "gold" }, "ok"},
		"lower acr":      {gold, func(m map[string]any) { m["acr"] = "bronze" }, ""},
		"no acr":         {gold, func(m map[string]any) { delete(m, "acr") }, ""},
		"acr of a list":  {gold, func(m map[string]any) { m["acr"] = []string{"gold"} }, ""},
		"any acr":        {some, func(m map[string]any) { m["acr"] = "bronze" }, "ok"},
		"not any acr":    {some, func(m map[string]any) { delete(m, "acr") }, ""},
		"auth_time":      {when, func(map[string]any) {}, "ok"},
		"no auth_time":   {when, func(m map[string]any) { delete(m, "auth_time") }, ""},
		"null auth_time": {when, func(m map[string]any) { m["auth_time"] = nil }, ""},
		"user":           {user, func(map[string]any) {}, "ok"},
		"other user":     {user, func(m map[string]any) { m["sub"] = "1002" }, ""},
		"voluntary":      {free, func(m map[string]any) { delete(m, "acr") }, "ok"},
	} {
		if row.want == "" {
			row.want = "insufficient_authentication"
		}
		for from, setup := range map[string]func(*rig.Setup){
			"login": begins(url.Values{"claims": {row.claims}}),
			"configuration": func(s *rig.Setup) {
				s.OIDC.AuthParams = url.Values{"claims": {row.claims}}
			},
		} {
			t.Run(name+" "+from, func(t *testing.T) {
				app := rig.New(t, setup, func(s *rig.Setup) { s.OIDC.UserInfo = "never" })
				app.OP.Misbehave(func(f *authtest.Faults) { f.IDToken = row.change })
				if got := rig.TryLogin(t, app); got != row.want {
					t.Errorf("outcome %s, want %s\n%s", got, row.want, app.Log())
				}
			})
		}
	}
}

// R3
func TestAuthParams_R3_OwnedInAnySpelling(t *testing.T) {
	for _, name := range []string{"State", "CLIENT_ASSERTION", "client_assertion_type",
		"code.challenge", "dpop_jkt", "Response-Type", "Max_Age"} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.AuthParams = url.Values{name: {"x"}}
		}))
		if err == nil || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("AuthParams with %s: %v", name, err)
		}
	}
	_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
		o.AuthParams = url.Values{"claims": {`{"userinfo":{"acr":{"essential":true}}}`}}
	}))
	if err == nil || !strings.Contains(err.Error(), `AuthParams "claims": acr must be requested`) {
		t.Errorf("AuthParams with claims: %v", err)
	}
}
