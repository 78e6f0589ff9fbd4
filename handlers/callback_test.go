package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
)

// R13
func TestCallback_R13_AnotherBrowser(t *testing.T) {
	app := rig.New(t)
	victim := rig.Browser(t)
	callback := app.Callback(t, rig.Browser(t), "alice", "/auth/login")
	rig.WantRefusedCallback(t, app, victim, app.Get(t, victim, callback.String()), 0)
	app.BeginLogin(t, victim, "/auth/login") // a login of its own does not help
	rig.WantRefusedCallback(t, app, victim, app.Get(t, victim, callback.String()), 0)
}

// R13, R155: state is compared in full, and never optional.
func TestCallback_R13_StateMustMatch(t *testing.T) {
	change := map[string]func(url.Values){
		"missing":  func(q url.Values) { q.Del("state") },
		"empty":    func(q url.Values) { q.Set("state", "") },
		"case":     func(q url.Values) { q.Set("state", rig.SwapCase(q.Get("state"))) },
		"shorter":  func(q url.Values) { q.Set("state", q.Get("state")[1:]) },
		"longer":   func(q url.Values) { q.Set("state", q.Get("state")+"A") },
		"foreign":  func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAA") },
		"huge":     func(q url.Values) { q.Set("state", strings.Repeat("A", 10000)) },
		"controls": func(q url.Values) { q.Set("state", "a\r\nSet-Cookie: x=y\x00") },
	}
	for name, f := range change {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			query := callback.Query()
			f(query)
			callback.RawQuery = query.Encode()
			rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
		})
	}
}

// R13
func TestCallback_R13_StateOfAnotherLogin(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	first, second := app.Callback(t, b, "alice", "/auth/login"), app.BeginLogin(t, b, "/auth/login")
	query := first.Query()
	query.Set("state", second.Query().Get("state")) // the code of one login, the state of the other
	first.RawQuery = query.Encode()
	resp := app.Get(t, b, first.String())
	if resp.StatusCode < 400 {
		t.Errorf("status %d, want an error: the code belongs to another verifier", resp.StatusCode)
	}
	if who := app.Visit(t, b, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
}

// R14, F38: the code is not redeemed again. The browser that is signed in goes on to where the
// login led.
func TestCallback_R14_OneUse(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login").String()
	kept := app.Cookies(b)
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want 303", resp.StatusCode)
	}
	if resp := app.Get(t, b, callback); resp.StatusCode != http.StatusSeeOther ||
		resp.Header.Get("Location") != "/" {
		t.Errorf("second time: status %d, Location %q; want 303 and /", resp.StatusCode,
			resp.Header.Get("Location"))
	}
	thief := rig.Browser(t)
	app.SetCookies(thief, kept...) // the very cookies of before
	if resp := app.Get(t, thief, callback); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("with the old cookies: status %d, want 400", resp.StatusCode)
	}
	if got := app.OP.Count("token"); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is gone: %s", who)
	}
}

// R14: also when both come at the same time.
func TestCallback_R14_OneUseAtOnce(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login").String()
	cookies := app.Cookies(b)
	var wg sync.WaitGroup
	for range 20 {
		twin := rig.Browser(t)
		app.SetCookies(twin, cookies...)
		wg.Go(func() { app.Get(t, twin, callback) })
	}
	wg.Wait()
	if got := app.OP.Count("token"); got != 1 {
		t.Errorf("%d token requests, want 1", got)
	}
}

// R14: an attempt that fails is used up as well.
func TestCallback_R14_UsedUpByFailure(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login").String()
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("token", 500, "", "") })
	app.Get(t, b, callback)
	app.OP.Behave()
	rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback), 1)
}

// R15
func TestCallback_R15_RepeatedParameters(t *testing.T) {
	for _, name := range []string{"state", "code", "iss", "error", "id_token", "access_token",
		"response", "error_description"} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			value := callback.Query().Get(name)
			if value == "" {
				value = "x"
				callback.RawQuery += "&" + name + "=x"
			}
			callback.RawQuery += "&" + name + "=" + url.QueryEscape(value)
			rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
		})
	}
}

// R16
func TestCallback_R16_ContradictoryResponses(t *testing.T) {
	for _, extra := range []string{"error=access_denied", "access_token=x", "id_token=x.y.z",
		"response=x.y.z", "id_token="} {
		t.Run(extra, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			callback.RawQuery += "&" + extra
			rig.WantRefusedCallback(t, app, b, app.Get(t, b, callback.String()), 0)
		})
	}
}

