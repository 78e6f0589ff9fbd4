package provider_test

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// signing sets the signature method.
func signing(method string) func(*provider.OAuth1) {
	return func(o *provider.OAuth1) {
		o.SignatureMethod = method
		if method == "RSA-SHA1" {
			o.PrivateKey, o.ClientSecret = authtest.ClientKey(), ""
		}
	}
}

// headerParams reads the Authorization header of a signed request.
func headerParams(t *testing.T, r authtest.Request) map[string]string {
	t.Helper()
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	if !ok {
		t.Fatalf("the request is not signed: %v", r.Header)
	}
	params := map[string]string{}
	for _, part := range strings.Split(rest, ", ") {
		name, value, _ := strings.Cut(part, "=")
		text, err := url.PathUnescape(strings.Trim(value, `"`))
		if _, twice := params[name]; err != nil || twice {
			t.Errorf("bad parameter %s", part)
		}
		params[name] = text
	}
	return params
}

// R154: a whole login, and what goes where in it.
func TestOAuth1_R154_SignIn(t *testing.T) {
	var got *session.Session
	perms := url.Values{"perms": {"read & write"}}
	app := rig.New(t, rig.OAuth1(func(o *provider.OAuth1) {
		o.AuthParams = perms
	}), func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			got = s.Session
			return nil
		}
	})
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, "/auth/login?return_to=/me/reports")
	if q := authorize.Query(); len(q) != 2 || q.Get("oauth_token") == "" ||
		q.Get("perms") != "read & write" || strings.Contains(authorize.RawQuery, "+") {
		t.Errorf("the browser carries %s", authorize.RawQuery)
	}
	callback := app.Authorize(t, b, authorize, "alice")
	resp := app.Get(t, b, callback.String())
	if location := rig.Location(t, resp); location.Path != "/me/reports" {
		t.Errorf("ended at %s", location)
	}
	if who := app.Visit(t, b, "/me"); who != rig.Marker+": "+app.Is("alice") {
		t.Errorf("the page says %q", who)
	}
	if len(perms) != 1 {
		t.Errorf("the configuration has changed: %v", perms)
	}
	want := session.User{
		Issuer: app.OP.Issuer(), Subject: "1001", Name: "Alice Adams", Username: "alice",
		Email: "alice@example.com", EmailVerified: true,
	}
	if u := got.User; u.Issuer != want.Issuer || u.Subject != want.Subject || u.Name != want.Name ||
		u.Username != want.Username ||
		u.Email != want.Email || !u.EmailVerified ||
		!strings.HasSuffix(u.Picture, "/avatar/alice") ||
		strings.Join(u.Roles, " ") != "admin staff" {
		t.Errorf("the user is %+v", u)
	}
	tokens, err := got.Tokens()
	if err != nil || tokens.AccessToken == "" || tokens.Secret == "" ||
		tokens.TokenType != "OAuth" || !tokens.Expiry.IsZero() || tokens.RefreshToken != "" {
		t.Errorf("tokens: %v; type %q, expiry %v", err, tokens.TokenType, tokens.Expiry)
	}
	first, second := app.OP.Requests("oauth1/request_token"), app.OP.Requests("oauth1/access_token")
	if len(first) != 1 || len(second) != 1 {
		t.Fatalf("%d and %d requests, want 1 and 1", len(first), len(second))
	}
	for _, r := range []authtest.Request{first[0], second[0]} {
		if r.Method != "POST" || len(r.Query) != 0 || len(r.Form) != 0 {
			t.Errorf("the credentials are not in the header alone: %v %v", r.Query, r.Form)
		}
		if accept := r.Header.Get("Accept"); !strings.HasPrefix(accept,
			"application/x-www-form-urlencoded") {
			t.Errorf("the answer is wanted as %q", accept)
		}
	}
	begun, redeemed := headerParams(t, first[0]), headerParams(t, second[0])
	back, err := url.Parse(begun["oauth_callback"])
	if err != nil || back.Scheme+"://"+back.Host+back.Path != app.URL+"/auth/callback/op" ||
		len(back.Query().Get("state")) < 22 || len(back.Query()) != 1 {
		t.Errorf("oauth_callback is %q", begun["oauth_callback"])
	}
	if _, early := begun["oauth_token"]; early || begun["oauth_verifier"] != "" ||
		redeemed["oauth_callback"] != "" {
		t.Errorf("parameters in the wrong step: %v, %v", begun, redeemed)
	}
	if begun["oauth_nonce"] == redeemed["oauth_nonce"] || len(begun["oauth_nonce"]) < 22 {
		t.Errorf("nonces %q and %q", begun["oauth_nonce"], redeemed["oauth_nonce"])
	}
	if redeemed["oauth_token"] != authorize.Query().Get("oauth_token") ||
		redeemed["oauth_verifier"] != callback.Query().Get("oauth_verifier") {
		t.Error("the token request is about another login")
	}
	if page := authtest.Body(t, app.Get(t, b, "/me")); app.Leaked(page) != "" {
		t.Error("the page holds a secret")
	}
	// R134: the check of the log, with which every test ends, knows them
	for _, secret := range []string{
		tokens.Secret, tokens.AccessToken, redeemed["oauth_token"], redeemed["oauth_verifier"],
		redeemed["oauth_signature"], back.Query().Get("state"), authtest.ClientSecret,
	} {
		if app.Leaked("x "+secret+" y") == "" ||
			app.Leaked("x "+strings.ReplaceAll(url.QueryEscape(secret), "+", "%20")+" y") == "" {
			t.Errorf("%q would not be found in the log", secret)
		}
	}
}

