package middleware_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
)

// apiApp has an API for tokens only, one for tokens and cookies, and one that wants a scope.
func apiApp(t *testing.T) *rig.App {
	app := rig.New(t)
	who := http.HandlerFunc(rig.WhoAmI)
	strict := app.Auth.Bearer(middleware.API{Audience: rig.Audience, BearerOnly: true})
	either := app.Auth.Bearer(middleware.API{Audience: rig.Audience, Provider: "op"})
	app.Mux.Handle("/api/strict", strict(app.Auth.RequireAuth(who)))
	app.Mux.Handle("/api/either", either(app.Auth.RequireAuth(who)))
	app.Mux.Handle("/api/reports", strict(app.Auth.RequireScope("reports")(who)))
	app.Mux.Handle("/api/admin", strict(app.Auth.RequireRole("admin")(who)))
	return app
}

func TestBearer_JWT(t *testing.T) {
	app := apiApp(t)
	token := rig.AccessToken(app, nil)
	for _, path := range []string{"/api/strict", "/api/either", "/api/reports", "/api/admin"} {
		for _, scheme := range []string{"Bearer ", "bearer "} {
			if resp := rig.GetAPI(t, app, path, scheme+token); resp.StatusCode != 200 ||
				authtest.Body(t, resp) != app.Is("alice") {
				t.Errorf("%s: status %d: %s", path, resp.StatusCode, authtest.Body(t, resp))
			}
		}
	}
	if n := app.OP.Count("introspect"); n != 0 {
		t.Errorf("%d introspections of JWTs", n)
	}
	resp := rig.GetAPI(t, app, "/api/reports",
		"Bearer "+rig.AccessToken(app, func(c, _ map[string]any) {
			c["scope"] = "other"
		}))
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 403 ||
		got != `Bearer error="insufficient_scope", scope="reports"` {
		t.Errorf("without the scope: status %d, %s", resp.StatusCode, got)
	}
}

