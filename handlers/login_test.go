package handlers_test

import (
	"encoding/base64"
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

// R1, R12
func TestAuthorizationRequest_R1_FreshRandomValues(t *testing.T) {
	app := rig.New(t)
	seen := map[string]string{}
	for range 300 {
		b := rig.Browser(t)
		resp := app.Get(t, b, "/auth/login")
		if got := resp.Header.Get("Cache-Control"); got != "no-store" {
			t.Fatalf("Cache-Control of the redirect is %q, want no-store", got)
		}
		query := rig.Location(t, resp).Query()
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			value := query.Get(name)
			if len(value) < 22 {
				t.Fatalf("%s %q is shorter than 128 bits", name, value)
			}
			if raw, err := base64.RawURLEncoding.DecodeString(value); err != nil || len(raw) < 16 {
				t.Fatalf("%s %q is not 128 bits of base64url", name, value)
			}
			if other := seen[value]; other != "" {
				t.Fatalf("%s repeats an earlier %s", name, other)
			}
			seen[value] = name
		}
		if got := query.Get("code_challenge_method"); got != "S256" {
			t.Fatalf("code_challenge_method is %q, want S256", got)
		}
	}
}

// R1: the provider of the rig hashes the verifier itself, so a login that succeeds shows the rest.
func TestAuthorizationRequest_R1_VerifierFitsTheChallenge(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	verifier := app.OP.Requests("token")[0].Form.Get("code_verifier")
	if len(verifier) < 43 {
		t.Errorf("code_verifier has %d characters, want 43 or more", len(verifier))
	}
}

// R2
func TestAuthorizationRequest_R2_TakesNothingFromTheLoginRequest(t *testing.T) {
	app := rig.New(t)
	planted := url.Values{}
	for _, name := range []string{
		"state", "nonce", "redirect_uri", "scope", "client_id", "response_type", "response_mode",
		"code_challenge", "prompt", "max_age",
		"acr_values", "login_hint", "request", "request_uri", "resource", "claims",
	} {
		planted.Set(name, "planted-"+name)
	}
	resp := app.Get(t, rig.Browser(t), "/auth/login?"+planted.Encode())
	if location := resp.Header.Get("Location"); strings.Contains(location, "planted") {
		t.Errorf("the authorization request has planted values: %s", location)
	}
}

// R3
func TestAuthorizationRequest_R3_OwnedParametersCannotBeConfigured(t *testing.T) {
	for _, name := range []string{"state", "nonce", "code_challenge", "code_challenge_method",
		"redirect_uri", "client_id", "scope", "response_type", "response_mode", "max_age",
		"request_uri"} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.AuthParams = url.Values{name: {"x"}}
		}))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("AuthParams with %s: error %v, want one that names it", name, err)
		}
	}
	if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
		o.AuthParams = url.Values{"hd": {"a", "b"}}
	})); err == nil {
		t.Error("a repeated parameter is accepted")
	}
}

// R3
func TestAuthorizationRequest_R3_NothingTwiceButResource(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.AuthParams = url.Values{"resource": {"https://a.example", "https://b.example"},
			"prompt": {"consent"}}
	})
	query := app.BeginLogin(t, rig.Browser(t), "/auth/login").Query()
	for name, values := range query {
		if want := map[bool]int{true: 2, false: 1}[name == "resource"]; len(values) != want {
			t.Errorf("%s is there %d times, want %d", name, len(values), want)
		}
	}
	if query.Get("prompt") != "consent" {
		t.Error("a configured parameter is missing")
	}
}

// R4
func TestAuthorizationRequest_R4_PKCEWithoutBeingAdvertised(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { delete(m, "code_challenge_methods_supported") }
	})
	if !app.BeginLogin(t, rig.Browser(t), "/auth/login").Query().Has("code_challenge") {
		t.Error("no code_challenge")
	}
}

// R4, R156
func TestAuthorizationRequest_R4_WithoutPKCEOnlyByAnInsecureSwitch(t *testing.T) {
	c := rig.MinimalConfig(func(o *provider.OIDC) { o.InsecureNoPKCE = true })
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), "InsecureNoPKCE") {
		t.Errorf("error %v, want one that names InsecureNoPKCE", err)
	}
}

// R5
func TestAuthorizationRequest_R5_CodeOnly(t *testing.T) {
	app := rig.New(t)
	if got := app.BeginLogin(t, rig.Browser(t),
		"/auth/login").Query().Get("response_type"); got != "code" {
		t.Errorf("response_type is %q, want code", got)
	}
	for _, responseType := range []string{"token", "id_token token", "code token",
		"code id_token token"} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.AuthParams = url.Values{"response_type": {responseType}}
		}))
		if err == nil || !strings.Contains(err.Error(),
			"access token must not pass through the browser") {
			t.Errorf("response_type %q: error %v, want one that says why", responseType, err)
		}
	}
}