// R17
func TestCallback_R17_ForeignErrorChangesNothing(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	pending := app.Callback(t, b, "bob", "/auth/login?return_to=/public/x")
	for _, forged := range []string{"error=access_denied&state=forged", "error=access_denied",
		"error=access_denied&state="} {
		if resp := app.Get(t, b, "/auth/callback/op?"+
			forged); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", forged, resp.StatusCode)
		}
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is %s", who)
	}
	if resp := app.Get(t, b, pending.String()); resp.Header.Get("Location") != "/public/x" {
		t.Errorf("the pending login does not complete: status %d", resp.StatusCode)
	}
}

// R17, R32: an error response with the right state but a wrong issuer is not believed.
func TestCallback_R17_ErrorOfAnotherIssuer(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	state := app.BeginLogin(t, b, "/auth/login").Query().Get("state")
	app.Get(t, b, "/auth/callback/op?error=access_denied&iss=https://evil.example&state="+state)
	if !app.Happened("login", "issuer_mismatch") {
		t.Errorf("events %v, want issuer_mismatch", app.Outcomes())
	}
}

// R18
func TestCallback_R18_MethodOfTheResponseMode(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	for _, method := range []string{"HEAD", "PUT", "OPTIONS", "POST", "DELETE", "PATCH"} {
		resp := app.Do(t, b, method, callback.String(), callback.Query())
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET" {
			t.Errorf("%s: status %d, Allow %q; want 405 and GET", method, resp.StatusCode,
				resp.Header.Get("Allow"))
		}
	}
	if app.OP.Count("token") != 0 {
		t.Error("the token endpoint was called")
	}
	if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("GET after all that: status %d, want 303", resp.StatusCode)
	}
}

// R18, R19, R144: form_post takes the body only.
func TestCallback_R19_BodyOrQueryNeverBoth(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Providers = provider.Set{"op": rig.FormPost{OIDC: s.OIDC}}
	})
	login := func() (*http.Client, *url.URL) {
		b := rig.Browser(t)
		return b, app.Callback(t, b, "alice", "/auth/login")
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", app.OP.Issuer(),
		"Sec-Fetch-Site", "cross-site"}

	b, callback := login()
	if resp := app.Get(t, b, callback.String()); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d, want 405", resp.StatusCode)
	}
	mixed := url.Values{"state": {callback.Query().Get("state")},
		"iss": {callback.Query().Get("iss")}}
	rig.WantRefusedCallback(t, app, b,
		app.Do(t, b, "POST", "/auth/callback/op?code="+callback.Query().Get("code"), mixed,
			form...), 0)

	b, callback = login()
	stuffed := callback.Query()
	stuffed.Set("stuffing", strings.Repeat("x", 70<<10))
	rig.WantRefusedCallback(t, app, b, app.Do(t, b, "POST", "/auth/callback/op", stuffed,
		form...), 0)

	b, callback = login()
	if resp := app.Do(t, b, "POST", "/auth/callback/op", callback.Query(),
		form...); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("a right POST: status %d, want 303", resp.StatusCode)
	}
}

// R19
func TestCallback_R19_QueryModeIgnoresTheBody(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login")
	query := callback.Query()
	resp := app.Do(t, b, "GET", "/auth/callback/op?state="+query.Get("state")+"&iss="+
		url.QueryEscape(query.Get("iss")),
		url.Values{"code": query["code"]}, "Content-Type", "application/x-www-form-urlencoded")
	rig.WantRefusedCallback(t, app, b, resp, 0)
}

// R20, R21
func TestCallback_R20_InjectedCodeIsRefused(t *testing.T) {
	app := rig.New(t)
	attacker, victim := rig.Browser(t), rig.Browser(t)
	stolen := app.Callback(t, attacker, "alice", "/auth/login").Query().Get("code")
	callback := app.Callback(t, victim, "bob", "/auth/login")
	query := callback.Query()
	query.Set("code", stolen)
	callback.RawQuery = query.Encode()
	if resp := app.Get(t, victim, callback.String()); resp.StatusCode < 400 {
		t.Errorf("status %d, want an error", resp.StatusCode)
	}
	if who := app.Visit(t, victim, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
}

// R21
func TestCallback_R21_NothingIsUsedBeforeTheIDToken(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { c["nonce"] = "other" }
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	if app.OP.Count("token") != 1 || app.OP.Count("userinfo") != 0 {
		t.Errorf("%d token and %d userinfo requests, want 1 and 0", app.OP.Count("token"),
			app.OP.Count("userinfo"))
	}
	if len(app.SessionCookies(b)) != 0 {
		t.Error("something is stored")
	}
}

// R22
func TestCallback_R22_FailureLeavesTheSessionSuccessReplacesIt(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { delete(c, "nonce") }
	})
	if resp := app.SignIn(t, b, "alice", "/auth/login"); resp.StatusCode < 400 {
		t.Fatalf("status %d, want an error", resp.StatusCode)
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("after a failed login the session is %s", who)
	}
	app.OP.Behave()
	rig.ForgetProvider(app, b)
	app.SignIn(t, b, "bob", "/auth/login")
	if who := app.Visit(t, b, "/"); who != app.Is("bob") {
		t.Errorf("after a login as bob the session is %s", who)
	}
}