// R154: request token and secret wait in the sealed cookie, and nowhere in the clear.
func TestOAuth1_R154_SealedFlow(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	b := rig.Browser(t)
	resp := app.Get(t, b, "/auth/login")
	answer, err := url.ParseQuery(string(app.OP.Requests("oauth1/request_token")[0].Answer))
	if err != nil || answer.Get("oauth_token_secret") == "" {
		t.Fatalf("request token %v, %v", answer, err)
	}
	secrets := []string{answer.Get("oauth_token_secret"),
		rig.Location(t, resp).Query().Get("oauth_token")}
	for _, line := range resp.Header["Set-Cookie"] {
		value, _, _ := strings.Cut(line[strings.Index(line, "=")+1:], ";")
		raw, _ := base64.RawURLEncoding.DecodeString(value)
		for _, secret := range secrets {
			if strings.Contains(line, secret) || bytes.Contains(raw, []byte(secret)) {
				t.Errorf("the cookie shows %q", secret)
			}
		}
	}
	if body := authtest.Body(t, resp); strings.Contains(body, secrets[0]) ||
		strings.Contains(resp.Header.Get("Location"), secrets[0]) {
		t.Error("the secret is in the response")
	}
}

// refusedOAuth1 checks that a callback ended in a 4xx page and an outcome, without a session or a
// token request.
func refusedOAuth1(t *testing.T, app *rig.App, b *http.Client, resp *http.Response,
	outcome string) {
	t.Helper()
	if resp.StatusCode < 400 || resp.StatusCode > 499 {
		t.Errorf("status %d, want 4xx", resp.StatusCode)
	}
	if n := app.OP.Count("oauth1/access_token"); n != 0 {
		t.Errorf("%d token requests, want none", n)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("the browser is signed in as %s", who)
	}
	if !app.Happened("login", outcome) {
		t.Errorf("events %v, want %s", app.Outcomes(), outcome)
	}
}

