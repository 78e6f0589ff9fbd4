package middleware_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// accepting is an application with an API at /api that accepts tokens as accepted says.
func accepting(t *testing.T, accepted middleware.API, change ...func(*rig.Setup)) *rig.App {
	t.Helper()
	app := rig.New(t, change...)
	accepted.Audience, accepted.BearerOnly = rig.Audience, true
	app.Mux.Handle("/api", app.Auth.Bearer(accepted)(
		app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
	return app
}

// opaque is an access token of alice's that the provider has to be asked about.
func opaque(t *testing.T, app *rig.App) string {
	t.Helper()
	tokens, err := app.OIDC.Grants().JWTBearer(t.Context(),
		app.OP.Sign(map[string]any{"sub": "alice"}), "reports")
	if err != nil {
		t.Fatal(err)
	}
	return tokens.AccessToken
}

// introspecting has the provider answer for this API, with changes.
func introspecting(app *rig.App, change func(map[string]any)) {
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Introspection = func(a map[string]any) { a["aud"] = rig.Audience; change(a) }
	})
}

// F5: what an introspection response must say, and what an API may do without.
func TestBearer_F5_Introspection(t *testing.T) {
	none, client := middleware.API{}, middleware.API{ClientIDs: []string{authtest.ClientID}}
	untyped := middleware.API{ClientIDs: client.ClientIDs, Untyped: true}
	future := time.Now().Add(time.Hour).Unix()
	for name, row := range map[string]struct {
		api    middleware.API
		change func(map[string]any)
		want   int
	}{
		"right":            {none, func(map[string]any) {}, 200},
		"no audience":      {none, func(a map[string]any) { delete(a, "aud") }, 401},
		"null as audience": {none, func(a map[string]any) { a["aud"] = nil }, 401},
		"empty list": {none, func(a map[string]any) {
			a["aud"] = []string{}
		}, 401},
		"no audience, listed client": {middleware.API{ClientIDs: []string{"x", authtest.ClientID}},
			func(a map[string]any) {
				delete(a, "aud")
			}, 200},
		"no audience, other client": {middleware.API{ClientIDs: []string{"x"}},
			func(a map[string]any) {
				delete(a, "aud")
			}, 401},
		"no audience, no client": {middleware.API{ClientIDs: []string{""}}, func(a map[string]any) {
			delete(a, "aud")
			delete(a, "client_id")
		}, 401},
		"other audience, listed": {middleware.API{ClientIDs: []string{authtest.ClientID}},
			func(a map[string]any) {
				a["aud"] = "https://other.example"
			}, 401},
		"one of several": {none, func(a map[string]any) {
			a["aud"] = []string{"x", rig.Audience}
		}, 200},
		"refresh token": {none, func(a map[string]any) {
			a["token_type"] = "refresh_token"
		}, 401},
		"refresh token of Keycloak": {none, func(a map[string]any) {
			a["typ"] = "Refresh"
		}, 401},
		"refresh token of Hydra": {none, func(a map[string]any) {
			a["token_use"] = "refresh_token"
		}, 401},
		"no type, but an audience": {none, func(a map[string]any) {
			delete(a, "token_type")
		}, 200},
		"no type and no audience": {client, func(a map[string]any) {
			delete(a, "token_type")
			delete(a, "aud")
		}, 401},
		"the same, untyped": {untyped, func(a map[string]any) {
			delete(a, "token_type")
			delete(a, "aud")
		}, 200},
		"the same, marked": {client, func(a map[string]any) {
			delete(a, "token_type")
			delete(a, "aud")
			a["token_use"] = "access_token"
		}, 200},
		"no type, refresh": {middleware.API{Untyped: true}, func(a map[string]any) {
			delete(a, "token_type")
			a["typ"] = "Refresh"
		}, 401},
		"number as type": {none, func(a map[string]any) { a["token_type"] = 1 }, 401},
		"lower case": {none, func(a map[string]any) {
			a["token_type"] = "bearer"
		}, 200},
		"DPoP": {none, func(a map[string]any) {
			a["token_type"] = "DPoP"
		}, 401},
		"bound to a key": {none, func(a map[string]any) {
			a["cnf"] = map[string]any{"jkt": "x"}
		}, 401},
		"bound to a certificate": {middleware.API{Untyped: true}, func(a map[string]any) {
			a["cnf"] = map[string]any{"x5t#S256": "x"}
		}, 401},
		"bound to something odd": {none, func(a map[string]any) { a["cnf"] = "x" }, 401},
		"not yet":                {none, func(a map[string]any) { a["nbf"] = future }, 401},
		"odd nbf":                {none, func(a map[string]any) { a["nbf"] = "soon" }, 401},
		"expired":                {none, func(a map[string]any) { a["exp"] = 1 }, 401},
		"client token": {none, func(a map[string]any) {
			a["sub"] = a["client_id"]
		}, 401},
		"client token without subject": {none, func(a map[string]any) { delete(a, "sub") }, 401},
		"client token, wanted": {middleware.API{ClientTokens: true}, func(a map[string]any) {
			a["sub"] = a["client_id"]
		}, 200},
		"no subject, wanted": {middleware.API{ClientTokens: true}, func(a map[string]any) {
			delete(a, "sub")
		}, 200},
		"nobody": {middleware.API{ClientTokens: true}, func(a map[string]any) {
			delete(a, "sub")
			delete(a, "client_id")
		}, 401},
		"other issuer": {none, func(a map[string]any) {
			a["iss"] = "https://evil.example"
		}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			app := accepting(t, row.api)
			introspecting(app, row.change)
			resp := rig.GetAPI(t, app, "/api", "Bearer "+opaque(t, app))
			if resp.StatusCode != row.want && !(row.want == 401 && resp.StatusCode == 503 &&
				strings.Contains(name, "odd")) {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, row.want, app.Log())
			}
			if got := app.OP.Requests("introspect")[0].Form; got.Get(
				"token_type_hint") != "access_token" {
				t.Errorf("the request is %v", url.Values(got))
			}
		})
	}
}

