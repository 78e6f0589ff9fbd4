package provider_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// R106, R107, R111: tokens are refreshed ahead of their end, once; what is not sent again stays;
// the profile is as new as the token.
func TestOAuth2_R107_Refresh(t *testing.T) {
	for name, row := range map[string]struct {
		quirks    []string
		configure func(*provider.OAuth2)
	}{
		"rotating":                  {nil, nil},
		"quirk 49: none comes back": {[]string{"keep-refresh-token"}, nil},
		"quirk 50: another address": {[]string{"refresh-url"}, func(o *provider.OAuth2) {
			o.RefreshURL = strings.Replace(o.Endpoints.Token, "/oauth/token", "/oauth/refresh", 1)
		}},
		"quirk 50: with the scope": {[]string{"refresh-scope"}, func(o *provider.OAuth2) {
			o.Dialect.RefreshScope = true
		}},
		"quirk 21: without a scope in the answer": {[]string{"no-scope"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			configure := row.configure
			if configure == nil {
				configure = func(*provider.OAuth2) {}
			}
			app := rig.NewPlainCalling(t, configure)
			app.OP.SetQuirks(row.quirks...)
			b := rig.Browser(t)
			app.SignIn(t, b, "alice", "/me")
			for i := range 3 {
				app.OP.SetClaims("alice", map[string]any{"roles": []string{string(rune('a' + i))}})
				app.Clock.Advance(2 * time.Hour)
				for range 2 {
					resp := app.Get(t, b, "/call")
					if body := authtest.Body(t, resp); resp.StatusCode != http.StatusOK ||
						!strings.HasSuffix(body, "roles "+string(rune('a'+i))) {
						t.Fatalf("refresh %d: status %d, %s", i, resp.StatusCode, body)
					}
				}
			}
			if n := rig.Refreshes(app); n != 3 {
				t.Errorf("%d refreshes, want 3", n)
			}
			if app.Visit(t, b, "/") != app.Is("alice") {
				t.Errorf("signed in as %s", app.Visit(t, b, "/"))
			}
		})
	}
}

// R109: a refresh token that is of no use ends the session, however the provider says so; anything
// else does not.
func TestOAuth2_R109_EndOfARefreshToken(t *testing.T) {
	codes := map[string]string{"190": "invalid_grant", "40029": "invalid_grant"}
	for name, row := range map[string]struct {
		quirks  []string
		dialect provider.Dialect
		ends    bool
	}{
		"the standard":              {nil, provider.Dialect{}, true},
		"quirk 15: with status 200": {[]string{"error-200"}, provider.Dialect{}, true},
		"quirk 23: an object": {[]string{"own-errors"},
			provider.Dialect{ErrorCodes: codes}, true},
		"quirk 23: errcode": {[]string{"errcode", "error-200"},
			provider.Dialect{ErrorCodes: codes}, true},
		"quirk 23: an object, not known": {[]string{"own-errors"}, provider.Dialect{}, false},
	} {
		app := rig.NewPlainCalling(t, func(o *provider.OAuth2) { o.Dialect = row.dialect })
		app.OP.SetQuirks(row.quirks...)
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		app.OP.RevokeLogins()
		app.Clock.Advance(2 * time.Hour)
		status := rig.Call(t, app, b, "GET")
		if want := map[bool]int{true: http.StatusUnauthorized,
			false: http.StatusServiceUnavailable}[row.ends]; status != want {
			t.Errorf("%s: status %d, want %d", name, status, want)
		}
		if ended := app.Visit(t, b, "/") == "anonymous"; ended != row.ends {
			t.Errorf("%s: the session has ended: %v", name, ended)
		}
	}
}

// R108, R107, F15: after a refresh, only the profile of another user ends the session. While there
// is no good profile, the new tokens are kept.
func TestOAuth2_R108_ProfileAfterARefresh(t *testing.T) {
	for name, row := range map[string]struct {
		change  func(*authtest.Faults)
		ends    bool
		mapUser error
	}{
		"another user": {func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { c["id"] = 1002 }
		}, true, nil},
		"no ID": {func(f *authtest.Faults) {
			f.UserInfo = func(c map[string]any) { delete(c, "id") }
		}, false, nil},
		"not permitted": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 401, "application/json", "{}")
		}, false, nil},
		"too many requests": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 429, "", "")
		}, false, nil},
		"no such page": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 404, "", "")
		}, false, nil},
		"garbage": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 200, "application/json", "<html>")
		}, false, nil},
		"MapUser says no": {func(*authtest.Faults) {}, true,
			&provider.Error{Fault: provider.FaultDenied}},
		"MapUser is broken": {func(*authtest.Faults) {}, false, io.ErrUnexpectedEOF},
		"away": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("user", 503, "", "")
		}, false, nil},
		"no list of email addresses": {func(f *authtest.Faults) {
			f.Handler = rig.Answer("emails", 403, "", "")
		}, false, nil},
	} {
		var refuse error
		app := rig.NewPlainCalling(t, func(o *provider.OAuth2) {
			o.MapUser = func(provider.Profile, *session.User) error { return refuse }
		})
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		app.OP.Misbehave(row.change)
		refuse = row.mapUser
		app.Clock.Advance(2 * time.Hour)
		rig.Call(t, app, b, "GET")
		if ended := app.Visit(t, b, "/") == "anonymous"; ended != row.ends {
			t.Errorf("%s: the session has ended: %v", name, ended)
		}
		if row.ends {
			continue
		}
		// The provider takes everything back when a refresh token comes twice, so what works has
		// been kept.
		app.OP.Behave()
		for range 3 {
			app.Clock.Advance(2 * time.Hour)
			if status := rig.Call(t, app, b, "GET"); status != http.StatusOK {
				t.Errorf("%s: status %d afterwards", name, status)
			}
		}
	}
}