// R13, R15, R154, R155: what a callback must carry, and what it must not.
func TestOAuth1_R155_Callback(t *testing.T) {
	for name, row := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"no state":    {func(q url.Values) { q.Del("state") }, "no_flow"},
		"empty state": {func(q url.Values) { q.Set("state", "") }, "no_flow"},
		"another state": {func(q url.Values) {
			q.Set("state", "AAAAAAAAAAAAAAAAAAAAAA")
		}, "no_flow"},
		"case of the state": {func(q url.Values) {
			q.Set("state", rig.SwapCase(q.Get("state")))
		}, "no_flow"},
		"state twice": {func(q url.Values) { q.Add("state", q.Get("state")) }, "no_flow"},
		"token as state": {func(q url.Values) {
			q.Set("state", q.Get("oauth_token"))
		}, "no_flow"},
		"another token": {func(q url.Values) {
			q.Set("oauth_token", "AAAAAAAAAAAAAAAAAAAAAAAAAA")
		}, "state_mismatch"},
		"no token":    {func(q url.Values) { q.Del("oauth_token") }, "state_mismatch"},
		"empty token": {func(q url.Values) { q.Set("oauth_token", "") }, "state_mismatch"},
		"longer token": {func(q url.Values) {
			q.Set("oauth_token", q.Get("oauth_token")+"A")
		}, "state_mismatch"},
		"case of the token": {func(q url.Values) {
			q.Set("oauth_token", rig.SwapCase(q.Get("oauth_token")))
		}, "state_mismatch"},
		"token twice": {func(q url.Values) {
			q.Add("oauth_token", q.Get("oauth_token"))
		}, "invalid_response"},
		"no verifier": {func(q url.Values) { q.Del("oauth_verifier") }, "invalid_response"},
		"empty verifier": {func(q url.Values) {
			q.Set("oauth_verifier", "")
		}, "invalid_response"},
		"verifier twice": {func(q url.Values) {
			q.Add("oauth_verifier", q.Get("oauth_verifier"))
		}, "invalid_response"},
		"huge verifier": {func(q url.Values) {
			q.Set("oauth_verifier", strings.Repeat("A", 10000))
		}, "invalid_response"},
		"denied": {func(q url.Values) {
			q.Set("denied", q.Get("oauth_token"))
			q.Del("oauth_token")
			q.Del("oauth_verifier")
		}, "access_denied"},
		"denied, with token": {func(q url.Values) {
			q.Set("denied", "yes")
			q.Del("oauth_verifier")
		}, "access_denied"},
		"denied twice": {func(q url.Values) {
			q["denied"] = []string{"a", "b"}
			q.Del("oauth_verifier")
		}, "invalid_response"},
		"denied and agreed": {func(q url.Values) {
			q.Set("denied", q.Get("oauth_token"))
		}, "invalid_response"},
		"denied, no state": {func(q url.Values) {
			q.Set("denied", q.Get("oauth_token"))
			q.Del("oauth_verifier")
			q.Del("state")
		}, "no_flow"},
		"error": {func(q url.Values) {
			q.Set("error", "access_denied")
			q.Del("oauth_verifier")
		}, "access_denied"},
		"error of its own": {func(q url.Values) {
			q.Set("error", "<script>")
			q.Del("oauth_verifier")
		}, "access_denied"},
		"error and agreed": {func(q url.Values) {
			q.Set("error", "access_denied")
		}, "invalid_response"},
		"problem": {func(q url.Values) {
			q.Set("oauth_problem", "user_refused")
			q.Del("oauth_verifier")
		}, "access_denied"},
		"nothing": {func(q url.Values) { clear(q) }, "no_flow"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, rig.OAuth1())
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			query := callback.Query()
			row.change(query)
			callback.RawQuery = query.Encode()
			refusedOAuth1(t, app, b, app.Get(t, b, callback.String()), row.want)
		})
	}
}

// R154: the provider's own No, with the button on its page.
func TestOAuth1_R154_Denied(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	b := rig.Browser(t)
	page := authtest.Submit(t, b, authtest.Open(t, b, app.URL+"/me"),
		url.Values{"username": {"alice"}, "password": {"alice"}})
	resp := authtest.Submit(t, b, page, url.Values{"decision": {"deny"}})
	if !resp.Request.URL.Query().Has("denied") || resp.Request.URL.Query().Has("oauth_token") {
		t.Errorf("the provider sends %s", resp.Request.URL.RawQuery)
	}
	refusedOAuth1(t, app, b, resp, "access_denied")
	if again := app.SignIn(t, b, "alice", "/me"); again.StatusCode != http.StatusOK {
		t.Errorf("a second try: status %d", again.StatusCode)
	}
}

// R13, R154
func TestOAuth1_R154_AnotherBrowser(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	victim := rig.Browser(t)
	callback := app.Callback(t, rig.Browser(t), "alice", "/auth/login")
	refusedOAuth1(t, app, victim, app.Get(t, victim, callback.String()), "no_flow")
	app.BeginLogin(t, victim, "/auth/login") // a login of its own does not help
	refusedOAuth1(t, app, victim, app.Get(t, victim, callback.String()), "no_flow")
}

// R154: the verifier of one login with the state of another, both of this browser.
func TestOAuth1_R154_AnotherLogin(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	b := rig.Browser(t)
	first, second := app.Callback(t, b, "alice", "/auth/login"),
		app.Callback(t, b, "bob", "/auth/login")
	query := first.Query()
	query.Set("state", second.Query().Get("state"))
	first.RawQuery = query.Encode()
	refusedOAuth1(t, app, b, app.Get(t, b, first.String()), "state_mismatch")
}

// R14, R154
func TestOAuth1_R154_OneUse(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login").String()
	kept := app.Cookies(b)
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want 303", resp.StatusCode)
	}
	thief := rig.Browser(t)
	app.SetCookies(thief, kept...) // the very cookies of before
	if resp := app.Get(t, thief, callback); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("with the old cookies: status %d, want 400", resp.StatusCode)
	}
	// F38
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther ||
		resp.Header.Get("Location") != "/" {
		t.Errorf("second time: status %d, Location %q; want 303 and /", resp.StatusCode,
			resp.Header.Get("Location"))
	}
	if n := app.OP.Count("oauth1/access_token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is gone: %s", who)
	}
	if who := app.Visit(t, thief, "/"); who != "anonymous" {
		t.Errorf("the thief is %s", who)
	}
}