// Who calls with a token is never sent to a login, whatever the request looks like.
func TestBearer_NoRedirects(t *testing.T) {
	app := apiApp(t)
	token := "Bearer " + rig.AccessToken(app, func(c, _ map[string]any) { c["scope"] = "other" })
	// with the headers of a navigation
	resp := app.Get(t, rig.Browser(t), "/api/reports", "Authorization", token)
	if resp.StatusCode != 403 || resp.Header.Get("Location") != "" || len(resp.Cookies()) != 0 {
		t.Errorf("status %d, Location %q", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// R52 from the other side: an ID token, and whatever else is signed by the provider, is no access
// token.
func TestBearer_HostileTokens(t *testing.T) {
	app := apiApp(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { delete(m, "introspection_endpoint") }
	})
	// the metadata is known now, without introspection
	if err := app.Auth.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c, h map[string]any){
		"ID token":       func(_, h map[string]any) { h["typ"] = "JWT" },
		"no typ":         func(_, h map[string]any) { h["typ"] = "" },
		"logout token":   func(_, h map[string]any) { h["typ"] = "logout+jwt" },
		"other audience": func(c, _ map[string]any) { c["aud"] = "https://other.example" },
		"no audience":    func(c, _ map[string]any) { delete(c, "aud") },
		"client as aud":  func(c, _ map[string]any) { c["aud"] = authtest.ClientID },
		"other issuer":   func(c, _ map[string]any) { c["iss"] = "https://evil.example" },
		"expired":        func(c, _ map[string]any) { c["exp"] = 1 },
		"no exp":         func(c, _ map[string]any) { delete(c, "exp") },
		"future iat":     func(c, _ map[string]any) { c["iat"] = 9e9 },
		"no sub":         func(c, _ map[string]any) { delete(c, "sub") },
		"number as sub":  func(c, _ map[string]any) { c["sub"] = 1001 },
		"look-alike":     func(c, _ map[string]any) { c["SUB"] = "1002" },
		"crit":           func(_, h map[string]any) { h["crit"] = []string{"x"}; h["x"] = 1 },
	} {
		resp := rig.GetAPI(t, app, "/api/strict", "Bearer "+rig.AccessToken(app, change))
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 ||
			got != `Bearer error="invalid_token"` {
			t.Errorf("%s: status %d, %s", name, resp.StatusCode, got)
		}
	}
	token := rig.AccessToken(app, nil)
	for name, header := range map[string]string{
		"cut": "Bearer " + token[:len(token)-5], "unsigned": "Bearer " +
			token[:strings.LastIndex(token, ".")+1], "junk": "Bearer x", "dots": "Bearer " +
			strings.Repeat(".", 100_000),
	} {
		if got := rig.GetAPI(t, app, "/api/strict", header).StatusCode; got != 401 {
			t.Errorf("%s: status %d, want 401", name, got)
		}
	}
	for name, header := range map[string]string{"empty": "Bearer ", "two words": "Bearer a b",
		"list": "Bearer a,b"} {
		if got := rig.GetAPI(t, app, "/api/strict", header).StatusCode; got != 400 {
			t.Errorf("%s: status %d, want 400", name, got)
		}
	}
	for name, header := range map[string]string{"none": "", "another scheme": "Basic YTpi"} {
		resp := rig.GetAPI(t, app, "/api/strict", header)
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 || got != "Bearer" {
			t.Errorf("%s: status %d, %s", name, resp.StatusCode, got)
		}
	}
	if got := rig.GetAPI(t, app, "/api/strict?access_token="+token, "").StatusCode; got != 401 {
		t.Errorf("a token in the query: status %d", got)
	}
}

// Opaque tokens are asked about, once, and not beyond their end.
func TestBearer_Introspection(t *testing.T) {
	app := apiApp(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Introspection = func(a map[string]any) { a["aud"] = rig.Audience }
	})
	tokens, err := app.OIDC.Grants().JWTBearer(t.Context(),
		app.OP.Sign(map[string]any{"sub": "alice"}), "reports")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if resp := rig.GetAPI(t, app, "/api/reports",
				"Bearer "+tokens.AccessToken); resp.StatusCode != 200 ||
				authtest.Body(t, resp) != app.Is("alice") {
				t.Errorf("status %d: %s", resp.StatusCode, authtest.Body(t, resp))
			}
		})
	}
	wg.Wait()
	if n := app.OP.Count("introspect"); n != 1 {
		t.Errorf("%d introspections, want 1", n)
	}
	app.OP.RevokeAccessTokens()
	app.Clock.Advance(61 * time.Second)
	if got := rig.GetAPI(t, app, "/api/reports",
		"Bearer "+tokens.AccessToken).StatusCode; got != 401 {
		t.Errorf("a minute after it was revoked: status %d", got)
	}
	// Without an answer no request passes, and nothing is cached.
	again, err := app.OIDC.Grants().JWTBearer(t.Context(),
		app.OP.Sign(map[string]any{"sub": "alice"}))
	if err != nil {
		t.Fatal(err)
	}
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("introspect", 503, "", "") })
	if resp := rig.GetAPI(t, app, "/api/strict",
		"Bearer "+again.AccessToken); resp.StatusCode != 503 ||
		resp.Header.Get("Retry-After") == "" {
		t.Errorf("provider away: status %d", resp.StatusCode)
	}
	app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = nil })
	if got := rig.GetAPI(t, app, "/api/strict",
		"Bearer "+again.AccessToken).StatusCode; got != 200 {
		t.Errorf("once it is back: status %d", got)
	}
	for name, change := range map[string]func(map[string]any){
		"another API": func(a map[string]any) {
			a["aud"] = "https://other.example"
		}, "another issuer": func(a map[string]any) { a["iss"] = "https://evil.example" },
		"nobody": func(a map[string]any) {
			delete(a, "sub")
		}, "expired": func(a map[string]any) { a["exp"] = 1 },
		"inactive": func(a map[string]any) { a["active"] = false },
	} {
		app.Clock.Advance(61 * time.Second)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Introspection = func(a map[string]any) { a["aud"] = rig.Audience; change(a) }
		})
		if got := rig.GetAPI(t, app, "/api/strict",
			"Bearer "+again.AccessToken).StatusCode; got != 401 {
			t.Errorf("%s: status %d, want 401", name, got)
		}
	}
}

// A route for both: the token decides when there is one, and a bad token is not made up for by a
// cookie.
func TestBearer_OrCookie(t *testing.T) {
	app := apiApp(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "bob", "/me")
	if got := authtest.Body(t, app.Get(t, b, "/api/either")); got != app.Is("bob") {
		t.Errorf("by cookie: %s", got)
	}
	if got := authtest.Body(t, app.Get(t, b, "/api/either", "Authorization",
		"Bearer "+rig.AccessToken(app, nil))); got != app.Is("alice") {
		t.Errorf("by token: %s", got)
	}
	if got := app.Get(t, b, "/api/either", "Authorization", "Bearer x").StatusCode; got != 401 {
		t.Errorf("a bad token and a cookie: status %d", got)
	}
	if got := app.Get(t, b, "/api/strict").StatusCode; got != 401 {
		t.Errorf("a cookie where tokens are wanted: status %d", got)
	}
}