// R75: a logout revokes the tokens.
func TestOAuth2_R75_Revocation(t *testing.T) {
	app := rig.NewPlainCalling(t)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	revoked := make(chan string, 8)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Handler = func(e string, _ http.ResponseWriter, r *http.Request) bool {
			if e == "revoke" {
				revoked <- r.PostForm.Get("token_type_hint")
			}
			return false
		}
	})
	app.Post(t, b, "/auth/logout", nil)
	for _, want := range []string{"refresh_token", "access_token"} {
		if got := <-revoked; got != want { // in the background
			t.Errorf("revoked %s, want %s", got, want)
		}
	}
}

// Scopes grow when a page needs more, whether or not the provider says what it granted; what is not
// granted fails (R112).
func TestOAuth2_R112_IncrementalConsent(t *testing.T) {
	for name, row := range map[string]struct {
		quirks []string
		status int
		change func(map[string]any)
	}{
		"granted":                  {nil, http.StatusOK, nil},
		"no scope in the response": {[]string{"no-scope"}, http.StatusOK, nil},
		"not granted": {nil, http.StatusForbidden, func(a map[string]any) {
			a["scope"] = "profile email"
		}},
	} {
		var s *session.Session
		app := rig.New(t, rig.PlainOAuth2(), rig.KeepLogin(&s))
		app.OP.SetQuirks(row.quirks...)
		app.Mux.Handle("/repos",
			app.Auth.RequireScope("repo")(http.HandlerFunc(func(w http.ResponseWriter,
				_ *http.Request) {
				io.WriteString(w, rig.Marker)
			})))
		b := rig.Browser(t)
		app.SignIn(t, b, "alice", "/me")
		app.OP.Misbehave(func(f *authtest.Faults) { f.TokenResponse = row.change })
		resp := app.SignIn(t, b, "alice", "/repos")
		if resp.StatusCode != row.status || strings.Contains(authtest.Body(t, resp),
			rig.Marker) != (row.status == http.StatusOK) {
			t.Errorf("%s: status %d at %s", name, resp.StatusCode, resp.Request.URL)
		}
		tokens, _ := s.Tokens()
		if slices.Contains(tokens.Scopes, "repo") != (row.status == http.StatusOK) {
			t.Errorf("%s: scopes %v", name, tokens.Scopes)
		}
	}
	// OpenID Connect: an answer without scope means the scopes that were asked for (RFC 6749
	// section 5.1).
	app := rig.New(t)
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.TokenResponse = func(a map[string]any) { delete(a, "scope") }
	})
	app.Mux.Handle("/repos", app.Auth.RequireScope("repo")(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, rig.Marker)
		})))
	if resp := app.SignIn(t, rig.Browser(t), "alice", "/repos"); resp.StatusCode != http.StatusOK {
		t.Errorf("OpenID Connect without scope in the answer: status %d at %s", resp.StatusCode,
			resp.Request.URL)
	}
}

// A session is revalidated by way of the browser where there is no refresh token.
func TestOAuth2_Revalidate(t *testing.T) {
	app := rig.New(t, rig.PlainOAuth2(), func(s *rig.Setup) {
		s.Config.Session.Revalidate = 10 * time.Minute
	})
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", "/me")
	app.Clock.Advance(11 * time.Minute)
	if got := authtest.Body(t, authtest.Open(t, b, app.URL+"/me")); got != rig.Marker+": "+
		app.Is("alice") {
		t.Errorf("the page says %q", got)
	}
	authorize := app.OP.Requests("authorize")
	if len(authorize) != 2 || authorize[1].Query.Get("prompt") != "none" {
		t.Errorf("%d authorization requests", len(authorize))
	}
}

// R73, F29: a code is sent once, and once more on a new connection if one that was kept breaks.
// net/http repeats no GET of its own accord.
func TestOAuth2_R73_NoSecondTry(t *testing.T) {
	for name, handler := range map[string]func(string, http.ResponseWriter, *http.Request) bool{
		"500": rig.Answer("token", 500, "", ""), "connection dropped": func(e string,
			_ http.ResponseWriter, _ *http.Request) bool {
			if e == "token" {
				panic(http.ErrAbortHandler)
			}
			return false
		},
	} {
		for _, method := range []string{"POST", "PUT", "GET"} {
			app := rig.New(t, rig.PlainOAuth2(func(o *provider.OAuth2) {
				o.Dialect.Method = method
			}))
			app.OP.SetQuirks(map[string][]string{"PUT": {"put-token"},
				"GET": {"get-token"}}[method]...)
			if got := rig.TryLogin(t, app); got != "ok" { // leaves a connection behind
				t.Fatal(got)
			}
			app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = handler })
			rig.TryLogin(t, app)
			want := 2
			if name == "connection dropped" {
				want = 3
			}
			if got := app.OP.Count("token"); got != want {
				t.Errorf("%s, %s: %d token requests for two logins, want %d", name, method,
					got, want)
			}
		}
	}
}