// R154: without the confirmation it is not OAuth 1.0a, and the login ends before the browser goes
// anywhere.
func TestOAuth1_R154_CallbackMustBeConfirmed(t *testing.T) {
	change := map[string]func(url.Values){
		"missing": func(a url.Values) {
			a.Del("oauth_callback_confirmed")
		}, "empty": func(a url.Values) { a.Set("oauth_callback_confirmed", "") },
		"false": func(a url.Values) {
			a.Set("oauth_callback_confirmed", "false")
		}, "1": func(a url.Values) { a.Set("oauth_callback_confirmed", "1") },
		"true and more": func(a url.Values) { a.Set("oauth_callback_confirmed", "true ") },
	}
	for name, f := range change {
		app := rig.New(t, rig.OAuth1())
		app.OP.Misbehave(func(faults *authtest.Faults) { faults.OAuth1RequestToken = f })
		resp := app.Get(t, rig.Browser(t), "/auth/login")
		if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("Location") != "" ||
			!strings.Contains(app.Log(), "oauth_callback_confirmed") {
			t.Errorf("%s: status %d, log %s", name, resp.StatusCode, app.Log())
		}
	}
	lenient := rig.New(t, rig.OAuth1(func(o *provider.OAuth1) {
		o.InsecureUnconfirmedCallback = true
	}))
	lenient.OP.Misbehave(func(faults *authtest.Faults) {
		faults.OAuth1RequestToken = change["missing"]
	})
	if got := rig.TryLogin(t, lenient); got != "ok" || !strings.Contains(lenient.Log(),
		"InsecureUnconfirmedCallback") {
		t.Errorf("with the switch: %s, log %s", got, lenient.Log())
	}
	authlib := rig.New(t, rig.OAuth1())
	authlib.OP.Misbehave(func(faults *authtest.Faults) {
		faults.OAuth1RequestToken = func(a url.Values) { a.Set("oauth_callback_confirmed", "True") }
	})
	if got := rig.TryLogin(t, authlib); got != "ok" {
		t.Errorf("True: %s", got)
	}
}

// R156: the switches are refused with a public address, and a broken configuration is refused at
// once.
func TestOAuth1_R156_InsecureSwitches(t *testing.T) {
	o := &provider.OAuth1{
		ClientID: "key", ClientSecret: "secret", Endpoints: provider.Endpoints{
			RequestToken:  "https://p.example/r",
			Authorization: "https://p.example/a",
			Token:         "https://p.example/t",
			UserInfo:      "http://127.0.0.1/me",
		},
		Issuer: "https://p.example", UserFields: provider.Fields{ID: "id"},
		InsecureUnconfirmedCallback: true,
		InsecureLoopbackHTTP:        true,
	}
	config := sallyport.Config{BaseURL: "https://app.example.com", Providers: provider.Set{"op": o},
		Session: session.Config{Secret: rig.Secret}}
	_, err := sallyport.New(config)
	for _, name := range []string{"InsecureUnconfirmedCallback", "InsecureLoopbackHTTP"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one about %s", err, name)
		}
	}
	config.BaseURL = "https://localhost:8443"
	if _, err := sallyport.New(config); err != nil {
		t.Errorf("on this machine: %v", err)
	}
}

// callingOAuth1 is an application whose page /call does what a test wants with the user's client.
func callingOAuth1(t *testing.T, call func(*http.Client) (*http.Response, error),
	change ...func(*provider.OAuth1)) *rig.App {
	t.Helper()
	app := rig.New(t, rig.OAuth1(change...))
	app.Mux.Handle("/call", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		client, err := app.Auth.Client(w, r)
		if err != nil {
			app.Auth.Refuse(w, r, err)
			return
		}
		resp, err := call(client)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		w.WriteHeader(resp.StatusCode)
		w.Write(body)
	})))
	return app
}

const oddForm = "a+b=1%202&a+b=%2B&%C3%BC=%26%3D%25&=x&empty=&bare&a%20b=%E2%98%83"