// R6, R20: what the token endpoint gets comes from the flow of this very login.
func TestAuthorizationRequest_R6_FlowHoldsTheTransaction(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	first := app.BeginLogin(t, b, "/auth/login?return_to=/public/a")
	second := app.BeginLogin(t, b, "/auth/login?return_to=/public/b")
	for authorize, want := range map[*url.URL]string{second: "/public/b", first: "/public/a"} {
		resp := app.Get(t, b, app.Authorize(t, b, authorize, "alice").String())
		if got := resp.Header.Get("Location"); got != want {
			t.Errorf("Location %q, want %q", got, want)
		}
	}
	for _, r := range app.OP.Requests("token") {
		if got, want := r.Form.Get("redirect_uri"), app.URL+"/auth/callback/op"; got != want {
			t.Errorf("redirect_uri %q, want %q", got, want)
		}
	}
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Value, "public") ||
			strings.Contains(c.Value, first.Query().Get("state")) {
			t.Errorf("cookie %s is readable", c.Name)
		}
	}
}

// R7
func TestAuthorizationRequest_R7_KeepsTheEndpointsQuery(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.ClientID = "id with &=#+%" })
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["authorization_endpoint"] = m["authorization_endpoint"].(string) + "?tenant=a%26b"
		}
	})
	target := app.BeginLogin(t, rig.Browser(t), "/auth/login")
	if !strings.HasPrefix(target.RawQuery, "tenant=a%26b&") {
		t.Errorf("query %q does not begin with the endpoint's own", target.RawQuery)
	}
	if got := target.Query().Get("client_id"); got != "id with &=#+%" {
		t.Errorf("client_id arrives as %q", got)
	}
}

// R7
func TestAuthorizationRequest_R7_EndpointThatRepeatsAParameterIsRefused(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) {
			m["authorization_endpoint"] = m["authorization_endpoint"].(string) + "?state=fixed"
		}
	})
	if resp := app.Get(t, rig.Browser(t), "/auth/login"); resp.StatusCode < 500 {
		t.Errorf("status %d, want an error", resp.StatusCode)
	}
}

// R8, R141, R142: the redirect URI comes from the configuration.
func TestAuthorizationRequest_R8_RedirectURIFromConfiguration(t *testing.T) {
	app := rig.New(t)
	for _, header := range rig.ForwardingHeaders {
		query := rig.Location(t, app.Get(t, rig.Browser(t), "/auth/login", header[0],
			header[1])).Query()
		if got, want := query.Get("redirect_uri"), app.URL+"/auth/callback/op"; got != want {
			t.Errorf("%s: redirect_uri %q, want %q", header[0], got, want)
		}
	}
	resp := app.Get(t, rig.Browser(t), "/auth/login", "Host", "evil.example")
	if strings.Contains(resp.Header.Get("Location"), "evil.example") {
		t.Errorf("Host reaches the redirect: %s", resp.Header.Get("Location"))
	}
}

// R8
func TestAuthorizationRequest_R8_PlainHTTPIsRefused(t *testing.T) {
	c := rig.MinimalConfig(nil)
	c.BaseURL = "http://app.example.com"
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("error %v, want one about https", err)
	}
}

// R9
func TestAuthorizationRequest_R9_PushedWhenRequired(t *testing.T) {
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["require_pushed_authorization_requests"] = true }
	})
	b := rig.Browser(t)
	uris := map[string]bool{}
	for range 3 {
		query := app.BeginLogin(t, b, "/auth/login").Query()
		if len(query) != 2 || query.Get("client_id") == "" || query.Get("request_uri") == "" {
			t.Fatalf("the browser carries %v, want client_id and request_uri only", query)
		}
		if uris[query.Get("request_uri")] {
			t.Error("a request_uri is used twice")
		}
		uris[query.Get("request_uri")] = true
	}
	pushed := app.OP.Requests("par")[0]
	if pushed.Form.Get("state") == "" || pushed.Form.Get("code_challenge") == "" ||
		pushed.Header.Get("Authorization") == "" {
		t.Errorf("the pushed request lacks parameters or client authentication: %v", pushed.Form)
	}
	if got := app.SignIn(t, rig.Browser(t), "alice", "/me").Request.URL.Path; got != "/me" {
		t.Errorf("the login ends at %s", got)
	}
}