// F5: the same for JWTs; F33: those that do not say what they are.
func TestBearer_F5_F33_JWT(t *testing.T) {
	none, untyped := middleware.API{}, middleware.API{Untyped: true}
	plain := func(change func(c map[string]any)) func(c, h map[string]any) {
		return func(c, h map[string]any) { h["typ"] = "JWT"; change(c) }
	}
	for name, row := range map[string]struct {
		api    middleware.API
		change func(c, h map[string]any)
		want   int
	}{
		"bound to a key": {none, func(c, _ map[string]any) {
			c["cnf"] = map[string]any{"jkt": "x"}
		}, 401},
		"not yet": {none, func(c, _ map[string]any) {
			c["nbf"] = time.Now().Add(time.Hour).Unix()
		}, 401},
		"no audience": {none, func(c, _ map[string]any) { delete(c, "aud") }, 401},
		"no audience, listed": {middleware.API{ClientIDs: []string{"some-client"}},
			func(c, _ map[string]any) {
				delete(c, "aud")
			}, 200},
		"no audience, azp": {middleware.API{ClientIDs: []string{"some-client"}},
			func(c, _ map[string]any) {
				delete(c, "aud")
				c["azp"] = c["client_id"]
				delete(c, "client_id")
			}, 200},
		"other audience, listed": {middleware.API{ClientIDs: []string{"some-client"}},
			func(c, _ map[string]any) {
				c["aud"] = "x"
			}, 401},
		"client token": {none, func(c, _ map[string]any) {
			c["sub"] = "some-client"
		}, 401},
		"client token of Auth0": {none, func(c, _ map[string]any) {
			c["sub"] = "some-client@clients"
		}, 401},
		"client token of Entra": {none, func(c, _ map[string]any) { c["idtyp"] = "app" }, 401},
		"client token, wanted": {middleware.API{ClientTokens: true}, func(c, _ map[string]any) {
			c["sub"] = "some-client"
		}, 200},
		"no subject": {none, func(c, _ map[string]any) { delete(c, "sub") }, 401},
		"no subject, wanted": {middleware.API{ClientTokens: true}, func(c, _ map[string]any) {
			delete(c, "sub")
		}, 200},
		// its header says what it is
		"refresh token": {none, func(c, _ map[string]any) { c["typ"] = "Refresh" }, 200},

		"JWT, not wanted": {none, plain(func(map[string]any) {}), 401},
		"JWT":             {untyped, plain(func(map[string]any) {}), 200},
		"no typ":          {untyped, func(_, h map[string]any) { h["typ"] = "" }, 200},
		"lower case":      {untyped, func(_, h map[string]any) { h["typ"] = "jwt" }, 200},
		"scp": {untyped, plain(func(c map[string]any) {
			delete(c, "scope")
			c["scp"] = []string{"reports"}
		}), 200},
		"scp as a text": {untyped, plain(func(c map[string]any) {
			delete(c, "scope")
			c["scp"] = "reports"
		}), 200},
		"Cognito": {untyped, plain(func(c map[string]any) {
			delete(c, "scope")
			c["token_use"] = "access"
		}), 200},
		"Keycloak": {untyped, plain(func(c map[string]any) {
			delete(c, "scope")
			c["typ"] = "Bearer"
		}), 200},
		"no sign": {untyped, plain(func(c map[string]any) { delete(c, "scope") }), 401},
		"ID token of Cognito": {untyped, plain(func(c map[string]any) {
			c["token_use"] = "id"
		}), 401},
		"Keycloak's refresh": {untyped, plain(func(c map[string]any) {
			c["typ"] = "Refresh"
		}), 401},
		"Keycloak's ID token": {untyped, plain(func(c map[string]any) { c["typ"] = "ID" }), 401},
		"nonce":               {untyped, plain(func(c map[string]any) { c["nonce"] = "n" }), 401},
		"nonce, null":         {untyped, plain(func(c map[string]any) { c["nonce"] = nil }), 401},
		"at_hash":             {untyped, plain(func(c map[string]any) { c["at_hash"] = "x" }), 401},
		"c_hash":              {untyped, plain(func(c map[string]any) { c["c_hash"] = "x" }), 401},
		"logout token": {untyped, func(_, h map[string]any) {
			h["typ"] = "logout+jwt"
		}, 401},
		"events": {untyped, plain(func(c map[string]any) {
			c["events"] = map[string]any{}
		}), 401},
		"other audience": {untyped, plain(func(c map[string]any) {
			c["aud"] = authtest.ClientID
		}), 401},
		"plain, bound": {untyped, plain(func(c map[string]any) {
			c["cnf"] = map[string]any{"jkt": "x"}
		}), 401},
	} {
		t.Run(name, func(t *testing.T) {
			app := accepting(t, row.api)
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.Discovery = func(m map[string]any) { delete(m, "introspection_endpoint") }
			})
			if err := app.Auth.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
			resp := rig.GetAPI(t, app, "/api", "Bearer "+rig.AccessToken(app, row.change))
			if resp.StatusCode != row.want {
				t.Errorf("status %d, want %d: %s", resp.StatusCode, row.want, app.Log())
			}
			who := authtest.Body(t, resp)
			if wanted := row.api.ClientTokens; row.want == 200 && wanted != strings.Contains(who,
				"#clients some-client") {
				t.Errorf("the caller is %s", who)
			}
		})
	}
}

