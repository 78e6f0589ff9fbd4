package provider_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R152, R1, R5, R8: state and PKCE as everywhere, the redirect URI from the configuration, and no
// nonce, which no ID token would repeat.
func TestOAuth2_R152_AuthorizationRequest(t *testing.T) {
	app := rig.New(t, rig.PlainOAuth2())
	seen := map[string]bool{}
	for range 50 {
		query := app.BeginLogin(t, rig.Browser(t),
			"/auth/login?state=planted&scope=planted&redirect_uri=planted").Query()
		for _, name := range []string{"state", "code_challenge"} {
			if value := query.Get(name); len(value) < 22 || seen[value] {
				t.Fatalf("%s %q is short, or was used before", name, value)
			}
			seen[query.Get(name)] = true
		}
		for name, want := range map[string]string{
			"response_type": "code", "client_id": authtest.ClientID, "redirect_uri": app.URL +
				"/auth/callback/op", "scope": "profile email", "code_challenge_method": "S256",
			"nonce": "",
		} {
			if got := query.Get(name); got != want {
				t.Fatalf("%s is %q, want %q", name, got, want)
			}
		}
	}
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	r := app.OP.Requests("token")[0]
	if len(r.Form.Get("code_verifier")) < 43 || r.Form.Get("redirect_uri") != app.URL+
		"/auth/callback/op" || len(r.Query) != 0 || r.Form.Has("client_secret") {
		t.Errorf("the token request carries %v %v", r.Query, r.Form)
	}
}

// R152: the profile is fetched with the token that the token endpoint has just issued, in the
// header alone (R80).
func TestOAuth2_R152_ProfileByTheTokenOfThisLogin(t *testing.T) {
	app := rig.New(t, rig.PlainOAuth2())
	var issued string
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { issued = a["access_token"].(string) }
	})
	b := rig.Browser(t)
	if who := authtest.Body(t, app.SignIn(t, b, "alice", "/me")); who != rig.Marker+": "+
		app.Is("alice") {
		t.Errorf("the page says %q", who)
	}
	for _, endpoint := range []string{"user", "emails"} {
		requests := app.OP.Requests(endpoint)
		if len(requests) != 1 || issued == "" ||
			requests[0].Header.Get("Authorization") != "Bearer "+issued ||
			len(requests[0].Query) != 0 || len(requests[0].Form) != 0 {
			t.Errorf("%s: %+v, want one request with the token", endpoint, requests)
		}
	}
}

// R152, R16: an access token from the browser is never accepted, not even beside a good code.
func TestOAuth2_R152_NoTokenFromTheBrowser(t *testing.T) {
	const stolen = "an-access-token-of-another-application"
	for name, change := range map[string]func(url.Values){
		"instead of the code": func(q url.Values) { q.Del("code"); q.Set("access_token", stolen) },
		"beside the code":     func(q url.Values) { q.Set("access_token", stolen) },
		"empty":               func(q url.Values) { q.Set("access_token", "") },
		"as the implicit flow has it": func(q url.Values) {
			q.Del("code")
			q.Set("access_token", stolen)
			q.Set("token_type", "bearer")
			q.Set("expires_in", "3600")
		},
		"an ID token":       func(q url.Values) { q.Set("id_token", "a.b.c") },
		"a JARM response":   func(q url.Values) { q.Set("response", "a.b.c") },
		"an error and code": func(q url.Values) { q.Set("error", "access_denied") },
		"no code":           func(q url.Values) { q.Del("code") },
		"a code twice":      func(q url.Values) { q.Add("code", q.Get("code")) },
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, rig.PlainOAuth2())
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			query := callback.Query()
			change(query)
			callback.RawQuery = query.Encode()
			rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
			if got := app.OP.Count("user"); got != 0 {
				t.Errorf("%d profile requests", got)
			}
			if !app.Happened("login", "invalid_response") {
				t.Errorf("events %v", app.Outcomes())
			}
		})
	}
}