// R154: each signature method signs in and calls the API, with whatever is in the query and the
// form.
func TestOAuth1_R154_SignatureMethods(t *testing.T) {
	calls := map[string]func(*http.Client) (*http.Response, error){
		"GET": func(c *http.Client) (*http.Response, error) {
			return c.Get("profile")
		},
		"GET with a query": func(c *http.Client) (*http.Response, error) {
			return c.Get("profile?" + oddForm + "&%7E=~!*'()")
		},
		"form": func(c *http.Client) (*http.Response, error) {
			return post(c, "POST", "profile", oddForm)
		},
		"form and query": func(c *http.Client) (*http.Response, error) {
			return post(c, "PUT", "profile?b=2&a=1&a=0", "a=2&b=1")
		},
		"form with DELETE": func(c *http.Client) (*http.Response, error) {
			return post(c, "DELETE", "profile", "a=2")
		},
		"form from a stream": func(c *http.Client) (*http.Response, error) {
			return stream(c, "application/x-www-form-urlencoded", "a=2")
		},
		"JSON": func(c *http.Client) (*http.Response, error) {
			return stream(c, "application/json", `{"a":"100%"}`)
		},
		"from the base's host": func(c *http.Client) (*http.Response, error) {
			return c.Get("/oauth1/profile?q")
		},
		"with a dot and a hash": func(c *http.Client) (*http.Response, error) {
			return c.Get("./profile?a#part")
		},
	}
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"} {
		t.Run(method, func(t *testing.T) {
			var call func(*http.Client) (*http.Response, error)
			app := callingOAuth1(t, func(c *http.Client) (*http.Response, error) {
				return call(c)
			}, signing(method))
			b := rig.Browser(t)
			if page := authtest.Body(t, app.SignIn(t, b, "alice", "/me")); !strings.Contains(page,
				app.Is("alice")) {
				t.Fatalf("no login: %s", app.Log())
			}
			for name, f := range calls {
				call = f
				if resp := app.Get(t, b, "/call"); resp.StatusCode != http.StatusOK ||
					!strings.Contains(authtest.Body(t, resp), `"id":"1001"`) {
					t.Errorf("%s: status %d: %s", name, resp.StatusCode, authtest.Body(t, resp))
				}
			}
			for _, r := range app.OP.Requests("oauth1/profile") {
				if got := headerParams(t, r)["oauth_signature_method"]; got != method {
					t.Errorf("signed with %s", got)
				}
			}
		})
	}
}

func post(c *http.Client, method, address, form string) (*http.Response, error) {
	req, err := http.NewRequest(method, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(req)
}

// stream sends a body that can be read once.
func stream(c *http.Client, media, body string) (*http.Response, error) {
	return c.Post("profile", media, io.MultiReader(strings.NewReader(body)))
}

// A wrong signature is refused by the provider of the rig, for each method: the tests above show
// something.
func TestOAuth1_WrongSecretIsRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"} {
		app := rig.New(t, rig.OAuth1(signing(method), func(o *provider.OAuth1) {
			o.ClientSecret += "x"
			if o.PrivateKey != nil {
				o.PrivateKey = other
			}
		}))
		if resp := app.Get(t, rig.Browser(t),
			"/auth/login"); resp.StatusCode != http.StatusBadRequest ||
			!strings.Contains(app.Log(), "signature_invalid") {
			t.Errorf("%s: status %d, log %s", method, resp.StatusCode, app.Log())
		}
	}
}

// Tokens of OAuth 1.0a have no end, and nothing renews them: an API's 401 is the answer, once, and
// the session goes on.
func TestOAuth1_GuardsDoNotRefresh(t *testing.T) {
	app := callingOAuth1(t, func(c *http.Client) (*http.Response, error) {
		return c.Get("profile")
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(20 * time.Minute)
	if resp := app.Get(t, b, "/call"); resp.StatusCode != http.StatusOK {
		t.Errorf("later: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	before := app.OP.Count("oauth1/profile")
	app.OP.RevokeLogins()
	if resp := app.Get(t, b, "/call"); resp.StatusCode != http.StatusUnauthorized ||
		!strings.Contains(authtest.Body(t, resp), "token_rejected") {
		t.Errorf("revoked: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	if n := app.OP.Count("oauth1/profile") - before; n != 1 || app.OP.Count("token") != 0 ||
		app.OP.Count("discovery") != 0 {
		t.Errorf("%d API calls, %d token requests", n, app.OP.Count("token"))
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("signed in as %s", who)
	}
}

// A token that signs requests is not handed out as one that is sent along.
func TestOAuth1_NoTokenSource(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	var got error
	app.Mux.Handle("/source", app.Auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		_, got = app.Auth.TokenSource(w, r)
	})))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/source")
	if got == nil || !strings.Contains(got.Error(), "use Client") {
		t.Errorf("error %v, want one that names Client", got)
	}
}

// R61: requests with a verifier or a signature do not follow redirects to other origins.
func TestOAuth1_R61_Redirects(t *testing.T) {
	var contacts atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		contacts.Add(1)
	}))
	defer evil.Close()
	for _, endpoint := range []string{"oauth1/request_token", "oauth1/access_token",
		"oauth1/profile"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			app := rig.New(t, rig.OAuth1())
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					if e == endpoint {
						http.Redirect(w, r, evil.URL, status)
					}
					return e == endpoint
				}
			})
			if got := attempt(t, app); got == "ok" || contacts.Load() != 0 {
				t.Errorf("%s, %d: %s, %d requests there", endpoint, status, got, contacts.Load())
			}
		}
	}
	app := callingOAuth1(t, func(c *http.Client) (*http.Response, error) {
		return c.Get("profile")
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for target, want := range map[string]int{evil.URL: 502, "/oauth1/profile?moved": 200,
		"profile?moved": 200, app.OP.Issuer() + "/oauth1/profile?moved": 200} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
				if e != "oauth1/profile" || r.URL.RawQuery != "" {
					return false
				}
				w.Header().Set("Location", target)
				w.WriteHeader(http.StatusTemporaryRedirect)
				return true
			}
		})
		if resp := app.Get(t, b, "/call"); resp.StatusCode != want || contacts.Load() != 0 {
			t.Errorf("API moved to %s: status %d, want %d; %d requests at the other origin", target,
				resp.StatusCode, want, contacts.Load())
		}
	}
}

