package provider_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// F42: a misconfiguration is distinguished from an outage, on the page and in the log.
func TestDiscovery_F42_Misconfigured(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>Welcome</title>")
	}
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		broken bool // by its configuration
		log    string
	}{
		"not found":    {rig.Status(404), true, "status 404"},
		"gone":         {rig.Status(410), true, "status 410"},
		"forbidden":    {rig.Status(403), true, "status 403"},
		"unauthorized": {rig.Status(401), true, "status 401"},
		"no content":   {rig.Status(204), true, "status 204"},
		"a page":       {page, true, "text/html"},
		"nothing":      {rig.Status(200), true, "not the metadata of a provider"},
		"another origin": {http.RedirectHandler("https://www.op.example/x",
			http.StatusFound).ServeHTTP, true, "https://www.op.example/x"},
		"redirects forever": {http.RedirectHandler("/.well-known/openid-configuration",
			http.StatusFound).ServeHTTP, true, "too many redirects"},

		"internal error":    {rig.Status(500), false, "status 500"},
		"bad gateway":       {rig.Status(502), false, "status 502"},
		"unavailable":       {rig.Status(503), false, "status 503"},
		"too many requests": {rig.Status(429), false, "status 429"},
		"request timeout":   {rig.Status(408), false, "status 408"},
		"dropped": {func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, false, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t)
			rig.AnswerDiscovery(app, row.answer)
			resp := app.Get(t, rig.Browser(t), "/auth/login/op")
			want, code, retry := http.StatusServiceUnavailable, "provider_unavailable", true
			if row.broken {
				want, code, retry = http.StatusInternalServerError, "provider_misconfigured", false
			}
			if resp.StatusCode != want || (resp.Header.Get("Retry-After") != "") != retry ||
				!app.Happened("login", code) {
				t.Errorf("status %d, Retry-After %q, events %v; want %d", resp.StatusCode,
					resp.Header.Get("Retry-After"), app.Outcomes(), want)
			}
			for _, part := range []string{row.log, app.OP.Issuer() +
				"/.well-known/openid-configuration"} {
				if !strings.Contains(app.Log(), part) {
					t.Errorf("the log lacks %q: %s", part, app.Log())
				}
			}
			app.OP.Behave()
			app.Clock.Advance(6 * time.Second) // the longest pause
			if got := rig.TryLogin(t, app); got != "ok" {
				t.Errorf("once it is mended: %s", got)
			}
		})
	}
}

// F42: an issuer that differs is named together with the other value and the address.
func TestDiscovery_F42_BothIssuersAreLogged(t *testing.T) {
	for name, configured := range map[string]func(string) string{
		"slash": func(issuer string) string { return issuer + "/" },
		"host": func(issuer string) string {
			return strings.Replace(issuer, "127.0.0.1", "localhost", 1)
		},
	} {
		var metadata string
		app := rig.New(t, func(s *rig.Setup) {
			metadata = s.OIDC.Issuer + "/.well-known/openid-configuration"
			s.OIDC.Issuer, s.OIDC.Discovery = configured(s.OIDC.Issuer), metadata
		})
		resp := app.Get(t, rig.Browser(t), "/auth/login")
		if resp.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: status %d, want 500", name, resp.StatusCode)
		}
		for _, part := range []string{metadata, `issuer is \"` + app.OP.Issuer() + `\"`,
			`Issuer is \"` + app.OIDC.Issuer + `\"`} {
			if !strings.Contains(app.Log(), part) {
				t.Errorf("%s: the log lacks %s: %s", name, part, app.Log())
			}
		}
	}
}

