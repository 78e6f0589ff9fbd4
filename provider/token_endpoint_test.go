package provider_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// R71
func TestTokenEndpoint_R71_ClientAuthentication(t *testing.T) {
	const id, secret = "client:%+ é-._~", "secret:%+ é&=/-._~"
	for name, row := range map[string]struct {
		method     string
		advertised any // nil: not at all
		want       string
	}{
		"default":          {"", nil, "basic"},
		"advertised post":  {"", []string{"client_secret_post"}, "post"},
		"advertised both":  {"", []string{"client_secret_post", "client_secret_basic"}, "basic"},
		"configured post":  {"client_secret_post", []string{"client_secret_basic"}, "post"},
		"configured basic": {"client_secret_basic", []string{"client_secret_post"}, "basic"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.ClientID, s.OIDC.ClientSecret, s.OIDC.AuthMethod = id, secret, row.method
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) {
					delete(m, "token_endpoint_auth_methods_supported")
					if row.advertised != nil {
						m["token_endpoint_auth_methods_supported"] = row.advertised
					}
				}
				f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
					// the client is not the one the provider knows: back at once
					if e == "authorize" {
						back := r.Form.Get("redirect_uri") + "?" + url.Values{"code": {"c0de-c0de"},
							"state": {r.Form.Get("state")}, "iss": {app.OP.Issuer()}}.Encode()
						http.Redirect(w, r, back, http.StatusFound)
					}
					return e == "authorize"
				}
			})
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			requests := app.OP.Requests("token")
			if len(requests) != 1 {
				t.Fatalf("%d token requests, want 1", len(requests))
			}
			r := requests[0]
			if len(r.Query) != 0 {
				t.Errorf("the token request has a query: %v", r.Query)
			}
			gotID, gotSecret, basic := basicAuth(r.Header.Get("Authorization"))
			inBody := r.Form.Get("client_secret") != ""
			if basic == inBody {
				t.Fatalf("basic %v and post %v: want exactly one", basic, inBody)
			}
			if basic != (row.want == "basic") {
				t.Errorf("basic is %v, want %s", basic, row.want)
			}
			if inBody {
				gotID, gotSecret = r.Form.Get("client_id"), r.Form.Get("client_secret")
			}
			if gotID != id || gotSecret != secret {
				t.Errorf("the provider reads %q and %q", gotID, gotSecret)
			}
			if basic && !strings.Contains(rawBasic(r.Header.Get("Authorization")), "-._~:") {
				t.Error("characters that need no encoding are encoded")
			}
		})
	}
}

func rawBasic(header string) string {
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Basic "))
	return string(raw)
}

func basicAuth(header string) (id, secret string, ok bool) {
	if header == "" {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rawBasic(header), ":")
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	return id, secret, ok
}

// R71: a public client sends its ID and no secret.
func TestTokenEndpoint_R71_PublicClient(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.ClientSecret = "" })
	app.SignIn(t, rig.Browser(t), "alice", "/me")
	r := app.OP.Requests("token")[0]
	if r.Header.Get("Authorization") != "" || r.Form.Has("client_secret") ||
		r.Form.Get("client_id") != authtest.ClientID {
		t.Errorf("a public client sends %v and %q", r.Form, r.Header.Get("Authorization"))
	}
}