// R155, R13, R14, R17: state is compared in full, in its own browser, once; there is no provider
// without that.
func TestOAuth2_R155_StateIsNeverOptional(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"missing": func(q url.Values) {
			q.Del("state")
		}, "empty": func(q url.Values) {
			q.Set("state", "")
		}, "case": func(q url.Values) { q.Set("state", rig.SwapCase(q.Get("state"))) },
		"foreign": func(q url.Values) {
			q.Set("state", "AAAAAAAAAAAAAAAAAAAAAA")
		}, "twice": func(q url.Values) { q.Add("state", q.Get("state")) },
		"missing in an error": func(q url.Values) {
			q.Del("state")
			q.Del("code")
			q.Set("error", "access_denied")
		},
	} {
		app := rig.New(t, rig.PlainOAuth2())
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/auth/login")
		good := callback.String()
		query := callback.Query()
		change(query)
		callback.RawQuery = query.Encode()
		rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
		// another browser
		rig.WantRefusedCallback(t, app, rig.Browser(t), app.Get(t, rig.Browser(t), good), 0)
		if resp := app.Get(t, b, good); resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: the login that was under way does not complete: status %d", name,
				resp.StatusCode)
		}
		app.Get(t, b, good) // once is enough
		if got := app.OP.Count("token"); got != 1 {
			t.Errorf("%s: %d token requests, want 1", name, got)
		}
	}
	// The provider of the flow cannot be talked out of it either.
	o := &provider.OAuth2{HTTPClient: &http.Client{Transport: noNetwork{t}}}
	for _, callback := range []url.Values{{"code": {"c"}}, {"code": {"c"}, "state": {""}}} {
		if _, err := o.Finish(t.Context(), &provider.Flow{}, callback); err == nil {
			t.Errorf("%v is accepted for a flow without state", callback)
		}
		if key := o.FlowKey(callback); key != "" {
			t.Errorf("%v belongs to flow %q", callback, key)
		}
	}
}

type noNetwork struct{ t *testing.T }

// RoundTrip implements http.RoundTripper.
func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request to %s", r.URL)
	return nil, http.ErrServerClosed
}

// R32: iss is optional here, and has to be right when it is there; where it is promised it has to
// be there.
func TestOAuth2_R32_IssuerOfTheResponse(t *testing.T) {
	promised := func(o *provider.OAuth2) { o.ResponseIssuer = "https://op.example/login/oauth" }
	for name, row := range map[string]struct {
		configure func(*provider.OAuth2)
		change    func(url.Values)
		want      string
	}{
		"there":   {nil, func(url.Values) {}, "ok"},
		"missing": {nil, func(q url.Values) { q.Del("iss") }, "ok"},
		"wrong": {nil, func(q url.Values) {
			q.Set("iss", "https://evil.example")
		}, "issuer_mismatch"},
		"empty": {nil, func(q url.Values) { q.Set("iss", "") }, "issuer_mismatch"},
		"slash added": {nil, func(q url.Values) {
			q.Set("iss", q.Get("iss")+"/")
		}, "issuer_mismatch"},
		"wrong in an error": {nil, func(q url.Values) {
			q.Set("iss", "x")
			q.Del("code")
			q.Set("error", "access_denied")
		}, "issuer_mismatch"},
		"twice": {nil, func(q url.Values) {
			q.Add("iss", q.Get("iss"))
		}, "invalid_response"},
		"promised, there": {promised, func(q url.Values) {
			q.Set("iss", "https://op.example/login/oauth")
		}, "ok"},
		"promised, missing": {promised, func(q url.Values) { q.Del("iss") }, "issuer_mismatch"},
		"promised, another": {promised, func(url.Values) {}, "issuer_mismatch"},
	} {
		configure := func(o *provider.OAuth2) {
			if row.configure != nil {
				row.configure(o)
			}
		}
		app := rig.New(t, rig.PlainOAuth2(configure))
		app.OP.Misbehave(func(f *authtest.Faults) { f.Callback = row.change })
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// R33, R34: OpenID Connect and OAuth 2.0 at one provider, with one client: neither takes what
// belongs to the other.
func TestOAuth2_R33_BesideOpenIDConnect(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": s.OIDC, "plain": s.OP.OAuth2()}
	})
	b := rig.Browser(t)
	for from, to := range map[string]string{"op": "plain", "plain": "op"} {
		callback := app.Callback(t, b, "alice", "/auth/login/"+from)
		crossed := strings.Replace(callback.String(), "/callback/"+from+"?", "/callback/"+to+"?", 1)
		rig.WantRefusedCallback(t, app, b, app.Get(t, b, crossed), 0)
	}
	page := app.Visit(t, b, "/auth/login")
	for _, label := range []string{"Sign in with authtest", "Sign in with authtest (OAuth 2.0)"} {
		if !strings.Contains(page, label) {
			t.Errorf("the chooser does not offer %q", label)
		}
	}
	// R105: a session of one is not one of the other under the same name.
	app.SignIn(t, b, "alice", "/auth/login/op")
	if o := app.OP.OAuth2(); o.Registration() == app.OIDC.Registration() {
		t.Error("both have the same registration")
	}
	app.Server.Config.Handler = app.AgainWith(t, provider.Set{"op": app.OP.OAuth2()})
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after the provider became another: %s", who)
	}
}

