package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// failedLogin checks the answer to a login that anyone can make fail.
func failedLogin(t *testing.T, app *rig.App, resp *http.Response) {
	t.Helper()
	if resp.StatusCode < 400 || resp.StatusCode > 499 {
		t.Errorf("status %d, want 4xx", resp.StatusCode)
	}
	line := rig.LastLine(app.Log())
	for _, want := range []string{"code=", "ref=",
		"help=https://github.com/sallyport-go/sallyport/blob/main/docs/troubleshooting.md#"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log line has no %s: %s", want, line)
		}
	}
}

// F10: a visitor with a state of their own cannot make the application answer 5xx.
func TestOutcomes_F10_HostileCallbacks(t *testing.T) {
	set := func(pairs ...string) func(url.Values) {
		return func(q url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				q.Set(pairs[i], pairs[i+1])
			}
		}
	}
	failing := func(code string) func(url.Values) {
		return func(q url.Values) { q.Del("code"); q.Set("error", code) }
	}
	change := map[string]func(url.Values){
		"made-up code":    set("code", "bogus"),
		"empty code":      set("code", ""),
		"long code":       set("code", strings.Repeat("x", 5000)),
		"odd code":        set("code", "a\x00b\r\n"),
		"made-up error":   failing("whatever"),
		"empty error":     failing(""),
		"markup":          failing("<script>"),
		"error and code":  set("error", "server_error"),
		"other issuer":    set("iss", "https://evil.example"),
		"id_token":        set("id_token", "a.b.c"),
		"access token":    set("access_token", "x"),
		"JARM":            set("response", "a.b.c"),
		"no code":         func(q url.Values) { q.Del("code") },
		"foreign state":   set("state", "AAAAAAAAAAAAAAAAAAAAAA"),
		"repeated code":   func(q url.Values) { q.Add("code", "x") },
		"huge parameters": set("x", strings.Repeat("x", 70_000)),
	}
	for _, code := range []string{
		"server_error", "invalid_request", "unauthorized_client", "unsupported_response_type",
		"invalid_scope",
		"access_denied", "login_required", "interaction_required", "consent_required",
		"invalid_client",
		"invalid_grant", "slow_down", "registration_not_supported",
	} {
		change[code] = failing(code)
	}
	for name, f := range change {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			b := rig.Browser(t)
			callback := app.Callback(t, b, "alice", "/auth/login")
			query := callback.Query()
			f(query)
			callback.RawQuery = query.Encode()
			failedLogin(t, app, app.Get(t, b, callback.String()))
		})
	}
}

// F10: nor by a forged ID token that the visitor posts.
func TestOutcomes_F10_ForgedPosts(t *testing.T) {
	for name, f := range map[string]func(url.Values){
		"garbage": func(q url.Values) { q.Set("id_token", "a.b.c") },
		"empty":   func(q url.Values) { q.Set("id_token", "") },
		"unsigned": func(q url.Values) {
			q.Set("id_token", rig.Base64([]byte(`{"alg":"none"}`))+"."+rig.Base64([]byte(`{}`))+".")
		},
		"cut":           func(q url.Values) { q.Set("id_token", q.Get("id_token")[:100]) },
		"changed":       func(q url.Values) { q.Set("id_token", q.Get("id_token")[1:]) },
		"server_error":  func(q url.Values) { q.Del("id_token"); q.Set("error", "server_error") },
		"strange error": func(q url.Values) { q.Del("id_token"); q.Set("error", "x y") },
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, rig.ResponseType("id_token"))
			failedLogin(t, app, rig.PostedResponse(t, app, rig.Browser(t), f))
		})
	}
}

// F10: nor do answers of the provider that are no answers.
func TestOutcomes_F10_FaultyTokens(t *testing.T) {
	for name, fault := range map[string]func(*authtest.Faults){
		"no nonce": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { delete(c, "nonce") }
		},
		"other audience": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["aud"] = "other" }
		},
		"other issuer": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["iss"] = "https://evil.example" }
		},
		"expired": func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["exp"] = 1 }
		},
		"bad signature": func(f *authtest.Faults) {
			f.IDTokenRaw = func(s string) string { return s[:len(s)-4] + "AAAA" }
		},
		"not a token": func(f *authtest.Faults) {
			f.IDTokenRaw = func(string) string { return "x" }
		},
		"none": func(f *authtest.Faults) {
			f.TokenResponse = func(a map[string]any) { clear(a) }
		},
		"HTML": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 200, "text/html", "<html>")
		},
		"refused": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 400, "application/json", `{"error":"invalid_grant"}`)
		},
		"our secret": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 401, "application/json", `{"error":"invalid_client"}`)
		},
		"userinfo": func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, "application/json", "[]")
		},
		"other user": func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { c["sub"] = "other" }
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
			app.OP.Misbehave(fault)
			failedLogin(t, app, app.SignIn(t, rig.Browser(t), "alice", "/me"))
		})
	}
}

// F10: an outage is 503, and says when to try again.
func TestOutcomes_F10_Outages(t *testing.T) {
	for name, fault := range map[string]func(*authtest.Faults){
		"500": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 500, "text/html", "oops")
		},
		"502": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 502, "text/html", "oops")
		},
		"504": func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 504, "text/html", "oops")
		},
		"discovery": func(f *authtest.Faults) {
			f.Handler = rig.Answer("discovery", 503, "text/html", "oops")
		},
		"keys": func(f *authtest.Faults) {
			f.Handler = rig.Answer("jwks", 500, "text/html", "oops")
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			app.OP.Misbehave(fault)
			resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
			if resp.StatusCode != http.StatusServiceUnavailable ||
				resp.Header.Get("Retry-After") == "" {
				t.Errorf("status %d, Retry-After %q", resp.StatusCode,
					resp.Header.Get("Retry-After"))
			}
			if !slices.Contains(app.Outcomes(), "login provider_unavailable") {
				t.Errorf("outcomes %v", app.Outcomes())
			}
		})
	}
}