// R72
func TestTokenEndpoint_R72_Answers(t *testing.T) {
	for name, row := range map[string]struct {
		change func(map[string]any)
		want   string
		expiry time.Duration // of the access token; 0: not known
	}{
		"right": {nil, "ok", time.Hour},
		"bearer": {func(a map[string]any) {
			a["token_type"] = "bearer"
		}, "ok", time.Hour},
		"BEARER": {func(a map[string]any) {
			a["token_type"] = "BEARER"
		}, "ok", time.Hour},
		"DPoP": {func(a map[string]any) {
			a["token_type"] = "DPoP"
		}, "token_error", 0},
		"mac": {func(a map[string]any) {
			a["token_type"] = "mac"
		}, "token_error", 0},
		"Bearer with space": {func(a map[string]any) {
			a["token_type"] = "Bearer "
		}, "token_error", 0},
		"type is a number": {func(a map[string]any) { a["token_type"] = 1 }, "token_error", 0},
		"no expires_in":    {func(a map[string]any) { delete(a, "expires_in") }, "ok", 0},
		"no scope":         {func(a map[string]any) { delete(a, "scope") }, "ok", time.Hour},
		"expires_in as string": {func(a map[string]any) {
			a["expires_in"] = "3600"
		}, "ok", time.Hour},
		"expires_in as float": {func(a map[string]any) {
			a["expires_in"] = 3600.0
		}, "ok", time.Hour},
		"expires_in negative": {func(a map[string]any) { a["expires_in"] = -5 }, "ok", 0},
		"expires_in huge": {func(a map[string]any) {
			a["expires_in"] = 1e300
		}, "ok", 100 * 365 * 24 * time.Hour},
		"expires_in null": {func(a map[string]any) { a["expires_in"] = nil }, "ok", 0},
		"no access_token": {func(a map[string]any) {
			delete(a, "access_token")
		}, "token_error", 0},
		"empty access_token": {func(a map[string]any) {
			a["access_token"] = ""
		}, "token_error", 0},
		"error with status 200": {func(a map[string]any) {
			a["error"] = "invalid_grant"
		}, "token_error", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var tokens session.Tokens
			app := rig.New(t, func(s *rig.Setup) {
				s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) (err error) {
					tokens, err = s.Tokens()
					return err
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) { f.TokenResponse = row.change })
			if got := rig.TryLogin(t, app); got != row.want {
				t.Fatalf("%s, want %s", got, row.want)
			}
			if row.want != "ok" {
				return
			}
			var lifetime time.Duration
			if !tokens.Expiry.IsZero() {
				lifetime = tokens.Expiry.Sub(app.Clock.Now())
			}
			if lifetime != row.expiry || tokens.TokenType != "Bearer" {
				t.Errorf("lifetime %v and type %q, want %v and Bearer", lifetime, tokens.TokenType,
					row.expiry)
			}
		})
	}
}

// R73, F29: a code is sent once, and once more on a new connection if the kept one breaks.
func TestTokenEndpoint_R73_NoSecondTry(t *testing.T) {
	for name, handler := range map[string]func(string, http.ResponseWriter, *http.Request) bool{
		"500": rig.Answer("token", 500, "", ""), "503": rig.Answer("token", 503, "application/json",
			`{"error":"temporarily_unavailable"}`), "401": rig.Answer("token", 401,
			"application/json", `{"error":"invalid_client"}`),
		"connection dropped": func(e string, _ http.ResponseWriter, _ *http.Request) bool {
			if e == "token" {
				panic(http.ErrAbortHandler)
			}
			return false
		},
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = handler })
		rig.TryLogin(t, app)
		want := 1
		if name == "connection dropped" { // the one that discovery has left behind, then a new one
			want = 2
		}
		if got := app.OP.Count("token"); got != want {
			t.Errorf("%s: %d token requests, want %d", name, got, want)
		}
	}
}

// R76, R135: text of the provider does not reach the browser; codes map to a fixed set.
func TestTokenEndpoint_R76_ErrorsAreMapped(t *testing.T) {
	const xss = `<script>alert(1)</script>`
	for body, want := range map[string]string{
		`{"error":"invalid_grant","error_description":"` + xss + `"}`:              "invalid_grant",
		`{"error":"` + xss + `","error_uri":"javascript:alert(1)"}`:                "",
		`{"error":"invalid_client","error_description":"a\r\nb\u0000c\u001b[31m"}`: "invalid_client",
		`{"error":7}`:  "",
		`<html>` + xss: "",
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("token", 400, "application/json", body)
		})
		resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
		page := authtest.Body(t, resp)
		if strings.Contains(page, "alert(1)") || strings.Contains(page, "invalid_") {
			t.Errorf("%s: the page shows it:\n%s", body, page)
		}
		if !app.Happened("login", "token_error") || !strings.Contains(app.Log(), want) {
			t.Errorf("%s: events %v, log %s", body, app.Outcomes(), app.Log())
		}
		if strings.ContainsAny(app.Log(), "\x00\x1b\r") {
			t.Errorf("%s: control characters in the log", body)
		}
	}
}

