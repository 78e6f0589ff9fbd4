package requirements_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
)

// F53: each test of F53 in this file fails when one check of the library is removed or one limit is moved,
// which no other test noticed.

// F53: one request has one Authorization header. With two, a proxy and the application could each
// read another token.
func TestBearer_F53_TwoAuthorizationHeaders(t *testing.T) {
	app := apiApp(t)
	token := accessToken(app, nil)
	for name, row := range map[string]struct {
		lines []string
		want  int
	}{
		"one":             {[]string{"Bearer " + token}, http.StatusOK},
		"the same twice":  {[]string{"Bearer " + token, "Bearer " + token}, http.StatusBadRequest},
		"another token":   {[]string{"Bearer " + token, "Bearer x"}, http.StatusBadRequest},
		"another scheme":  {[]string{"Bearer " + token, "Basic YTpi"}, http.StatusBadRequest},
		"behind a scheme": {[]string{"Basic YTpi", "Bearer " + token}, http.StatusBadRequest},
		"an empty one":    {[]string{"Bearer " + token, ""}, http.StatusBadRequest},
		"behind two":      {[]string{"Basic YTpi", "Basic YTpi", "bearer " + token}, http.StatusBadRequest},
	} {
		for _, path := range []string{"/api/strict", "/api/either"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, app.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header["Authorization"] = row.lines
			req.Header.Set("Accept", "application/json")
			resp, err := rig.Browser(t).Transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != row.want {
				t.Errorf("%s, %s: status %d, want %d: %s", path, name, resp.StatusCode, row.want, authtest.Body(t, resp))
			}
			resp.Body.Close()
		}
	}
}

// F53: what is remembered about an access token ends with the token.
func TestBearer_F53_CacheEndsWithTheToken(t *testing.T) {
	app := rig.New(t)
	bearer := app.Auth.Bearer(middleware.API{Audience: audience, BearerOnly: true, CacheFor: time.Hour})
	app.Mux.Handle("/api/long", bearer(app.Auth.RequireAuth(http.HandlerFunc(whoami))))
	end := app.Clock.Now().Add(10 * time.Minute).Unix()
	jwt := accessToken(app, nil) // ends then
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Introspection = func(a map[string]any) { a["aud"], a["exp"] = audience, end }
	})
	opaque, err := app.OIDC.Grants().JWTBearer(t.Context(), app.OP.Sign(map[string]any{"sub": "alice"}))
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{"JWT": jwt, "introspected": opaque.AccessToken}
	for name, token := range tokens {
		if got := api(t, app, "/api/long", "Bearer "+token).StatusCode; got != http.StatusOK {
			t.Fatalf("%s: status %d", name, got)
		}
	}
	app.Clock.Advance(15 * time.Minute)
	for name, token := range tokens {
		if got := api(t, app, "/api/long", "Bearer "+token).StatusCode; got != http.StatusUnauthorized {
			t.Errorf("%s, five minutes after its end: status %d, want 401", name, got)
		}
	}
}

// F53: only a GET starts a step-up. A HEAD, which link checkers and previews send, gets the challenge.
func TestStepUp_F53_Head(t *testing.T) {
	app := rig.New(t)
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(whoami)))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(10 * time.Minute)
	for method, want := range map[string]int{
		http.MethodGet:  http.StatusSeeOther,
		http.MethodHead: http.StatusUnauthorized,
		http.MethodPost: http.StatusUnauthorized,
	} {
		asked := app.OP.Count("authorize")
		resp := app.Do(t, b, method, "/recent", nil, "Origin", app.URL)
		set := strings.Join(resp.Header["Set-Cookie"], " ")
		started := resp.Header.Get("Location") != "" || strings.Contains(set, "-flow-")
		if resp.StatusCode != want || started != (method == http.MethodGet) || app.OP.Count("authorize") != asked {
			t.Errorf("%s: status %d, want %d, Location %q", method, resp.StatusCode, want, resp.Header.Get("Location"))
		}
		if challenge := resp.Header.Get("WWW-Authenticate"); (challenge == "") != started {
			t.Errorf("%s: WWW-Authenticate %q", method, challenge)
		}
	}
}

// F53: a challenge in an answer that is no refusal starts nothing: the answer is the application's.
func TestStepUp_F53_ChallengeInAnotherStatus(t *testing.T) {
	app := calling(t)
	status := 0
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, w http.ResponseWriter, _ *http.Request) bool {
			if e != "userinfo" || status == 0 {
				return false
			}
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_user_authentication", max_age="60"`)
			w.WriteHeader(status)
			return true
		}
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, status = range []int{200, 204, 400, 402, 404, 500} {
		if got := app.Get(t, b, "/call").StatusCode; got != status {
			t.Errorf("the API answers %d, the application %d", status, got)
		}
	}
	for _, status = range []int{401, 403} {
		if got := app.Get(t, b, "/call").StatusCode; got != http.StatusSeeOther {
			t.Errorf("the API refuses with %d, the application answers %d, want a step-up", status, got)
		}
	}
}

// F53: a code is at most 8 KB long.
func TestCallback_F53_LengthOfTheCode(t *testing.T) {
	for length, want := range map[int]string{8 << 10: "token_error", 8<<10 + 1: "invalid_response"} {
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

// F53: a browser has at most eight logins under way. The oldest one goes; the others can be finished.
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

// F39: the log says how far the clocks are apart.
func TestIDToken_F39_ClockAhead(t *testing.T) {
	for _, claim := range []string{"iat", "nbf"} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c[claim] = app.Clock.Now().Add(3 * time.Minute).Unix() }
		})
		if got := tryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%s: %s", claim, got)
		}
		if want := claim + " is 3m0s in the future; compare the clocks"; !strings.Contains(app.Log(), want) {
			t.Errorf("the log does not say %q:\n%s", want, app.Log())
		}
	}
}
