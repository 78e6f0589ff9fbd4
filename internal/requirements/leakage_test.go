package requirements_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R134: the rig checks the log of every test; this one makes sure that it can find something, and
// goes through the ways in which a login fails.
func TestLeakage_R134_LogHoldsNoSecrets(t *testing.T) {
	app := rig.New(t)
	for name, change := range map[string]func(f *authtest.Faults){
		"right": func(f *authtest.Faults) {},
		"no nonce": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { delete(c, "nonce") }
		},
		"wrong nonce": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["nonce"] = c["nonce"].(string) + "x" }
		},
		"malformed token": func(f *authtest.Faults) {
			f.IDTokenRaw = func(s string) string { return "x" + s }
		},
		"echoing the code": func(f *authtest.Faults) { f.Handler = rig.Echo("token") },
		"echoing the state": func(f *authtest.Faults) {
			f.Callback = func(q url.Values) {
				q.Del("code")
				q.Set("error", "server_error")
				q.Set("error_description", "state was "+q.Get("state"))
			}
		},
		"echoing the token": func(f *authtest.Faults) { f.Handler = rig.Echo("userinfo") },
	} {
		app.OP.Behave()
		app.OP.Misbehave(change)
		b := rig.Browser(t)
		resp := app.SignIn(t, b, "alice", "/me")
		page := authtest.Body(t, resp)
		if secret := app.Leaked(page); secret != "" {
			t.Errorf("%s: the page holds %q", name, secret)
		}
		app.Post(t, b, "/auth/logout", nil)
	}
	if secret := app.Leaked(app.Log()); secret != "" {
		t.Errorf("the log holds %q", secret)
	}
	if app.Leaked("x "+app.OP.Requests("token")[0].Form.Get("code")+" y") == "" {
		t.Error("the check finds nothing, so it shows nothing")
	}
}

// R134: whatever prints a value that holds a secret.
func TestLeakage_R134_ValuesRedactThemselves(t *testing.T) {
	const secret = "hush-hush-hush-hush"
	oidc := &provider.OIDC{Issuer: "https://op.example", ClientID: "c", ClientSecret: secret}
	tokens := session.Tokens{AccessToken: secret, RefreshToken: secret, IDToken: secret,
		Secret: secret}
	s := &session.Session{ID: secret, User: session.User{Issuer: "i", Subject: "s"}}
	s.SetTokens(tokens)
	for _, v := range []any{
		oidc, tokens, &tokens, session.Config{Secret: secret, OldSecrets: []string{secret}},
		sallyport.Config{Session: session.Config{Secret: secret},
			Providers: provider.Set{"x": oidc}}, provider.Set{"x": oidc},
	} {
		texts := []string{fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v),
			fmt.Sprintf("%s %q", v, v)}
		raw, _ := json.Marshal(v)
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, text := range append(texts, string(raw), log.String()) {
			if strings.Contains(text, secret) {
				t.Errorf("%T shows its secret: %s", v, text)
			}
		}
	}
	raw, err := json.Marshal(s)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "session", s)
	if err != nil || strings.Contains(string(raw), secret) ||
		strings.Contains(log.String(), secret) {
		t.Errorf("a session shows its ID or tokens: %s %s %v", raw, log.String(), err)
	}
}

// R101
func TestLeakage_R101_NoTokenIsReadable(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for _, c := range app.Cookies(b) {
		if secret := app.Leaked(c.Value); secret != "" {
			t.Errorf("cookie %s shows %q", c.Name, secret)
		}
		for _, word := range []string{"alice", "Alice", "eyJ"} {
			if strings.Contains(c.Value, word) {
				t.Errorf("cookie %s shows %q", c.Name, word)
			}
		}
	}
}

// R135
func TestLeakage_R135_ErrorPagesAreFixedText(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	state := app.BeginLogin(t, b, "/auth/login").Query().Get("state")
	iss := url.QueryEscape(app.OP.Issuer())
	const xss = "%3Cscript%3Ealert(1)%3C/script%3E"
	for _, query := range []string{
		"error=" + xss + "&error_description=" + xss + "&error_uri=javascript:alert(1)&iss=" + iss +
			"&state=" + state,
		"error=access_denied&error_description=" + xss + "&state=" + xss,
		"code=" + xss + "&state=" + xss, xss,
	} {
		resp := app.Get(t, b, "/auth/callback/op?"+query)
		page := authtest.Body(t, resp)
		if strings.Contains(page, "alert(1)") || strings.Contains(page, "script") {
			t.Errorf("the page reflects the request:\n%s", page)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		csp := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") ||
			!strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("Content-Security-Policy %q", csp)
		}
	}
	for _, path := range []string{"/auth/login/" + xss, "/auth/callback/" + xss, "/auth/" + xss} {
		if page := authtest.Body(t, app.Get(t, b, path)); strings.Contains(page, "alert(1)") {
			t.Errorf("%s is reflected", path)
		}
	}
}

