package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
)

// rewrittenAnswer changes the body of an endpoint's right answers.
func rewrittenAnswer(app *rig.App, endpoint string, change func(body string) string) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Answer = func(e string, body []byte) []byte {
			if e != endpoint {
				return body
			}
			return []byte(change(strings.TrimSpace(string(body))))
		}
	})
}

// F22: metadata that is odd where nothing depends on it is good enough.
func TestDiscovery_F22_OddMetadata(t *testing.T) {
	rows := map[string]func(string) string{
		"mark in front":      func(s string) string { return "\ufeff" + s },
		"unused twice":       with(`"claims_supported":["sub"],"claims_supported":["sub","name"]`),
		"unused, no Unicode": with("\"service_documentation\":\"\xff\""),
		"optional twice": with(
			`"end_session_endpoint":"https://a.example/x","end_session_endpoint":"https://b.example/x"`),
		"look-alike": with(`"Userinfo_Endpoint":7`),
		"deep":       with(`"x":[[[[[[[[{"a":1,"a":2}]]]]]]]]`),
	}
	for member, value := range map[string]string{
		"claims_supported": `7`, "scopes_supported": `"openid"`, "acr_values_supported": `null`,
		"ui_locales_supported": `{}`, "userinfo_endpoint": `7`,
		"end_session_endpoint": `{}`, "revocation_endpoint": `[]`,
		"introspection_endpoint": `false`, "device_authorization_endpoint": `null`,
		"pushed_authorization_request_endpoint":          `1`,
		"require_pushed_authorization_requests":          `"false"`,
		"authorization_response_iss_parameter_supported": `"true"`,
		"id_token_signing_alg_values_supported":          `"ES256"`,
		"token_endpoint_auth_methods_supported":          `"client_secret_basic"`,
		"userinfo_signing_alg_values_supported":          `7`,
		"mtls_endpoint_aliases":                          `"none"`,
		"backchannel_logout_supported":                   `"yes"`,
	} {
		rows[member] = func(s string) string {
			var m map[string]json.RawMessage
			json.Unmarshal([]byte(s), &m)
			m[member] = json.RawMessage(value)
			raw, _ := json.Marshal(m)
			return string(raw)
		}
	}
	for name, change := range rows {
		app := rig.New(t)
		rewrittenAnswer(app, "discovery", change)
		if got := attempt(t, app); got != "ok" {
			t.Errorf("%s: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
	}
}

// F22: where a login depends on a member, the error names it, and the address of the document.
func TestDiscovery_F22_ErrorsNameMemberAndAddress(t *testing.T) {
	for name, row := range map[string]struct{ members, named string }{
		"issuer":                        {`"issuer":7`, "issuer"},
		"token endpoint, a number":      {`"token_endpoint":7`, "token_endpoint"},
		"token endpoint, null":          {`"token_endpoint":null`, "token_endpoint"},
		"authorization endpoint, empty": {`"authorization_endpoint":""`, "authorization_endpoint"},
		"keys, a list":                  {`"jwks_uri":["x"]`, "jwks_uri"},
		"algorithms": {`"id_token_signing_alg_values_supported":["none"]`,
			"id_token_signing_alg_values_supported"},
		"broken": {"\"token_endpoint\":\"https://op.example/\xff\"",
			"token_endpoint"},
		"twice": {
			`"token_endpoint":"https://a.example","token_endpoint":"https://b.example"`,
			"token_endpoint"},
		"look-alike":       {`"Token_Endpoint":"https://a.example"`, "token_endpoint"},
		"userinfo, needed": {`"userinfo_endpoint":7`, "userinfo_endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
			rewrittenAnswer(app, "discovery", func(s string) string {
				var m map[string]json.RawMessage
				json.Unmarshal([]byte(s), &m)
				for member := range m {
					if strings.HasPrefix(row.members, `"`+member+`"`) {
						delete(m, member)
					}
				}
				raw, _ := json.Marshal(m)
				return with(row.members)(string(raw))
			})
			if got := attempt(t, app); got == "ok" {
				t.Fatal("the login succeeds")
			}
			for _, want := range []string{row.named, app.OP.Issuer() +
				"/.well-known/openid-configuration"} {
				if !strings.Contains(app.Log(), want) {
					t.Errorf("the log does not name %s: %s", want, app.Log())
				}
			}
		})
	}
}

// F22: a member that the configuration replaces is not looked at.
func TestDiscovery_F22_ReplacedMembers(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.Endpoints.Token = s.OP.Issuer() + "/token" })
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["token_endpoint"] = 7 }
	})
	if got := attempt(t, app); got != "ok" {
		t.Errorf("%s: %s", got, app.Log())
	}
}