// F42: users who are signed in stay so, and the provider is not asked by every visitor.
func TestDiscovery_F42_MisconfiguredAtRuntime(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	rig.AnswerDiscovery(app, rig.Status(404))
	app.Clock.Advance(2 * time.Hour)
	if got := app.Visit(t, b, "/me"); !strings.Contains(got, app.Is("alice")) {
		t.Errorf("the page says %q", got)
	}
	if got := rig.TryLogin(t, app); got != "ok" { // by the metadata that is known
		t.Errorf("a login with the known metadata: %s", got)
	}
	fresh := rig.New(t)
	rig.AnswerDiscovery(fresh, rig.Status(404))
	for range 30 {
		fresh.Get(t, rig.Browser(t), "/auth/login")
	}
	if n := fresh.OP.Count("discovery"); n > 3 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// F42: New rejects what cannot be an issuer.
func TestConfiguration_F42_Issuer(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://op.example/.well-known/openid-configuration":          `write "https://op.example"`,
		"https://op.example/realms/a/.well-known/openid-configuration": `write "https://op.example/realms/a"`,
		"https://op.example/.well-known/oauth-authorization-server/a":  "is the URL of the provider's metadata",
		"op.example":               `write "https://op.example"`,
		"op.example:8443":          `write "https://op.example:8443"`,
		"op.example/realms/a":      `write "https://op.example/realms/a"`,
		" https://op.example":      "white space",
		"https://op.example\n":     "white space",
		"https://op.example/a b":   "white space",
		"https://op.example\u00a0": "white space",
		"https://user:hunter2@op.example/.well-known/openid-configuration": "is the URL of the provider's metadata",
	} {
		_, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) { o.Issuer = issuer }))
		if err == nil || !strings.Contains(err.Error(), "Issuer") ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error with %q", issuer, err, want)
		}
	}
	for _, issuer := range []string{"https://op.example", "https://op.example/",
		"https://op.example/realms/a", "https://op.example:8443/well-known"} {
		if _, err := sallyport.New(rig.MinimalConfig(func(o *provider.OIDC) {
			o.Issuer = issuer
		})); err != nil {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

// F30: what the metadata rules out is reported before the user is sent to the provider.
func TestDiscovery_F30_RuledOut(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) { m[name] = value }
	}
	key := &provider.ClientKey{Signer: signingKeys(t)["ES384"]}
	for name, row := range map[string]struct {
		metadata func(map[string]any)
		change   func(*provider.OIDC)
		log      string
	}{
		"only none, and a secret": {set("token_endpoint_auth_methods_supported", []string{"none"}),
			nil, "AuthMethod"},
		"only other methods, and a secret": {
			set("token_endpoint_auth_methods_supported",
				[]string{"tls_client_auth", "private_key_jwt"}), nil, "AuthMethod"},
		"only secrets, and a key": {set("token_endpoint_auth_methods_supported",
			[]string{"client_secret_basic"}),
			func(o *provider.OIDC) { o.ClientSecret, o.ClientKey = "", key }, "AuthMethod"},
		"a key of another algorithm": {set("token_endpoint_auth_signing_alg_values_supported",
			[]string{"RS256"}),
			// F54
			func(o *provider.OIDC) {
				o.ClientSecret, o.ClientKey = "", key
			}, "ClientKey signs with ES384"},
		"a configured algorithm that is not listed": {
			set("token_endpoint_auth_signing_alg_values_supported", []string{"RS256"}),
			func(o *provider.OIDC) {
				o.ClientSecret, o.ClientKey = "",
					&provider.ClientKey{Signer: signingKeys(t)["RS256"], Algorithm: "PS256"}
			}, "ClientKey signs with PS256"}, // F54
		"pushed requests without an endpoint": {func(m map[string]any) {
			m["require_pushed_authorization_requests"] = true
			delete(m, "pushed_authorization_request_endpoint")
		}, nil, "pushed_authorization_request_endpoint is missing"},
		"pushed requests wanted without an endpoint": {func(m map[string]any) {
			delete(m, "pushed_authorization_request_endpoint")
		},
			func(o *provider.OIDC) {
				o.PAR = true
			}, "pushed_authorization_request_endpoint is missing"},
		"no code flow": {set("response_types_supported", []string{"id_token", "token"}), nil,
			"ResponseType"},
		"no hybrid flow": {set("response_types_supported", []string{"code"}),
			func(o *provider.OIDC) {
				o.ResponseType = "code id_token"
			}, "ResponseType"},
		"no form_post": {set("response_modes_supported", []string{"query", "fragment"}),
			func(o *provider.OIDC) {
				o.ResponseType = "code id_token"
			}, "form_post"},
		"plain PKCE": {set("code_challenge_methods_supported", []string{"plain"}), nil,
			"InsecureNoPKCE"},
		"shared secrets": {set("id_token_signing_alg_values_supported", []string{"HS256"}), nil,
			"SecretSignsTokens"},
		"signed requests": {set("require_signed_request_object", true), nil,
			"require_signed_request_object"},
		"no token endpoint": {func(m map[string]any) {
			delete(m, "token_endpoint")
		}, nil, "token_endpoint is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.Config.Session.SameSite = http.SameSiteNoneMode
				if row.change != nil {
					row.change(s.OIDC)
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) { f.Discovery = row.metadata })
			resp := app.Get(t, rig.Browser(t), "/auth/login/op")
			if resp.StatusCode != http.StatusInternalServerError ||
				!app.Happened("login", "provider_misconfigured") {
				t.Errorf("status %d, events %v; want 500 before the user is sent anywhere",
					resp.StatusCode, app.Outcomes())
			}
			if !strings.Contains(app.Log(), row.log) ||
				!strings.Contains(app.Log(), "/.well-known/openid-configuration") {
				t.Errorf("the log lacks %q or the address: %s", row.log, app.Log())
			}
			if err := app.Auth.Ready(t.Context()); !errors.Is(err, provider.ErrMisconfigured) {
				t.Errorf("Ready: %v", err)
			}
		})
	}
}