// F33: the ID token that the same provider has just issued is no access token, whatever is
// permitted.
func TestBearer_F33_RealIDToken(t *testing.T) {
	app := accepting(t, middleware.API{Untyped: true, ClientIDs: []string{authtest.ClientID},
		ClientTokens: true})
	idToken := ""
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { idToken = fmt.Sprint(a["id_token"]) }
	})
	app.SignIn(t, rig.Browser(t), "alice", "/me")
	if resp := rig.GetAPI(t, app, "/api", "Bearer "+idToken); resp.StatusCode != 401 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// F6: a token that one Auth accepts is nothing to another one that is nested with it.
func TestBearer_F6_NestedAuths(t *testing.T) {
	app := rig.New(t)
	other, err := sallyport.New(sallyport.Config{
		BaseURL: app.URL, Prefix: "/other", Providers: provider.Set{"op": app.OP.OIDC()},
		Session: session.Config{Secret: rig.Secret, Now: app.Clock.Now},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	who := http.HandlerFunc(rig.WhoAmI)
	bearer := app.Auth.Bearer(middleware.API{Audience: rig.Audience})
	app.Mux.Handle("/own", bearer(app.Auth.RequireAuth(who)))
	app.Mux.Handle("/other-guard", bearer(other.RequireAuth(who)))
	app.Mux.Handle("/other-role", bearer(other.RequireRole("admin")(who)))
	app.Mux.Handle("/below", bearer(other.Handler(other.RequireAuth(who))))
	app.Mux.Handle("/other-client",
		bearer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := other.Client(w, r); err != nil {
				other.Refuse(w, r, err)
			}
		})))
	token := "Bearer " + rig.AccessToken(app, nil)
	for path, want := range map[string]int{"/own": 200, "/other-guard": 401, "/other-role": 401,
		"/below": 401, "/other-client": 401} {
		if resp := rig.GetAPI(t, app, path, token); resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// F7: made-up tokens displace none that works, and cause a bounded number of introspections.
func TestBearer_F7_MadeUpTokens(t *testing.T) {
	rig.Slow(t)
	app := accepting(t, middleware.API{})
	introspecting(app, func(map[string]any) {})
	good := "Bearer " + opaque(t, app)
	if resp := rig.GetAPI(t, app, "/api", good); resp.StatusCode != 200 {
		t.Fatalf("status %d", resp.StatusCode)
	}
	flood(t, app, 3000)
	asked := app.OP.Count("introspect")
	if asked > 200 {
		t.Errorf("%d introspections of made-up tokens", asked)
	}
	if resp := rig.GetAPI(t, app, "/api", good); resp.StatusCode != 200 ||
		app.OP.Count("introspect") != asked {
		t.Errorf("the good token: status %d, %d introspections", resp.StatusCode,
			app.OP.Count("introspect")-asked)
	}
	// Nor is a token that was good a moment ago held up by them.
	app.Clock.Advance(61 * time.Second)
	flood(t, app, 1000)
	if resp := rig.GetAPI(t, app, "/api", good); resp.StatusCode != 200 {
		t.Errorf("the good token, looked into again: status %d", resp.StatusCode)
	}
	if resp := rig.GetAPI(t, app, "/api", "Bearer "+opaque(t, app)); resp.StatusCode != 503 ||
		resp.Header.Get("Retry-After") == "" {
		t.Errorf("a new token during the flood: status %d", resp.StatusCode)
	}
	app.Clock.Advance(10 * time.Second)
	if resp := rig.GetAPI(t, app, "/api", "Bearer "+opaque(t, app)); resp.StatusCode != 200 {
		t.Errorf("a new token after the flood: status %d", resp.StatusCode)
	}
}

// flood calls the API with n made-up tokens.
func flood(t *testing.T, app *rig.App, n int) {
	t.Helper()
	handler := app.Auth.Handler(app.Mux)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range n / 8 {
				r := httptest.NewRequest("GET", app.URL+"/api", nil)
				r.Header.Set("Authorization", fmt.Sprintf("Bearer made-up-%d-%d-%d",
					app.Clock.Now().Unix(), worker, i))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if status := w.Code; status != 401 && status != 503 {
					t.Errorf("a made-up token: status %d", status)
				}
			}
		})
	}
	wg.Wait()
}