// R9
func TestAuthorizationRequest_R9_NoWayBackToAPlainRequest(t *testing.T) {
	for name, setup := range map[string]func(*rig.Setup){
		"by the provider": func(s *rig.Setup) {
			s.OP.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) {
					m["require_pushed_authorization_requests"] = true
				}
			})
		},
		"by the configuration": func(s *rig.Setup) { s.OIDC.PAR = true },
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, setup)
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = rig.Answer("par", http.StatusInternalServerError, "", "")
			})
			resp := app.Get(t, rig.Browser(t), "/auth/login")
			if resp.StatusCode < 500 || resp.Header.Get("Location") != "" {
				t.Errorf("status %d, Location %q; want an error", resp.StatusCode,
					resp.Header.Get("Location"))
			}
		})
	}
	t.Run("no endpoint", func(t *testing.T) {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.PAR = true })
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) {
				delete(m, "pushed_authorization_request_endpoint")
			}
		})
		if resp := app.Get(t, rig.Browser(t), "/auth/login"); resp.StatusCode < 400 {
			t.Errorf("status %d, want an error", resp.StatusCode)
		}
	})
}

// R10, R60, F42
func TestAuthorizationRequest_R10_EndpointMustBeHTTPS(t *testing.T) {
	for _, endpoint := range []string{
		"javascript:alert(1)", "http://op.example/authorize", "//op.example/authorize",
		"/authorize", "", "https://op.example/a#f", "https:///a", "data:text/html,x",
		"http://127.0.0.1/authorize",
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) { m["authorization_endpoint"] = endpoint }
		})
		resp := app.Get(t, rig.Browser(t), "/auth/login")
		if resp.StatusCode != http.StatusInternalServerError || resp.Header.Get("Location") != "" {
			t.Errorf("%q: status %d, Location %q; want 500", endpoint, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
}

// R11
func TestAuthorizationRequest_R11_OpenIDIsAlwaysAskedFor(t *testing.T) {
	for want, scopes := range map[string][]string{
		"openid profile email": nil,
		"openid email":         {"email"},
		"openid":               {"openid", "openid"},
	} {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.Scopes = scopes })
		if got := app.BeginLogin(t, rig.Browser(t),
			"/auth/login").Query().Get("scope"); got != want {
			t.Errorf("Scopes %v ask for %q, want %q", scopes, got, want)
		}
	}
}

// R55: the hook and the configuration can ask for more, and the request carries it.
func TestAuthorizationRequest_CarriesWhatTheApplicationAsks(t *testing.T) {
	age := 5 * time.Minute
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Begin = func(r *http.Request, f *provider.Flow) error {
			f.Request = provider.Request{Prompt: "login", MaxAge: &age,
				ACRValues: []string{"a", "b"}, LoginHint: "alice@example.com",
				UILocales: []string{"de"}, Scopes: []string{"calendar"}}
			f.RedirectURI = "https://evil.example/"
			return nil
		}
	})
	query := app.BeginLogin(t, rig.Browser(t), "/auth/login").Query()
	for name, want := range map[string]string{
		"prompt": "login", "max_age": "300", "acr_values": "a b", "login_hint": "alice@example.com",
		"ui_locales": "de",
		"scope":      "openid profile email calendar", "redirect_uri": app.URL +
			"/auth/callback/op",
	} {
		if got := query.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// F53: a browser has at most eight logins under way. The oldest one goes; the others can be
// finished.
func TestLogin_F53_EightFlows(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	var begun []*url.URL
	for range 9 {
		begun = append(begun, app.BeginLogin(t, b, "/auth/login"))
		app.Clock.Advance(time.Second)
	}
	flows := 0
	for _, c := range app.Cookies(b) {
		if strings.Contains(c.Name, "-flow-") {
			flows++
		}
	}
	if flows != 8 {
		t.Errorf("the browser keeps %d logins, want 8", flows)
	}
	finish := func(authorize *url.URL) int {
		callback := app.Authorize(t, b, authorize, "alice")
		return app.Get(t, b, callback.RequestURI(), "Sec-Fetch-Site", "cross-site").StatusCode
	}
	if got := finish(begun[0]); got == http.StatusSeeOther || !app.Happened("login", "no_flow") {
		t.Errorf("the oldest login: status %d, %v", got, app.Outcomes())
	}
	for i, authorize := range begun[1:] {
		if got := finish(authorize); got != http.StatusSeeOther {
			t.Errorf("login %d: status %d, %v", i+1, got, app.Outcomes())
		}
	}
}