// F30: incomplete metadata rules nothing out, and what the operator configures goes before it.
func TestDiscovery_F30_NotRuledOut(t *testing.T) {
	lists := []string{
		"token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
		"response_types_supported",
		"response_modes_supported", "code_challenge_methods_supported",
		"require_signed_request_object",
	}
	key := &provider.ClientKey{Signer: signingKeys(t)["ES384"]}
	for name, row := range map[string]struct {
		metadata func(map[string]any)
		change   func(*rig.Setup)
	}{
		"no lists": {func(m map[string]any) {
			for _, name := range lists {
				delete(m, name)
			}
		}, nil},
		"empty lists": {func(m map[string]any) {
			for _, name := range lists[:5] {
				m[name] = []string{}
			}
		}, nil},
		"null": {func(m map[string]any) {
			for _, name := range lists {
				m[name] = nil
			}
		}, nil},
		"no lists of texts": {func(m map[string]any) {
			for _, name := range lists[1:] {
				m[name] = map[string]any{"x": 1}
			}
		}, nil},
		"a configured method": {func(m map[string]any) { m[lists[0]] = []string{"none"} },
			func(s *rig.Setup) { s.OIDC.AuthMethod = "client_secret_basic" }},
		"a configured key": {func(m map[string]any) {
			m[lists[0]] = []string{"client_secret_basic"}
		}, func(s *rig.Setup) {
			withKey(key)(s)
			s.OIDC.AuthMethod = "private_key_jwt"
		}},
		"PKCE switched off": {func(m map[string]any) {
			m["code_challenge_methods_supported"] = []string{"plain"}
		}, func(s *rig.Setup) {
			s.HTTP, s.OIDC.InsecureNoPKCE = true, true
		}},
		"response types in another order": {func(m map[string]any) {
			m["response_types_supported"] = []string{"id_token code"}
		}, func(s *rig.Setup) {
			s.Config.Session.SameSite = http.SameSiteNoneMode
			s.OIDC.ResponseType = "code id_token"
		}},
		"no client authentication, and none needed": {func(m map[string]any) {
			m[lists[0]] = []string{"none"}
		}, func(s *rig.Setup) {
			s.Config.Session.SameSite = http.SameSiteNoneMode
			s.OIDC.ResponseType = "id_token"
		}},
		"no token endpoint, and none needed": {func(m map[string]any) {
			delete(m, "token_endpoint")
		}, func(s *rig.Setup) {
			s.Config.Session.SameSite = http.SameSiteNoneMode
			s.OIDC.ResponseType = "id_token"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				if row.change != nil {
					row.change(s)
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) { f.Discovery = row.metadata })
			if resp := app.Get(t, rig.Browser(t), "/auth/login/op"); resp.StatusCode >= 400 {
				t.Errorf("status %d: %s", resp.StatusCode, app.Log())
			}
		})
	}
}