// R153: a number and a text are the same ID, every digit is significant, and nothing else is an ID.
func TestOAuth2_R153_StableID(t *testing.T) {
	for name, row := range map[string]struct {
		id   any
		want string // subject, or the outcome
	}{
		"number": {json.Number("1001"), "1001"}, "text": {"1001", "1001"},
		"beyond 53 bits": {json.Number("9007199254740993"), "9007199254740993"},
		"beyond 64 bits": {json.Number("36893488147419103233"), "36893488147419103233"},
		"fraction":       {json.Number("1001.0"), "invalid_userinfo"},
		"exponent": {json.Number("1e3"),
			"invalid_userinfo"}, "negative": {-1, "invalid_userinfo"},
		"true": {true, "invalid_userinfo"}, "null": {nil, "invalid_userinfo"},
		"object": {map[string]int{"id": 1}, "invalid_userinfo"},
		"list":   {[]int{1001}, "invalid_userinfo"}, "empty": {"", "invalid_userinfo"},
		"long": {strings.Repeat("1", 256), "invalid_userinfo"},
	} {
		var s *session.Session
		app := rig.New(t, rig.PlainOAuth2(), rig.KeepLogin(&s))
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { c["id"] = row.id }
		})
		got := rig.TryLogin(t, app)
		if got == "ok" {
			got = s.User.Subject
			if s.User.Issuer != app.OP.Issuer() {
				t.Errorf("%s: issuer %q", name, s.User.Issuer)
			}
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
	missing := rig.New(t, rig.PlainOAuth2())
	missing.OP.Misbehave(func(f *authtest.Faults) {
		f.UserInfo = func(c map[string]any) { delete(c, "id") }
	})
	if got := rig.TryLogin(t, missing); got != "invalid_userinfo" {
		t.Errorf("missing: %s", got)
	}
	for _, body := range []string{`[{"id":1001}]`, `null`, ``, `{"id":1001,"id":1002}`,
		`{"id":1001,"Id":1002}`, `{"id":1001} {}`, `<html>{"id":1001}`, `id=1001`} {
		app := rig.New(t, rig.PlainOAuth2())
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 200, "application/json", body)
		})
		if got := rig.TryLogin(t, app); got != "invalid_userinfo" {
			t.Errorf("%q: %s", body, got)
		}
	}
}