// CSRF: what another site makes the browser do.
func TestGuard_CrossSiteRequests(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.TrustedOrigins = []string{"https://www.example.com"}
	})
	app.Mux.Handle("/either", app.Auth.Bearer(middleware.API{
		Audience: rig.Audience})(app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	for name, row := range map[string]struct {
		headers []string
		want    int
	}{
		"own page":   {nil, 200},
		"no browser": {[]string{"Origin", "", "Sec-Fetch-Site", ""}, 200},
		"cross-site": {[]string{"Origin", "https://evil.example", "Sec-Fetch-Site",
			"cross-site"}, 403},
		"same-site": {[]string{"Origin", "https://sibling.127.0.0.1", "Sec-Fetch-Site",
			"same-site"}, 403},
		"old browser": {[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", ""}, 403},
		"trusted origin": {[]string{"Origin", "https://www.example.com", "Sec-Fetch-Site",
			"cross-site"}, 200},
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			resp := app.Do(t, b, method, "/me", url.Values{},
				append([]string{"Origin", app.URL, "Sec-Fetch-Site", "same-origin"},
					row.headers...)...)
			if resp.StatusCode != row.want {
				t.Errorf("%s %s: status %d, want %d", method, name, resp.StatusCode, row.want)
			}
		}
	}
	if got := app.Get(t, b, "/me", "Sec-Fetch-Site", "cross-site").StatusCode; got != 200 {
		t.Errorf("a link on another site: status %d", got)
	}
	token := "Bearer " + rig.AccessToken(app, nil)
	if got := app.Do(t, b, "POST", "/either", nil, "Authorization", token, "Origin",
		"https://evil.example", "Sec-Fetch-Site", "cross-site").StatusCode; got != 200 {
		t.Errorf("with a token of its own: status %d", got)
	}
}

func TestBearer_MistakesOfTheProgram(t *testing.T) {
	app := rig.New(t)
	for _, api := range []middleware.API{{}, {Audience: "x", Provider: "none"}} {
		func() {
			defer func() {
				if fmt.Sprint(recover()) == "<nil>" {
					t.Errorf("%+v is accepted", api)
				}
			}()
			app.Auth.Bearer(api)
		}()
	}
}

// F53: one request has one Authorization header. With two, a proxy and the application could each
// read another token.
func TestBearer_F53_TwoAuthorizationHeaders(t *testing.T) {
	app := apiApp(t)
	token := rig.AccessToken(app, nil)
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
		"behind two": {[]string{"Basic YTpi", "Basic YTpi", "bearer " + token},
			http.StatusBadRequest},
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
				t.Errorf("%s, %s: status %d, want %d: %s", path, name, resp.StatusCode, row.want,
					authtest.Body(t, resp))
			}
			resp.Body.Close()
		}
	}
}

// F53: what is remembered about an access token ends with the token.
func TestBearer_F53_CacheEndsWithTheToken(t *testing.T) {
	app := rig.New(t)
	bearer := app.Auth.Bearer(middleware.API{Audience: rig.Audience, BearerOnly: true,
		CacheFor: time.Hour})
	app.Mux.Handle("/api/long", bearer(app.Auth.RequireAuth(http.HandlerFunc(rig.WhoAmI))))
	end := app.Clock.Now().Add(10 * time.Minute).Unix()
	jwt := rig.AccessToken(app, nil) // ends then
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Introspection = func(a map[string]any) { a["aud"], a["exp"] = rig.Audience, end }
	})
	opaque, err := app.OIDC.Grants().JWTBearer(t.Context(),
		app.OP.Sign(map[string]any{"sub": "alice"}))
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{"JWT": jwt, "introspected": opaque.AccessToken}
	for name, token := range tokens {
		if got := rig.GetAPI(t, app, "/api/long",
			"Bearer "+token).StatusCode; got != http.StatusOK {
			t.Fatalf("%s: status %d", name, got)
		}
	}
	app.Clock.Advance(15 * time.Minute)
	for name, token := range tokens {
		if got := rig.GetAPI(t, app, "/api/long",
			"Bearer "+token).StatusCode; got != http.StatusUnauthorized {
			t.Errorf("%s, five minutes after its end: status %d, want 401", name, got)
		}
	}
}