// F55: the endpoints for clients with a TLS certificate are used by a client that has one (RFC 8705
// section 5).
func TestDiscovery_F55_MutualTLS(t *testing.T) {
	certificate := tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: signingKeys(t)["ES256"]}
	for name, row := range map[string]struct {
		change func(*tls.Config)
		alias  bool
	}{
		"no certificate": {func(*tls.Config) {}, false},
		"a certificate": {func(c *tls.Config) {
			c.Certificates = []tls.Certificate{certificate}
		}, true},
		"a certificate on demand": {func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &certificate, nil
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, func(s *rig.Setup) {
				s.Second = true
				transport := s.OIDC.HTTPClient.Transport.(*http.Transport).Clone()
				row.change(transport.TLSClientConfig)
				s.OIDC.HTTPClient = &http.Client{Transport: transport}
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) {
					m["mtls_endpoint_aliases"] = map[string]any{
						"token_endpoint":         app.OP2.Issuer() + "/token",
						"authorization_endpoint": app.OP2.Issuer() + "/authorize",
						"x_endpoint":             7,
					}
				}
			})
			app.SignIn(t, rig.Browser(t), "alice", "/auth/login/op")
			want := map[bool]int{true: 1}[row.alias]
			if got := app.OP2.Count("token"); got != want || app.OP.Count("token") != 1-want ||
				app.OP2.Count("authorize") != 0 {
				t.Errorf("%d requests to the alias of the token endpoint, want %d; %d to that of "+
					"the authorization endpoint",
					got, want, app.OP2.Count("authorize"))
			}
		})
	}
}

// F55: an alias is an endpoint like any other, and a configured endpoint goes before it.
func TestDiscovery_F55_AliasesAreChecked(t *testing.T) {
	certificate := tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: signingKeys(t)["ES256"]}
	for name, row := range map[string]struct {
		aliases    any
		configured string
		want       int
	}{
		"http": {map[string]any{"token_endpoint": "http://op.example/token"},
			"", 500},
		"a member twice": {map[string]any{"token_endpoint": "https://op.example/t",
			"TOKEN_ENDPOINT": "https://evil.example/t"}, "", 500},
		"wrong type": {map[string]any{"token_endpoint": 7}, "", 500},
		"no object":  {"x", "", 500},
		"null":       {nil, "", 303},
		"configured replaces it": {map[string]any{"token_endpoint": "http://op.example/token"},
			"https://op.example/own", 303},
	} {
		app := rig.New(t, func(s *rig.Setup) {
			transport := s.OIDC.HTTPClient.Transport.(*http.Transport).Clone()
			transport.TLSClientConfig.Certificates = []tls.Certificate{certificate}
			s.OIDC.HTTPClient, s.OIDC.Endpoints.Token = &http.Client{Transport: transport},
				row.configured
		})
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Discovery = func(m map[string]any) { m["mtls_endpoint_aliases"] = row.aliases }
		})
		resp := app.Get(t, rig.Browser(t), "/auth/login/op")
		if resp.StatusCode != row.want &&
			!(row.want == 303 && resp.StatusCode == http.StatusFound) {
			t.Errorf("%s: status %d, want %d: %s", name, resp.StatusCode, row.want, app.Log())
		}
	}
}