// R135: the application's own pages get the error with its type.
func TestLeakage_R135_TypedErrorsForTheApplication(t *testing.T) {
	var got *problem.Error
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.OnError = func(w http.ResponseWriter, _ *http.Request, e *problem.Error) bool {
			got = e
			w.WriteHeader(http.StatusTeapot)
			return true
		}
	})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { delete(c, "nonce") }
	})
	app.SignIn(t, rig.Browser(t), "alice", "/me")
	if got.Status != http.StatusBadRequest || got.Code != "invalid_id_token" ||
		got.Provider != "op" || got.Ref == "" || got.Text == "" {
		t.Errorf("the application got %#v", got)
	}
	fault, ok := errors.AsType[*provider.Error](got)
	if !ok || fault.Fault != "invalid_id_token" {
		t.Errorf("the cause is %v", fault)
	}
}

// R136, R140
func TestLeakage_R136_OneTextPerClass(t *testing.T) {
	app := rig.New(t)
	var first string
	for i, change := range []func(map[string]any){
		func(c map[string]any) {
			delete(c, "nonce")
		}, func(c map[string]any) { c["nonce"] = "x" }, func(c map[string]any) { delete(c, "exp") },
		func(c map[string]any) {
			c["exp"] = 1
		}, func(c map[string]any) {
			c["iss"] = "x"
		}, func(c map[string]any) { c["aud"] = "x" }, func(c map[string]any) { c["sub"] = "" },
		func(c map[string]any) {
			c["at_hash"] = "x"
		}, func(c map[string]any) { c["azp"] = "x" }, func(c map[string]any) { c["iat"] = 9e9 },
	} {
		app.OP.Misbehave(func(f *authtest.Faults) { f.IDToken = change })
		resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
		page := withoutReference.ReplaceAllString(authtest.Body(t, resp), "")
		if i == 0 {
			first = page
		}
		if page != first {
			t.Errorf("fault %d has a page of its own:\n%s", i, page)
		}
		ref := withoutReference.FindStringSubmatch(authtest.Body(t, resp))
		if ref == nil || !strings.Contains(app.Log(), "ref="+ref[1]) {
			t.Errorf("fault %d: the log does not know the reference %v", i, ref)
		}
	}
}

var withoutReference = regexp.MustCompile(`Reference: <code>([A-Z0-9]+)</code>`)

// R137
func TestLeakage_R137_ControlCharacters(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	authorize := app.BeginLogin(t, b, "/auth/login?return_to="+
		url.QueryEscape("/x\r\nSet-Cookie: evil=1"))
	state := authorize.Query().Get("state")
	app.Get(t, b, "/auth/callback/op?error="+url.QueryEscape("a\r\nb\x00c\x1b[31m\u2028")+
		"&error_description="+url.QueryEscape("line\r\ntwo\x1b]0;x\x07\u202e")+
		"&iss="+url.QueryEscape(app.OP.Issuer())+"&state="+state)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) { c["sub"] = "a\r\nb\x00"; c["name"] = "x\r\ny" }
		f.IDTokenHeader = func(h map[string]any) { h["typ"] = "x\r\ny\x1b" }
	})
	app.SignIn(t, b, "alice", "/me")
	for _, line := range strings.Split(strings.TrimSuffix(app.Log(), "\n"), "\n") {
		if !strings.HasPrefix(line, "time=") ||
			strings.ContainsAny(line, "\r\x00\x1b\x07\u2028\u202e") {
			t.Errorf("the log has the line %q", line)
		}
	}
}

// R138
func TestLeakage_R138_NoTokensInURLs(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	callback := app.Callback(t, b, "alice", "/auth/login?return_to=/public/")
	var locations []string
	resp := app.Get(t, b, callback.String())
	locations = append(locations, resp.Header.Get("Location"))
	locations = append(locations, app.Get(t, b, "/me").Header.Get("Location"),
		app.BeginLogin(t, b, "/auth/login").String())
	access := app.OP.Requests("token")
	if len(access) != 1 {
		t.Fatal("no login")
	}
	for _, location := range locations {
		for _, secret := range []string{callback.Query().Get("code"),
			access[0].Form.Get("code_verifier"), "eyJ"} {
			if strings.Contains(location, secret) {
				t.Errorf("%s holds %q", location, secret)
			}
		}
	}
	// The ID token goes to the provider alone.
	there := rig.Location(t, app.Post(t, b, "/auth/logout", nil))
	if there.Scheme+"://"+there.Host != app.OP.Issuer() {
		t.Errorf("the ID token goes to %s", there.Host)
	}
}

// R140
func TestLeakage_R140_NoOracle(t *testing.T) {
	app := rig.New(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	own := app.SessionCookies(b)[0]
	app.Clock.Advance(8 * 24 * 60 * 60 * 1e9)
	var answers []string
	for name, value := range map[string]string{"expired": own.Value,
		"forged": strings.Repeat("A", len(own.Value)), "cut": own.Value[:50],
		"changed": "B" + own.Value[1:]} {
		thief := rig.Browser(t)
		app.SetCookies(thief, &http.Cookie{Name: own.Name, Value: value})
		resp := app.Get(t, thief, "/me", "Sec-Fetch-Mode", "cors")
		resp.Header.Del("Date")
		answers = append(answers, fmt.Sprint(resp.StatusCode, resp.Header, authtest.Body(t, resp)))
		if answers[0] != answers[len(answers)-1] {
			t.Errorf("%s: another answer:\n%s\n%s", name, answers[0], answers[len(answers)-1])
		}
	}
}