// F23: of a key nothing is read but the key.
func TestKeys_F23_OddKeys(t *testing.T) {
	each := func(change func(key map[string]any)) func(set map[string]any) {
		return func(set map[string]any) {
			raw, _ := json.Marshal(set["keys"])
			var keys []any
			json.Unmarshal(raw, &keys)
			for _, key := range keys {
				change(key.(map[string]any))
			}
			set["keys"] = keys
		}
	}
	rows := map[string]func(set map[string]any){
		"without kid":      each(func(k map[string]any) { delete(k, "kid") }),
		"kid is null":      each(func(k map[string]any) { k["kid"] = nil }),
		"kid is a number":  each(func(k map[string]any) { k["kid"] = 7 }),
		"without alg, use": each(func(k map[string]any) { delete(k, "alg"); delete(k, "use") }),
		"alg, use null": each(func(k map[string]any) {
			k["alg"], k["use"], k["key_ops"] = nil, nil, nil
		}),
		"others without kid in front": func(set map[string]any) {
			keys := set["keys"].([]any)
			for range 5 {
				stranger, _ := json.Marshal(strangerKey(t))
				var key map[string]any
				json.Unmarshal(stranger, &key)
				delete(key, "kid")
				keys = append([]any{key}, keys...)
			}
			set["keys"] = keys
		},
	}
	for member, values := range map[string][]any{
		"x5t": {"AAAA", "not base64!", 7, nil, []string{}}, "x5t#S256": {"AAAA", "%%%", 7},
		"x5c": {[]string{"AAAA"}, "AAAA", []any{7}, 7, []string{}},
		"x5u": {"not a URL\x7f", 7, "https://evil.example"},
		"exp": {"never"}, "iat": {[]int{1}}, "custom": {map[string]any{"a": 1}}, "ext": {"true"},
		"d": {nil},
	} {
		for _, value := range values {
			rows[member+" = "+string(rig.JSON(value))] = each(func(k map[string]any) {
				k[member] = value
			})
		}
	}
	for name, change := range rows {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) { f.JWKS = change })
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
	}
	for name, change := range map[string]func(string) string{
		"mark in front": func(s string) string {
			return "\ufeff" + s
		}, "unused twice": with(`"x":1,"x":2`), "not UTF-8": with("\"x\":\"\xff\""),
		"twice in a key": func(s string) string {
			return strings.Replace(s, `{"`, `{"x":1,"x":2,"`, 2)
		},
	} {
		app := rig.New(t)
		rewrittenAnswer(app, "jwks", change)
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
	}
	// What says what a key is for is believed.
	for name, change := range map[string]func(key map[string]any){
		"for encryption": func(k map[string]any) {
			k["use"] = "enc"
		}, "use is odd": func(k map[string]any) {
			k["use"] = 7
		}, "for signing only": func(k map[string]any) { k["key_ops"] = []string{"sign"} },
		"another algorithm": func(k map[string]any) {
			k["alg"] = "ES512"
		}, "alg is odd": func(k map[string]any) {
			k["alg"] = 7
		}, "another kid": func(k map[string]any) { k["kid"] = "x" },
	} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) { f.JWKS = each(change) })
		if got := rig.TryLogin(t, app); got == "ok" {
			t.Errorf("%s: the login succeeds", name)
		}
	}
}