// R15, R62, R133: answers that are no answers.
func TestOAuth1_HostileAnswers(t *testing.T) {
	const html = `<!doctype html><html><body>oauth_token=x&amp;oauth_token_secret=y&oauth_callback_confirmed=true</body></html>`
	token := "oauth_token=t-t-t-t-t-t&oauth_token_secret=s-s-s-s-s&oauth_callback_confirmed=true"
	bodies := map[string]string{
		"nothing": "", "HTML": html, "JSON": `{"oauth_token":"x","oauth_token_secret":"y"}`,
		"no secret":            "oauth_token=x&oauth_callback_confirmed=true",
		"empty secret":         "oauth_token=x&oauth_token_secret=&oauth_callback_confirmed=true",
		"no token":             "oauth_token_secret=y&oauth_callback_confirmed=true",
		"empty token":          "oauth_token=&oauth_token_secret=y&oauth_callback_confirmed=true",
		"token twice":          token + "&oauth_token=other",
		"the same token twice": token + "&oauth_token=t-t-t-t-t-t", "secret twice": token +
			"&oauth_token_secret=other", "another name twice": token + "&a=1&a=1",
		"the same name, encoded": token + "&oauth%5Ftoken=other", "broken encoding": token +
			"&a=%zz", "not UTF-8": token + "&a=%ff", "raw bytes": token + "&a=\xff",
		"line breaks":        "oauth_token=x\n&oauth_token_secret=y&oauth_callback_confirmed=true",
		"control characters": token + "&a=\x00",
		"semicolons":         strings.ReplaceAll(token, "&", ";"), "long token": "oauth_token=" +
			strings.Repeat("x", 2000) + "&oauth_token_secret=y&oauth_callback_confirmed=true",
		"long answer": token + "&a=" + strings.Repeat("x", 100_000), "100 MB": "100 MB",
		"problem": "oauth_problem=parameter_absent",
	}
	for name, body := range bodies {
		for _, endpoint := range []string{"oauth1/request_token", "oauth1/access_token"} {
			app := rig.New(t, rig.OAuth1())
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = rig.Answer(endpoint, 200, "application/x-www-form-urlencoded", body)
				if body == "100 MB" {
					f.Handler = huge(endpoint)
				}
			})
			if got := attempt(t, app); got != "status 400" && got != "token_error" {
				t.Errorf("%s from %s: %s", name, endpoint, got)
			}
			if body != "" && len(body) > 20 && strings.Contains(app.Log(), body[:20]) {
				t.Errorf("%s from %s: the log repeats it: %s", name, endpoint, app.Log())
			}
			if name == "problem" && !strings.Contains(app.Log(), "parameter_absent") {
				t.Errorf("the log does not name the problem: %s", app.Log())
			}
		}
	}
	for name, body := range map[string]string{
		"nothing": "", "HTML": html, "list": `[{"id":"1"}]`, "null": "null",
		"no ID": `{"name":"x"}`, "null as ID": `{"id":null}`, "fraction": `{"id":1.5}`,
		"list as ID": `{"id":["1"]}`, "empty ID": `{"id":""}`, "ID twice": `{"id":"1","id":"2"}`,
		"form": "id=1", "rest": `{"id":"1"}{}`, "100 MB": "100 MB",
	} {
		app := rig.New(t, rig.OAuth1())
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("oauth1/profile", 200, "application/json", body)
			if body == "100 MB" {
				f.Handler = huge("oauth1/profile")
			}
		})
		if got := attempt(t, app); got != "invalid_userinfo" {
			t.Errorf("profile %s: %s", name, got)
		}
	}
}