// F7, R63: after a key rotation, what strangers send does not hold up logins, nor API calls for
// long.
func TestKeys_F7_BudgetsOfTheirOwn(t *testing.T) {
	app := accepting(t, middleware.API{}, rig.Revocable)
	app.SignIn(t, rig.Browser(t), "alice", "/me")
	strange := rig.AccessToken(app, func(_, h map[string]any) { h["kid"] = "made-up" })
	forged := func() {
		rig.GetAPI(t, app, "/api", "Bearer "+strange)
		rig.DeliverLogout(t, app, "op", strange)
	}
	app.Clock.Advance(time.Minute)
	before := app.OP.Count("jwks")
	for range 50 {
		forged()
	}
	if n := app.OP.Count("jwks") - before; n > 2 {
		t.Errorf("%d fetches of the keys because of forged tokens", n)
	}
	app.OP.RotateKeys()
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Errorf("a login after the rotation: %s", got)
	}
	app.Clock.Advance(time.Minute)
	forged()
	app.OP.RotateKeys()
	token := "Bearer " + rig.AccessToken(app, nil)
	if resp := rig.GetAPI(t, app, "/api", token); resp.StatusCode != 401 {
		t.Errorf("an unknown key while the budget is used up: status %d", resp.StatusCode)
	}
	app.Clock.Advance(11 * time.Second)
	if resp := rig.GetAPI(t, app, "/api", token); resp.StatusCode != 200 {
		t.Errorf("the same token ten seconds later: status %d: %s", resp.StatusCode, app.Log())
	}
}

// F7: keys that cannot be fetched are no fault of the token.
func TestKeys_F7_FetchFails(t *testing.T) {
	app := accepting(t, middleware.API{})
	app.SignIn(t, rig.Browser(t), "alice", "/me")
	app.OP.RotateKeys()
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", 503, "", "") })
	token := rig.AccessToken(app, nil)
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", 503, "", "") })
	if resp := rig.GetAPI(t, app, "/api", "Bearer "+token); resp.StatusCode != 503 {
		t.Errorf("status %d, want 503", resp.StatusCode)
	}
	app.OP.Behave()
	app.Clock.Advance(11 * time.Second)
	if resp := rig.GetAPI(t, app, "/api", "Bearer "+token); resp.StatusCode != 200 {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
}

// F7: however many callers come at once, the provider is asked by few of them at a time.
func TestBearer_F7_FewAtATime(t *testing.T) {
	const most = 32
	app := accepting(t, middleware.API{})
	introspecting(app, func(map[string]any) {})
	var tokens []string
	for range 3 * most {
		tokens = append(tokens, opaque(t, app))
	}
	var mu sync.Mutex
	asking, highest := 0, 0
	full := make(chan struct{}) // closed when as many ask as may
	enter := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		asking += n
		if asking > highest {
			if highest = asking; highest == most {
				close(full)
			}
		}
	}
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
			if endpoint == "introspect" {
				enter(1)
				<-full
				enter(-1)
			}
			return false
		}
	})
	handler := app.Auth.Handler(app.Mux)
	var wg sync.WaitGroup
	for _, token := range tokens {
		wg.Go(func() {
			r := httptest.NewRequest("GET", app.URL+"/api", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != 200 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
	wg.Wait()
	if highest != most {
		t.Errorf("%d requests at a time, want %d", highest, most)
	}
}