// R23
func TestCallback_R23_WithoutItsCookie(t *testing.T) {
	app := rig.New(t)
	callback := app.Callback(t, rig.Browser(t), "alice", "/auth/login")
	b := rig.Browser(t)
	resp := app.Get(t, b, callback.String())
	rig.WantRefusedCallback(t, app, b, resp, 0)
	body := authtest.Body(t, resp)
	if !strings.Contains(body, `href="/auth/login/op"`) || !strings.Contains(body, "start again") {
		t.Errorf("the page does not say what to do:\n%s", body)
	}
	if resp.Header.Get("Location") != "" || resp.Header.Get("Refresh") != "" {
		t.Error("the page leads on by itself")
	}
}

// R24, F31: a login that has expired is not finished but started again.
func TestCallback_R24_FlowExpiresByItsSealedTime(t *testing.T) {
	for age, ok := range map[time.Duration]bool{14 * time.Minute: true,
		15*time.Minute + time.Second: false, 24 * time.Hour: false, -2 * time.Minute: false} {
		app := rig.New(t)
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/auth/login")
		app.Clock.Advance(age)
		resp := app.Get(t, b, callback.String())
		if got := app.OP.Count("token") == 1; got != ok ||
			got != (resp.Header.Get("Location") == "/") {
			t.Errorf("after %v: status %d, Location %q", age, resp.StatusCode,
				resp.Header.Get("Location"))
		}
	}
}

// R25, R26
func TestCallback_R25_LeavesTheAddress(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	resp := app.Get(t, b, app.Callback(t, b, "alice", "/auth/login?return_to=/public/").String())
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/public/" ||
		authtest.Body(t, resp) != "" {
		t.Errorf("status %d, Location %q, body %q", resp.StatusCode, resp.Header.Get("Location"),
			authtest.Body(t, resp))
	}
	failed := app.Get(t, b, "/auth/callback/op?code=x&state=y")
	for _, r := range []*http.Response{resp, failed} {
		// R26
		if r.Header.Get("Referrer-Policy") != "no-referrer" ||
			r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("status %d: headers %v", r.StatusCode, r.Header)
		}
	}
}

// R26
func TestCallback_R26_HeadersAlsoWithAnErrorHandler(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.OnError = func(w http.ResponseWriter, _ *http.Request, _ *problem.Error) bool {
			http.Error(w, "custom", http.StatusTeapot)
			return true
		}
	})
	resp := app.Get(t, rig.Browser(t), "/auth/callback/op")
	if resp.StatusCode != http.StatusTeapot ||
		resp.Header.Get("Referrer-Policy") != "no-referrer" ||
		resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

// R27
func TestCallback_R27_ParallelLogins(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.Second = true })
	b := rig.Browser(t)
	type pending struct{ callback, want string }
	var logins []pending
	for i := range 5 {
		want := fmt.Sprintf("/public/%d", i)
		logins = append(logins,
			pending{app.Callback(t, b, "alice", "/auth/login/"+[]string{"op", "op2"}[i%2]+
				"?return_to="+want).String(), want})
	}
	for i := len(logins) - 1; i >= 0; i-- {
		if got := app.Get(t, b, logins[i].callback).Header.Get("Location"); got != logins[i].want {
			t.Errorf("login %d ends at %q, want %q", i, got, logins[i].want)
		}
	}
}