// F49: what a provider writes does not get into the log as it is, nor do secrets that it repeats.
func TestLog_F49_TextOfTheProvider(t *testing.T) {
	for name, description := range map[string]string{
		"a script": `<script>alert(1)</script>`, "an image": `<img src=x onerror=alert(1)>`,
		"a comment": `<!-- x`, "an end": `</td>`, "a new line": "a\nlevel=ERROR msg=forged",
		"colors": "\x1b[31mred", "turned around": "\u202egnp.exe",
		"long": strings.Repeat("x", 5000),
	} {
		for place, fault := range map[string]func(*authtest.Faults){
			"callback": func(f *authtest.Faults) {
				f.Callback = func(v url.Values) {
					delete(v, "code")
					v["error"], v["error_description"] = []string{"server_error"},
						[]string{description}
				}
			},
			"token": func(f *authtest.Faults) {
				f.Handler = rig.Answer("token", 400, "application/json",
					string(rig.JSON(map[string]string{"error": "invalid_request",
						"error_description": description})))
			},
		} {
			app := rig.New(t)
			app.OP.Misbehave(fault)
			rig.TryLogin(t, app)
			log := app.Log()
			for _, harm := range []string{"<script", "<img", "<!--", "</td",
				"\nlevel=ERROR msg=forged", "\x1b", "\u202e", strings.Repeat("x", 300)} {
				if strings.Contains(log, harm) {
					t.Errorf("%s from %s: the log has %q: %s", name, place, harm, rig.LastLine(log))
				}
			}
		}
	}
}

// F49: an answer that is no HTTP may repeat what was sent.
func TestLog_F49_BrokenAnswersRepeatSecrets(t *testing.T) {
	for name, broken := range map[string]func(secret string) string{
		"status line": func(s string) string { return s + "\r\n\r\n" },
		"status code": func(s string) string { return "HTTP/1.1 " + s + "\r\n\r\n" },
		"version":     func(s string) string { return "HTTP/" + s + " 200 OK\r\n\r\n" },
		"header line": func(s string) string {
			return "HTTP/1.1 200 OK\r\n" + s + "\r\n\r\n"
		},
		"header name": func(s string) string {
			return "HTTP/1.1 200 OK\r\n " + s + ": x\r\n\r\n"
		},
		"length": func(s string) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: " + s + "\r\n\r\n"
		},
		"transfer encoding": func(s string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + s + "\r\n\r\n"
		},
		"chunk": func(s string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + s + "\r\n"
		},
		"trailer": func(s string) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + s + "\r\n\r\n"
		},
	} {
		for _, endpoint := range []string{"token", "userinfo"} {
			t.Run(name+" of "+endpoint, func(t *testing.T) {
				app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
				var secret string
				app.OP.Misbehave(func(f *authtest.Faults) {
					f.Handler = func(e string, w http.ResponseWriter, r *http.Request) bool {
						if e != endpoint {
							return false
						}
						if secret = strings.TrimPrefix(r.Header.Get("Authorization"),
							"Bearer "); endpoint == "token" {
							secret = r.FormValue("code")
						}
						conn, _, err := w.(http.Hijacker).Hijack()
						if err != nil {
							t.Error(err)
							return true
						}
						conn.Write([]byte(broken(secret)))
						conn.Close()
						return true
					}
				})
				if got := rig.TryLogin(t, app); got == "ok" {
					t.Error("the login succeeds")
				}
				if len(secret) < 10 || strings.Contains(app.Log(), secret) {
					t.Errorf("the log holds %q: %s", secret, rig.LastLine(app.Log()))
				}
			})
		}
	}
}

// F49, R47: a hash of the code that is there has to be right in the code flow as well. F55: one of
// an access token that did not come along is not compared.
func TestIDToken_F49_HashesOfWhatCameAlong(t *testing.T) {
	for name, row := range map[string]struct {
		kind  string
		fault func(*authtest.Faults)
		want  string
	}{
		"c_hash in the code flow": {"code", func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["c_hash"] = "AAAA" }
		}, "invalid_id_token"},
		"c_hash, empty": {"code", func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["c_hash"] = "" }
		}, "invalid_id_token"},
		"c_hash, null": {"code", func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["c_hash"] = nil }
		}, "invalid_id_token"},
		"c_hash in the second ID token": {"code id_token", func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["c_hash"] = "AAAA" }
		}, "invalid_id_token"},
		// F55
		"at_hash in the first ID token": {"code id_token", func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["at_hash"] = "AAAA" }
		}, "ok"},
		"at_hash without a token": {"id_token", func(f *authtest.Faults) {
			f.FrontIDToken = func(c map[string]any) { c["at_hash"] = "AAAA" }
		}, "ok"},
		"at_hash in the second ID token": {"code id_token", func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["at_hash"] = "AAAA" }
		}, "invalid_id_token"},
	} {
		app := rig.New(t, rig.ResponseType(row.kind))
		app.OP.Misbehave(row.fault)
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s: %s, want %s\n%s", name, got, row.want, rig.LastLine(app.Log()))
		}
	}
}