// A profile is accepted with status 200 only.
func TestOAuth1_ProfileRefused(t *testing.T) {
	for status, want := range map[int]string{201: "invalid_userinfo", 401: "invalid_userinfo",
		403: "invalid_userinfo", 429: "provider_unavailable", 500: "provider_unavailable"} {
		app := rig.New(t, rig.OAuth1())
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("oauth1/profile", status, "application/json", `{"id":"1001"}`)
		})
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("status %d: %s, want %s", status, got, want)
		}
	}
}

// huge answers an endpoint with 100 MB.
func huge(endpoint string) func(string, http.ResponseWriter, *http.Request) bool {
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	return func(e string, w http.ResponseWriter, _ *http.Request) bool {
		for range 1600 {
			if e != endpoint {
				return false
			}
			if _, err := w.Write(chunk); err != nil {
				break
			}
		}
		return e == endpoint
	}
}

// What real servers write must do: 201, another content type, a line break at the end, more members
// than needed.
func TestOAuth1_AnswersOfRealServers(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter, body string){
		"201": func(w http.ResponseWriter, body string) {
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, body)
		},
		"text/html": func(w http.ResponseWriter, body string) {
			w.Header().Set("Content-Type", "text/html;charset=utf-8")
			io.WriteString(w, body)
		},
		"line break": func(w http.ResponseWriter, body string) { io.WriteString(w, body+"\r\n") },
		"more of it": func(w http.ResponseWriter, body string) {
			io.WriteString(w, "xoauth_expires=3600&fullname=Zo%C3%AB%20%2B&"+body)
		},
		"no encoding": func(w http.ResponseWriter, body string) {
			io.WriteString(w, "url=https://p.example/?q&"+body)
		},
	} {
		app := rig.New(t, rig.OAuth1())
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(e, "_token") || r.Header.Get("X-Again") != "" {
					return false
				}
				again, err := http.NewRequest(r.Method, app.OP.Issuer()+r.RequestURI, nil)
				if err != nil {
					t.Error(err)
					return false
				}
				again.Header = r.Header.Clone()
				again.Header.Set("X-Again", "yes")
				right, err := app.OP.HTTPClient().Do(again)
				if err != nil {
					t.Error(err)
					return false
				}
				write(w, authtest.Body(t, right))
				return true
			}
		})
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s: %s: %s", name, got, app.Log())
		}
	}
}

// R134: refusals tell the operator what helps, and nothing of what was sent or received.
func TestOAuth1_R134_RefusalsForTheOperator(t *testing.T) {
	const long = "Mon, 01 Jan 2024 00:00:00 GMT"
	for name, row := range map[string]struct {
		status       int
		body, date   string // an empty date is that of the application's clock, half a minute on
		want, never  string
		early, later string // outcomes when the request token is refused, and the access token
	}{
		"clock": {401, "oauth_problem=timestamp_refused", long,
			"status 401 (timestamp_refused); the provider's clock differs from ours by", "",
			"status 400", "token_error"},
		"signature": {401, "oauth_problem=signature_invalid", "",
			"status 401 (signature_invalid)", "clock", "status 400", "token_error"},
		"base string": {401, "Invalid signature: POST&https%3A%2F%2Fp.example", "", "status 401",
			"POST&https", "status 400", "token_error"},
		"echo": {401, "echo", "", "status 401", "oauth_", "status 400", "token_error"},
		"own problem": {400, "oauth_problem=made+up", "", "status 400", "made", "status 400",
			"token_error"},
		"JSON": {403, `{"errors":[{"code":415,"message":"Callback URL not approved"}]}`, "",
			"status 403", "Callback URL", "status 400", "token_error"},
		"no date":  {401, "", "never", "status 401", "clock", "status 400", "token_error"},
		"too many": {429, "", "", "status 429", "", "status 503", "provider_unavailable"},
		"down":     {503, "", "", "status 503", "", "status 503", "provider_unavailable"},
	} {
		for endpoint, want := range map[string]string{"oauth1/request_token": row.early,
			"oauth1/access_token": row.later} {
			app := rig.New(t, rig.OAuth1())
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					if e != endpoint {
						return false
					}
					w.Header().Set("Date",
						cmp.Or(row.date,
							app.Clock.Now().Add(30*time.Second).UTC().Format(http.TimeFormat)))
					w.WriteHeader(row.status)
					if row.body == "echo" { // the rig looks for it in the log as well
						r.Header.Write(w)
						return true
					}
					io.WriteString(w, row.body)
					return true
				}
			})
			if got := attempt(t, app); got != want {
				t.Errorf("%s from %s: %s, want %s", name, endpoint, got, want)
			}
			if log := app.Log(); !strings.Contains(log, row.want) || row.never != "" &&
				strings.Contains(log, row.never) {
				t.Errorf("%s from %s: the log is %s", name, endpoint, log)
			}
		}
	}
}