// R28, R146
func TestCallback_R28_UnfinishedLoginsAreBounded(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	long := "/public/" + strings.Repeat("x", 1800)
	for i := range 200 {
		path := "/auth/login"
		if i%3 == 0 {
			path += "?return_to=" + long
		}
		app.BeginLogin(t, b, path)
		size := 0
		for _, c := range app.Cookies(b) {
			size += len(c.Name) + len(c.Value) + 3
		}
		if size > 8<<10 {
			t.Fatalf("after %d logins the Cookie header has %d bytes", i+1, size)
		}
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is %s", who)
	}
	if got := app.SignIn(t, b, "alice",
		"/auth/login?return_to=/public/end").Request.URL.Path; got != "/public/end" {
		t.Errorf("the last login ends at %s", got)
	}
}

// R29
func TestCallback_R29_StartingALoginChangesNothing(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	before := app.SessionCookies(b)
	resp := app.Get(t, b, "/auth/login", "Sec-Fetch-Site", "cross-site", "Referer",
		"https://evil.example/")
	for _, c := range resp.Cookies() {
		for _, s := range before {
			if c.Name == s.Name {
				t.Errorf("starting a login sets the session cookie")
			}
		}
	}
	if who := app.Visit(t, b, "/"); who != app.Is("alice") {
		t.Errorf("the session is %s", who)
	}
}

// R22, R133: a hook that says no, or panics, leaves no session and the old one alone.
func TestCallback_HookRefuses(t *testing.T) {
	refuse := false
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			if refuse && s.User.Username == "bob" {
				return fmt.Errorf("not on the list: bob: %w", sallyport.ErrRefused)
			}
			if refuse {
				panic("a fault of the application")
			}
			s.User.Roles = append(s.User.Roles, "greeted")
			return nil
		}
	})
	alice := rig.Browser(t)
	app.SignIn(t, alice, "alice", "/me")
	refuse = true
	if resp := app.SignIn(t, alice, "alice",
		"/auth/login"); resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("a panic: status %d, want 500", resp.StatusCode)
	}
	if who := app.Visit(t, alice, "/"); who != app.Is("alice") {
		t.Errorf("after the panic the session is %s", who)
	}
	bob := rig.Browser(t)
	resp := app.SignIn(t, bob, "bob", "/me")
	if resp.StatusCode != http.StatusForbidden || strings.Contains(authtest.Body(t, resp),
		"not on the list") {
		t.Errorf("a refusal: status %d: %s", resp.StatusCode, authtest.Body(t, resp))
	}
	if !strings.Contains(app.Log(), "not on the list") || !app.Happened("login", "login_refused") {
		t.Errorf("the reason is not logged: %s", app.Log())
	}
	if who := app.Visit(t, bob, "/"); who != "anonymous" {
		t.Errorf("signed in as %s", who)
	}
}

// F53: a code is at most 8 KB long.
func TestCallback_F53_LengthOfTheCode(t *testing.T) {
	for length, want := range map[int]string{8 << 10: "token_error",
		8<<10 + 1: "invalid_response"} {
		app := rig.New(t)
		b := rig.Browser(t)
		callback := app.Callback(t, b, "alice", "/auth/login")
		query := callback.Query()
		query.Set("code", strings.Repeat("c", length))
		app.Get(t, b, callback.Path+"?"+query.Encode(), "Sec-Fetch-Site", "cross-site")
		sent := app.OP.Count("token") > 0
		if !app.Happened("login", want) || sent != (want == "token_error") {
			t.Errorf("%d bytes: %v, want %s; token request: %v", length, app.Outcomes(), want, sent)
		}
	}
}

// F53: what each error of the provider is to the user.
func TestCallback_F53_ErrorsOfTheProvider(t *testing.T) {
	for code, want := range map[string]string{
		"access_denied":                      "access_denied",
		"unmet_authentication_requirements":  "insufficient_authentication",
		"login_required":                     "interaction_required",
		"interaction_required":               "interaction_required",
		"consent_required":                   "interaction_required",
		"account_selection_required":         "interaction_required",
		"invalid_scope":                      "provider_error",
		"Unmet_Authentication_Requirements ": "provider_error",
	} {
		app := rig.New(t)
		b := rig.Browser(t)
		state := app.BeginLogin(t, b, "/auth/login").Query().Get("state")
		answer := url.Values{"state": {state}, "error": {code}, "iss": {app.OP.Issuer()}}
		resp := app.Get(t, b, "/auth/callback/op?"+answer.Encode(), "Sec-Fetch-Site", "cross-site")
		if !app.Happened("login", want) || resp.StatusCode < 400 || resp.StatusCode > 499 {
			t.Errorf("%s: status %d, %v, want %s", code, resp.StatusCode, app.Outcomes(), want)
		}
	}
}