// R153, R37: IDs count within their provider.
func TestOAuth2_R153_NamespacedByProvider(t *testing.T) {
	var s *session.Session
	app := rig.New(t, rig.Second, rig.PlainOAuth2(), rig.KeepLogin(&s), func(s *rig.Setup) {
		elsewhere := s.OP.OAuth2()
		elsewhere.Issuer = "https://elsewhere.example"
		s.Config.Providers = provider.Set{"op": s.Other, "elsewhere": elsewhere}
	})
	keys := map[string]string{}
	for _, name := range []string{"op", "op2", "elsewhere"} {
		b := rig.Browser(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Callback = func(q url.Values) { q.Del("iss") }
		})
		app.SignIn(t, b, "alice", "/auth/login/"+name)
		if app.Visit(t, b, "/") == "anonymous" || s.User.Subject != "1001" {
			t.Fatalf("%s: no login, or subject %q", name, s.User.Subject)
		}
		if other := keys[s.User.Key()]; other != "" {
			t.Errorf("the user of %s and that of %s are the same", name, other)
		}
		keys[s.User.Key()] = name
	}
}

// R61, R62, R67: what must not be followed, swallowed or shown, at the endpoints that there are
// only here.
func TestOAuth2_R62_HostileEndpoints(t *testing.T) {
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request reached the other server")
	}))
	defer evil.Close()
	const marker = "MARKER of the provider"
	for name, row := range map[string]struct {
		handler func(string, http.ResponseWriter, *http.Request) bool
		want    string
	}{
		"token: redirect":  {redirecting("token", evil.URL), "token_error"},
		"user: redirect":   {redirecting("user", evil.URL), "invalid_userinfo"},
		"emails: redirect": {redirecting("emails", evil.URL), "invalid_userinfo"},
		"token: large": {rig.Answer("token", 200, "application/json",
			`{"access_token":"a","x":"`+strings.Repeat("x", 1<<20)+`"}`), "token_error"},
		"user: large": {rig.Answer("user", 200, "application/json",
			`{"id":1,"x":"`+strings.Repeat("x", 1<<20)+`"}`), "invalid_userinfo"},
		"token: a page": {rig.Answer("token", 200, "text/html", marker),
			"token_error"},
		"user: a page": {rig.Answer("user", 403, "text/html", marker),
			"invalid_userinfo"},
		"user: 401": {rig.Answer("user", 401, "application/json",
			`{"message":"`+marker+`"}`), "invalid_userinfo"},
		"user: 500": {rig.Answer("user", 500, "text/html", marker),
			"provider_unavailable"},
		"user: 429": {rig.Answer("user", 429, "text/html", marker),
			"provider_unavailable"},
		"emails: 401": {rig.Answer("emails", 401, "text/html", marker), "ok"},
		"emails: 403": {rig.Answer("emails", 403, "text/html", marker), "ok"},
		"emails: 404": {rig.Answer("emails", 404, "text/html", marker), "ok"},
		"emails: 400": {rig.Answer("emails", 400, "application/json", `[]`),
			"invalid_userinfo"},
		"emails: 503": {rig.Answer("emails", 503, "text/html", marker),
			"provider_unavailable"},
		"emails: not JSON": {rig.Answer("emails", 200, "application/json", marker),
			"invalid_userinfo"},
		"emails: a text": {rig.Answer("emails", 200, "application/json",
			`"`+marker+`"`), "invalid_userinfo"},
		"emails: a name twice": {rig.Answer("emails", 200, "application/json",
			`[{"email":"a","email":"b"}]`), "invalid_userinfo"},
		"emails: an object": {rig.Answer("emails", 200, "application/json",
			`{"values":[]}`), "ok"},
		"token: 500": {rig.Answer("token", 500, "text/html", marker),
			"provider_unavailable"},
		"token: a list": {rig.Answer("token", 200, "application/json", `[]`),
			"token_error"},
		"token: a form where JSON was": {
			rig.Answer("token", 200, "application/x-www-form-urlencoded", "access_token="+marker),
			"token_error"},
	} {
		app := rig.New(t, rig.PlainOAuth2())
		app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = row.handler })
		b := rig.Browser(t)
		page := authtest.Body(t, app.SignIn(t, b, "alice", "/me"))
		if !app.Happened("login", row.want) ||
			(row.want == "ok") != (app.Visit(t, b, "/") != "anonymous") {
			t.Errorf("%s: %v, want %s", name, app.Outcomes(), row.want)
		}
		if strings.Contains(page, "MARKER") || strings.Contains(app.Log(), "MARKER") {
			t.Errorf("%s: the provider's page is shown or logged", name)
		}
	}
}