// R77
func TestUserInfo_R77_SubjectMustBeTheSame(t *testing.T) {
	always := func(s *rig.Setup) { s.OIDC.UserInfo = "always" }
	for name, change := range map[string]func(map[string]any){
		"other": func(c map[string]any) {
			c["sub"] = "1002"
		}, "missing": func(c map[string]any) {
			delete(c, "sub")
		}, "empty": func(c map[string]any) { c["sub"] = "" },
		"number": func(c map[string]any) {
			c["sub"] = 1001
		}, "null": func(c map[string]any) {
			c["sub"] = nil
		}, "longer": func(c map[string]any) { c["sub"] = "1001 " },
		"look-alike": func(c map[string]any) { c["Sub"] = "1001" },
	} {
		app := rig.New(t, always)
		app.OP.Misbehave(func(f *authtest.Faults) { f.UserInfo = change })
		if got := rig.TryLogin(t, app); got != "invalid_userinfo" {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, body := range []string{`[]`, `null`, `"x"`, `{}`, ``, `{"sub":"1001","sub":"1002"}`} {
		app := rig.New(t, always)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, "application/json", body)
		})
		if got := rig.TryLogin(t, app); got != "invalid_userinfo" {
			t.Errorf("%q: %s", body, got)
		}
	}
	// R79: a signed answer is not taken for a plain one.
	app := rig.New(t, always)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = rig.Answer("userinfo", 200, "application/jwt",
			rig.Base64([]byte(`{"alg":"none"}`))+"."+rig.Base64([]byte(`{"sub":"1001"}`))+".")
	})
	if got := rig.TryLogin(t, app); got != "invalid_userinfo" {
		t.Errorf("application/jwt: %s", got)
	}
}

// R78
func TestUserInfo_R78_DoesNotOverwriteWhatIsSigned(t *testing.T) {
	var got *session.Session
	var claims map[string]any
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.UserInfo = "always"
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			got = s.Session
			return s.Claims(&claims)
		}
	})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.UserInfo = func(c map[string]any) {
			for _, name := range []string{"iss", "aud", "nonce", "acr", "name", "jti"} {
				c[name] = "overwritten"
			}
			c["exp"], c["auth_time"], c["amr"], c["sid"] = 9e9, 1, []string{"overwritten"},
				"overwritten"
			c["department"] = "added"
		}
		f.IDToken = func(c map[string]any) { delete(c, "sid"); delete(c, "acr") }
	})
	if outcome := rig.TryLogin(t, app); outcome != "ok" {
		t.Fatal(outcome)
	}
	for name, value := range claims {
		if text, _ := value.(string); text == "overwritten" {
			t.Errorf("claim %s comes from userinfo", name)
		}
	}
	if got.User.Issuer != app.OP.Issuer() || got.User.Name != "Alice Adams" || got.ACR != "" ||
		got.SID != "" || got.AuthTime.Unix() == 1 {
		t.Errorf("the session is %+v", got)
	}
	if claims["department"] != "added" {
		t.Error("what userinfo alone says is missing")
	}
}

// R78: an email address and its verification come from one source.
func TestUserInfo_R78_EmailAndItsVerification(t *testing.T) {
	const a, b = "a@example.com", "b@example.com"
	for name, row := range map[string]struct {
		token, info map[string]any
		email       string
		verified    bool
	}{
		"token only": {map[string]any{"email": a, "email_verified": true}, nil,
			a, true},
		"info only": {nil, map[string]any{"email": b, "email_verified": true},
			b, true},
		"info without verification": {map[string]any{"email_verified": true},
			map[string]any{"email": b}, b, false},
		"they disagree": {map[string]any{"email": a, "email_verified": true},
			map[string]any{"email": b}, a, false},
		"they disagree, both verified": {map[string]any{"email": a, "email_verified": true},
			map[string]any{"email": b, "email_verified": true}, a, false},
		"the same, verified in info": {map[string]any{"email": a},
			map[string]any{"email": a, "email_verified": true}, a, true},
		"address here, verified there": {map[string]any{"email": a},
			map[string]any{"email_verified": true}, a, false},
		"verified false wins": {map[string]any{"email": a, "email_verified": false},
			map[string]any{"email": a, "email_verified": true}, a, false},
		"verified as text": {map[string]any{"email": a, "email_verified": "true"}, nil,
			a, true},
		"verified as other text": {map[string]any{"email": a, "email_verified": "yes"}, nil,
			a, false},
		"verified as number": {map[string]any{"email": a, "email_verified": 1}, nil,
			a, false},
		"address of another type": {map[string]any{"email": []string{a},
			"email_verified": true}, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var got session.User
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.UserInfo = "always"
				s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
					got = s.User
					return nil
				}
			})
			replace := func(values map[string]any) func(map[string]any) {
				return func(c map[string]any) {
					delete(c, "email")
					delete(c, "email_verified")
					for name, value := range values {
						c[name] = value
					}
				}
			}
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken, f.UserInfo = replace(row.token), replace(row.info)
			})
			if outcome := rig.TryLogin(t, app); outcome != "ok" {
				t.Fatal(outcome)
			}
			if got.Email != row.email || got.EmailVerified != row.verified {
				t.Errorf("%q, verified %v; want %q, %v", got.Email, got.EmailVerified, row.email,
					row.verified)
			}
		})
	}
}