// A provider that is down costs no login more than the moment, and logins work again when it is
// back.
func TestOAuth1_ProviderDown(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login").String()
	app.OP.SetDown(true)
	for _, address := range []string{"/auth/login", callback} {
		if resp := app.Get(t, b, address); resp.StatusCode != http.StatusServiceUnavailable ||
			resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: status %d, Retry-After %q", address, resp.StatusCode,
				resp.Header.Get("Retry-After"))
		}
	}
	app.OP.SetDown(false)
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("afterwards: %s", got)
	}
}

// What OAuth 1.0a cannot deliver is refused before the user goes there, and does not go round in
// circles.
func TestOAuth1_StepUpIsRefused(t *testing.T) {
	app := rig.New(t, rig.OAuth1())
	ok := http.HandlerFunc(rig.WhoAmI)
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(ok))
	app.Mux.Handle("/gold", app.Auth.RequireACR("gold")(ok))
	app.Mux.Handle("/photos", app.Auth.RequireScope("photos")(ok))
	app.Mux.Handle("/staff", app.Auth.RequireRole("staff")(ok))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	before := app.OP.Count("oauth1/request_token")
	for _, path := range []string{"/recent", "/gold", "/photos"} {
		if resp := app.Get(t, b, path); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", path, resp.StatusCode)
		}
	}
	if n := app.OP.Count("oauth1/request_token") - before; n != 0 {
		t.Errorf("%d logins were begun", n)
	}
	if who := app.Visit(t, b, "/staff"); who != app.Is("alice") {
		t.Errorf("/staff says %s", who)
	}
}

// Sessions are revalidated by another trip to the provider: it prolongs them, and a No ends them.
func TestOAuth1_Revalidation(t *testing.T) {
	app := rig.New(t, rig.OAuth1(), func(s *rig.Setup) {
		s.Config.Session.Revalidate = 10 * time.Minute
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(11 * time.Minute)
	if who := app.Visit(t, b, "/me"); who != rig.Marker+": "+app.Is("alice") ||
		app.OP.Count("oauth1/access_token") != 2 {
		t.Errorf("the page says %q after %d logins", who, app.OP.Count("oauth1/access_token"))
	}
	app.Clock.Advance(11 * time.Minute)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Callback = func(q url.Values) {
			clear(q)
			q.Set("denied", "yes")
		}
	})
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("after a No: %q", who)
	}
}

// What MapUser does, and what it cannot do.
func TestOAuth1_MapUser(t *testing.T) {
	var seen provider.Profile
	for name, row := range map[string]struct {
		change func(*provider.OAuth1)
		want   string // subject and name, or the outcome
	}{
		"adds": {func(o *provider.OAuth1) {
			o.MapUser = func(p provider.Profile, u *session.User) error {
				seen = p
				u.Name += "!"
				return nil
			}
		}, "1001 Alice Adams!"},
		"does all": {func(o *provider.OAuth1) {
			o.UserFields = provider.Fields{}
			o.MapUser = func(_ provider.Profile, u *session.User) error {
				u.Subject, u.Name = "7", "Seven"
				return nil
			}
		}, "7 Seven"},
		"cannot change the issuer": {func(o *provider.OAuth1) {
			o.MapUser = func(_ provider.Profile, u *session.User) error {
				u.Issuer = "https://other.example"
				return nil
			}
		}, "1001 Alice Adams"},
		"must set the subject": {func(o *provider.OAuth1) {
			o.MapUser = func(_ provider.Profile, u *session.User) error {
				u.Subject = ""
				return nil
			}
		}, "invalid_userinfo"},
		"fails": {func(o *provider.OAuth1) {
			o.MapUser = func(provider.Profile, *session.User) error {
				return errors.New("no such colleague")
			}
		}, "internal_error"},
		"the token says who": {func(o *provider.OAuth1) {
			o.Endpoints.UserInfo = ""
			o.UserFields = provider.Fields{ID: "user_id", Name: "screen_name"}
		}, "1001 alice"},
	} {
		var user session.User
		app := rig.New(t, rig.OAuth1(row.change), func(s *rig.Setup) {
			s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
				user = s.User
				return nil
			}
		})
		got := rig.TryLogin(t, app)
		if got == "ok" {
			got = user.Subject + " " + user.Name
			if user.Issuer != app.OP.Issuer() {
				t.Errorf("%s: issuer %s", name, user.Issuer)
			}
		}
		if got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
	if string(seen.Token) != `{"screen_name":"alice","user_id":"1001"}` ||
		!bytes.Contains(seen.User, []byte(`"id":"1001"`)) {
		t.Errorf("the mapper sees %s and %s", seen.Token, seen.User)
	}
}