func redirecting(endpoint, to string) func(string, http.ResponseWriter, *http.Request) bool {
	return func(e string, w http.ResponseWriter, r *http.Request) bool {
		if e == endpoint {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
		return e == endpoint
	}
}

// R71: the secret goes where it is configured to go, and nowhere else.
func TestOAuth2_R71_ClientAuthentication(t *testing.T) {
	for name, row := range map[string]struct {
		configure func(*provider.OAuth2)
		want      string // basic, raw, post, none
	}{
		"default":   {func(o *provider.OAuth2) { o.AuthMethod = "" }, "basic"},
		"in header": {func(o *provider.OAuth2) { o.AuthMethod = "client_secret_basic" }, "basic"},
		"in params": {func(o *provider.OAuth2) { o.AuthMethod = "client_secret_post" }, "post"},
		"raw":       {func(o *provider.OAuth2) { o.Dialect.RawBasic = true }, "raw"},
		"no secret": {func(o *provider.OAuth2) {
			o.ClientSecret = ""
			o.AuthMethod = "client_secret_post"
		}, "none"},
	} {
		app := rig.New(t, rig.PlainOAuth2(row.configure))
		app.SignIn(t, rig.Browser(t), "alice", "/me")
		requests := app.OP.Requests("token")
		if len(requests) != 1 || len(requests[0].Query) != 0 {
			t.Fatalf("%s: %d requests, with a query %v", name, len(requests), requests[0].Query)
		}
		r := requests[0]
		got := "none"
		switch id, secret, _ := strings.Cut(rawBasic(r.Header.Get("Authorization")), ":"); {
		case r.Form.Has("client_secret") && secret != "":
			got = "both"
		case r.Form.Get("client_id") == authtest.ClientID &&
			r.Form.Get("client_secret") == authtest.ClientSecret:
			got = "post"
		case secret == authtest.ClientSecret:
			got = "raw"
		case id == authtest.ClientID && secret == url.QueryEscape(authtest.ClientSecret):
			got = "basic"
		case r.Form.Get("client_id") != authtest.ClientID:
			got = "nothing"
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// R4, R156: PKCE can be left out, but not in public.
func TestOAuth2_R4_WithoutPKCE(t *testing.T) {
	app := rig.New(t, rig.PlainOAuth2(func(o *provider.OAuth2) { o.InsecureNoPKCE = true }))
	app.OP.SetQuirks("pkce-refused")
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Error(got)
	}
	insecure, err := (&provider.OAuth2{InsecureNoPKCE: true, InsecureLoopbackHTTP: true}).Validate()
	if len(insecure) != 2 || err == nil {
		t.Errorf("%v, %v", insecure, err)
	}
}

// R55: OAuth 2.0 does not tell when or how the user signed in, so a page that needs it refuses at
// once, without a redirect.
func TestOAuth2_R55_NoStepUp(t *testing.T) {
	app := rig.New(t, rig.PlainOAuth2())
	app.Mux.Handle("/recent", app.Auth.RequireRecent(0)(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("the handler runs")
	})))
	app.Mux.Handle("/gold", app.Auth.RequireACR("gold")(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		t.Error("the handler runs")
	})))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, path := range []string{"/recent", "/gold"} {
		if resp := app.Get(t, b, path); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", path, resp.StatusCode)
		}
	}
	if !app.Happened("login", "insufficient_authentication") ||
		app.Visit(t, b, "/") != app.Is("alice") {
		t.Errorf("events %v, and %s", app.Outcomes(), app.Visit(t, b, "/"))
	}
}