// R80, and when userinfo is asked at all.
func TestUserInfo_R80_TokenInTheHeaderOnly(t *testing.T) {
	app := rig.New(t)
	rig.TryLogin(t, app)
	if got := app.OP.Count("userinfo"); got != 0 {
		t.Errorf("%d userinfo requests, although the ID token has the profile", got)
	}
	slim := rig.New(t)
	slim.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) {
			for _, name := range []string{"name", "preferred_username", "email", "email_verified"} {
				delete(c, name)
			}
		}
	})
	b := rig.Browser(t)
	slim.SignIn(t, b, "alice", "/me")
	requests := slim.OP.Requests("userinfo")
	if len(requests) != 1 {
		t.Fatalf("%d userinfo requests, want 1", len(requests))
	}
	r := requests[0]
	if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") || len(r.Query) != 0 ||
		len(r.Form) != 0 {
		t.Errorf("the request carries %v %v", r.Query, r.Form)
	}
}

// R151
func TestRoles_R151_FailClosed(t *testing.T) {
	for name, row := range map[string]struct {
		claim  string
		claims map[string]any
		want   string
	}{
		"list":           {"", map[string]any{"roles": []string{"admin", "x"}}, "admin|x"},
		"one text":       {"", map[string]any{"roles": "admin"}, "admin"},
		"joined text":    {"", map[string]any{"roles": "admin,user"}, "admin,user"},
		"joined in list": {"", map[string]any{"roles": []string{"admin,user"}}, "admin,user"},
		"spaces":         {"", map[string]any{"roles": "admin user"}, "admin user"},
		"object":         {"", map[string]any{"roles": map[string]bool{"admin": true}}, ""},
		"nested list":    {"", map[string]any{"roles": []any{[]string{"admin"}}}, ""},
		"mixed list":     {"", map[string]any{"roles": []any{"admin", 1}}, ""},
		"with null":      {"", map[string]any{"roles": []any{"admin", nil}}, ""},
		"number":         {"", map[string]any{"roles": 1}, ""},
		"null":           {"", map[string]any{"roles": nil}, ""},
		"true":           {"", map[string]any{"roles": true}, ""},
		"missing":        {"other", map[string]any{}, ""},
		"empty texts":    {"", map[string]any{"roles": []string{"", "admin"}}, "admin"},
		"path": {"realm_access.roles",
			map[string]any{"realm_access": map[string]any{"roles": []string{"admin"}}}, "admin"},
		"path to nothing": {"realm_access.roles", map[string]any{"realm_access": "admin"}, ""},
		"name with dots": {"https://example.com/roles",
			map[string]any{"https://example.com/roles": []string{"admin"}}, "admin"},
	} {
		t.Run(name, func(t *testing.T) {
			got := "no login"
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.RolesClaim = row.claim
				s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
					got = strings.Join(s.User.Roles, "|")
					return nil
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) {
					delete(c, "roles")
					for n, v := range row.claims {
						c[n] = v
					}
				}
			})
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			if got != row.want {
				t.Errorf("roles %q, want %q", got, row.want)
			}
			// The guard: exactly the role, and nothing else, opens.
			want := http.StatusForbidden
			if strings.Contains("|"+row.want+"|", "|admin|") {
				want = http.StatusOK
			}
			if resp := app.Get(t, b, "/admin"); resp.StatusCode != want {
				t.Errorf("/admin: status %d, want %d", resp.StatusCode, want)
			}
		})
	}
}

// F29: a code that was spent on a connection that ended is an outcome of its own.
func TestTokenEndpoint_F29_Interrupted(t *testing.T) {
	for name, second := range map[string]string{"interrupted": "invalid_grant",
		"token_error": "invalid_client"} {
		app := rig.New(t)
		first := true
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
				if endpoint == "token" && first {
					first = false
					panic(http.ErrAbortHandler)
				}
				return rig.Answer("token", 400, "application/json", `{"error":"`+second+
					`"}`)(endpoint, w, r)
			}
		})
		if got := rig.TryLogin(t, app); got != name {
			t.Errorf("%s: %s, want %s", second, got, name)
		}
		app.OP.Behave()
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("signing in again: %s", got)
		}
	}
}
