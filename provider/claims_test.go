package provider_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// rewritten has the provider sign a changed payload.
func rewritten(app *rig.App, change func(payload string) string) func(*authtest.Faults) {
	return func(f *authtest.Faults) {
		f.IDTokenRaw = func(token string) string {
			payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
			return app.OP.Sign([]byte(change(string(payload))))
		}
	}
}

// with adds members, as they are written, to the end of a JSON object.
func with(members string) func(string) string {
	return func(object string) string { return object[:len(object)-1] + "," + members + "}" }
}

// oddMembers decide nothing, and are odd in every way.
var oddMembers = map[string]string{
	"capital":              `"Groups":["x"],"Email":7,"Role":null,"Name":{},"EMAIL_VERIFIED":true`,
	"null":                 `"acr":null,"auth_time":null,"amr":null,"sid":null,"azp":null,"nbf":null,"session_expiry":null,"picture":null`,
	"wrong types":          `"acr":1,"auth_time":"1","amr":{},"sid":[],"session_expiry":"soon","picture":[],"family_name":7`,
	"emoji cut":            `"title":"Alice \ud83d"`,
	"emoji cut in front":   `"title":"\udc4d Alice"`,
	"not UTF-8":            "\"title\":\"M\xfcller\"",
	"not UTF-8 in a name":  "\"t\xfctle\":\"x\"",
	"twice":                `"department":"a","department":"b"`,
	"twice, one escaped":   `"department":"a","d\u0065partment":"b"`,
	"many times":           strings.TrimSuffix(strings.Repeat(`"department":"a",`, 50), ","),
	"twice, deeper":        `"x":{"a":1,"a":2,"b":[{"c":1,"c":2}]}`,
	"twice, and cut emoji": `"x":{"a":"\ud83d","a":"\ud83d"}`,
	"distributed claims":   `"_claim_names":{"groups":"missing"},"_claim_sources":7`,
	"aggregated claims":    `"_claim_names":["groups"]`,
	"an address":           `"address":{"formatted":null,"locality":5}`,
	"a large number":       `"employee":9007199254740993123,"rate":0.10,"huge":1e999`,
}

// F21, R50: what decides nothing blocks no login, in the ID token and in userinfo.
func TestClaims_F21_OddMembersBlockNoLogin(t *testing.T) {
	var claims map[string]any
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.UserInfo = "always"
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			claims = nil
			return s.Claims(&claims)
		}
	})
	for name, members := range oddMembers {
		app.OP.Behave()
		app.OP.Misbehave(rewritten(app, with(members)))
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s in the ID token: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
		app.OP.Behave()
		body := `{"sub":"1001","name":"Alice Adams"}`
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, "application/json", with(members)(body))
		})
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%s in userinfo: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
		if claims["name"] != "Alice Adams" {
			t.Errorf("%s: the claims are %v", name, claims)
		}
	}
}

// F21: a name that looks like one that decides is rejected all the same.
func TestClaims_F21_LookAlikesOfWhatDecides(t *testing.T) {
	app := rig.New(t)
	for _, name := range []string{"SUB", "ſub", "Iss", "AUD", "Exp", "iaT", "NBF", "Nonce",
		"AT_HASH", "Azp", "c_haſh"} {
		for place, change := range map[string]func(string) string{
			"beside it": with(`"` + name + `":"1001"`), "for a null": with(`"` + name + `":null`)} {
			app.OP.Misbehave(rewritten(app, change))
			if got := rig.TryLogin(t, app); got != "invalid_id_token" {
				t.Errorf("%s %s: %s", name, place, got)
			}
		}
	}
}

// F21: what the application reads is repaired, and the last of several.
func TestClaims_F21_WhatTheApplicationReads(t *testing.T) {
	var claims map[string]any
	var user session.User
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			user = s.User
			return s.Claims(&claims)
		}
	})
	app.OP.Misbehave(rewritten(app, func(p string) string {
		return with(`"department":"a","department":"b","n":9007199254740993123`)(strings.Replace(p,
			`"Alice Adams"`, `"Alice \ud83d"`, 1))
	}))
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	if user.Name != "Alice \ufffd" || claims["name"] != "Alice \ufffd" ||
		claims["department"] != "b" {
		t.Errorf("user %+v, claims %v", user, claims)
	}
	log := app.Log()
	rig.TryLogin(t, app)
	if n := strings.Count(app.Log(), `\"department\" appears twice`); n != 1 ||
		!strings.Contains(log, "provider=op") {
		t.Errorf("the log says it %d times: %s", n, app.Log())
	}
}

// R50, R151, F21: a right never follows from a member that is ambiguous. Nor is anyone kept out by
// it.
func TestClaims_F21_AmbiguousRights(t *testing.T) {
	age := map[string]string{"requested": "insufficient_authentication", "not requested": "ok"}
	for name, row := range map[string]struct {
		members string
		check   func(s *session.Session) bool
	}{
		"roles": {`"roles":["admin"],"roles":["admin"]`, func(s *session.Session) bool {
			return len(s.User.Roles) == 0
		}},
		"broken role": {`"roles":["admin\ud83d"]`, func(s *session.Session) bool {
			return len(s.User.Roles) == 0
		}},
		"email_verified": {`"email_verified":false,"email_verified":true`,
			func(s *session.Session) bool {
				return !s.User.EmailVerified
			}},
		"acr": {`"acr":"gold","acr":"gold"`, func(s *session.Session) bool {
			return s.ACR == ""
		}},
		"amr": {`"amr":["pwd"],"amr":["hwk"]`, func(s *session.Session) bool {
			return s.AMR == nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var got *session.Session
			app := rig.New(t, func(s *rig.Setup) {
				s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
					got = s.Session
					return nil
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) {
					delete(c, "roles")
					delete(c, "acr")
					delete(c, "amr")
					delete(c, "email_verified")
				}
			})
			app.OP.Misbehave(rewritten(app, with(row.members)))
			if outcome := rig.TryLogin(t, app); outcome != "ok" {
				t.Fatal(outcome)
			}
			if !row.check(got) {
				t.Errorf("%+v, ACR %q, AMR %v", got.User, got.ACR, got.AMR)
			}
		})
	}
	for asked, want := range age {
		app := rig.New(t, func(s *rig.Setup) {
			if asked == "requested" {
				s.OIDC.ACRValues = []string{"gold"}
			}
		})
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { delete(c, "acr") }
		})
		app.OP.Misbehave(rewritten(app, with(`"acr":"gold","acr":"gold"`)))
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("acr twice, %s: %s", asked, got)
		}
	}
}

// F45: roles in every shape that a setting covers, and a line in the log for what cannot be read.
func TestRoles_F45_Shapes(t *testing.T) {
	for name, row := range map[string]struct {
		claim  string
		claims string
		want   []string
		log    string
	}{
		"names of objects": {"urn:x:roles",
			`"urn:x:roles":{"editor":{"1":"example.com"},"admin":{}}`,
			[]string{"admin", "editor"}, ""},
		"names of flags": {"rights.*",
			`"rights":{"editor":true,"admin":false,"owner":null}`, []string{"editor"}, ""},
		"flags without the star": {"rights", `"rights":{"editor":true}`, nil, "rights"},
		"flags, nothing chosen":  {"", `"roles":{"editor":{}}`, nil, "roles"},
		"list of objects": {"groups.name", `"groups":[{"name":"a","id":1},{"name":"b"}]`,
			[]string{"a", "b"}, ""},
		"no member in one": {"groups.name", `"groups":[{"name":"a"},{"id":1}]`, nil,
			"groups.name"},
		"objects without a path": {"groups", `"groups":[{"name":"a"}]`, nil, "groups"},
		"dots at the top": {"https://example.com/app.roles",
			`"https://example.com/app":{"roles":["a"]}`, []string{"a"}, ""},
		"dots below": {"resource_access.my.client.roles",
			`"resource_access":{"my.client":{"roles":["a"]}}`, []string{"a"}, ""},
		"dots at the end": {"access.example.com/roles",
			`"access":{"example.com/roles":["a"]}`, []string{"a"}, ""},
		"objects by a dotted way": {"access.my.app.groups.name",
			`"access":{"my.app":{"groups":[{"name":"a"}]}}`, []string{"a"}, ""},
		"an element": {"tenants.1.roles",
			`"tenants":[{"roles":["x"]},{"roles":["a"]}]`, []string{"a"}, ""},
		"a pointer": {"groups",
			`"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://graph.example.com"}}`, nil, "groups"},
		"hasgroups":         {"groups", `"hasgroups":true`, nil, "groups"},
		"hasgroups as text": {"groups", `"hasgroups":"true"`, nil, "groups"},
		"mixed":             {"groups", `"groups":["a",7]`, nil, "groups"},
		"a number":          {"groups", `"groups":7`, nil, "groups"},
		"twice inside": {"access.roles", `"access":{"roles":["a"],"roles":["b"]}`, nil,
			"access.roles"},
		"none":          {"groups", `"x":1`, nil, ""},
		"null":          {"groups", `"groups":null`, nil, ""},
		"an empty list": {"groups", `"groups":[]`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			app := rig.New(t, func(s *rig.Setup) {
				s.OIDC.RolesClaim = row.claim
				s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
					got = s.User.Roles
					return nil
				}
			})
			app.OP.Misbehave(func(f *authtest.Faults) {
				f.IDToken = func(c map[string]any) { delete(c, "roles") }
			})
			app.OP.Misbehave(rewritten(app, with(row.claims)))
			for range 2 {
				if outcome := rig.TryLogin(t, app); outcome != "ok" ||
					!slices.Equal(got, row.want) {
					t.Errorf("%s: roles %v, want %v", outcome, got, row.want)
				}
			}
			lines := 0
			for line := range strings.Lines(app.Log()) {
				if strings.Contains(line, "the roles at") && strings.Contains(line, row.log) {
					lines++
				}
			}
			if want := map[bool]int{true: 1}[row.log != ""]; lines != want {
				t.Errorf("%d lines in the log, want %d: %s", lines, want, app.Log())
			}
		})
	}
}

// F21: userinfo that is refused costs what it would have said, unless it was asked for always.
func TestUserInfo_F21_RefusedWhereItIsNotNeeded(t *testing.T) {
	for mode, want := range map[string]string{"": "ok", "always": "invalid_userinfo"} {
		app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = mode })
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { delete(c, "email"); delete(c, "email_verified") }
			f.Handler = rig.Answer("userinfo", 403, "application/json", "{}")
		})
		if got := rig.TryLogin(t, app); got != want {
			t.Errorf("mode %q: %s, want %s", mode, got, want)
		}
		if mode == "" && !strings.Contains(app.Log(), "status 403") {
			t.Errorf("the log does not say so: %s", app.Log())
		}
	}
}

// F24: a user in thousands of groups can sign in where sessions are kept on the server; with
// cookies the message says what the limit is.
func TestIDToken_F24_ThousandsOfGroups(t *testing.T) {
	groups := make([]string, 5000)
	for i := range groups {
		groups[i] = "department-of-something-" + fmtInt(int64(i))
	}
	for name, row := range map[string]struct {
		change func(*rig.Setup)
		want   string
	}{
		"server": {func(s *rig.Setup) {
			s.Config.Session.Store = session.NewServerStore(
				session.NewMemoryBackend(session.MemoryLimits{}, nil))
		}, "ok"},
		"cookies": {func(*rig.Setup) {}, "session_too_large"},
	} {
		app := rig.New(t, row.change)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["groups"] = groups }
		})
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
		if row.want != "ok" && !strings.Contains(app.Log(), "Config.Store") {
			t.Errorf("the log does not say what to do: %s", rig.LastLine(app.Log()))
		}
	}
	// What comes through the browser is not from the provider itself, and stays small.
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.ResponseType = "id_token" })
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.FrontIDToken = func(c map[string]any) { c["groups"] = groups }
	})
	resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
	if resp.StatusCode < 400 || app.Happened("login", "ok") {
		t.Errorf("status %d: %s", resp.StatusCode, rig.LastLine(app.Log()))
	}
	if _, err := app.OIDC.VerifyLogoutToken(t.Context(), strings.Repeat("A", 70_000)); err == nil ||
		!strings.Contains(err.Error(), "at most 65536") {
		t.Errorf("the error does not name the limit: %v", err)
	}
}

// R79, F55: signed userinfo is verified like an ID token.
func TestUserInfo_R79_Signed(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) { s.OIDC.UserInfo = "always" })
	own := map[string]any{"iss": app.OP.Issuer(), "aud": authtest.ClientID, "sub": "1001",
		"department": "x"}
	changed := func(name string, value any) string {
		c := maps.Clone(own)
		c[name] = value
		return app.OP.Sign(c)
	}
	good := app.OP.Sign(own)
	bare := app.OP.Sign(map[string]any{"sub": "1001"})
	for name, row := range map[string]struct{ token, want string }{ // F55
		"right":       {good, "ok"},
		"says little": {bare, "ok"},
		"odd and harmless": {app.OP.Sign(
			[]byte(`{"sub":"1001","x":1,"x":"\ud83d","exp":4000000000}`)), "ok"},
		"other issuer":   {changed("iss", "https://evil.example"), "invalid_userinfo"},
		"other audience": {changed("aud", "other"), "invalid_userinfo"},
		"one more": {changed("aud", []string{authtest.ClientID, "other"}),
			"invalid_userinfo"},
		"other user": {changed("sub", "1002"), "invalid_userinfo"},
		"expired":    {changed("exp", 1), "invalid_userinfo"},
		"logout token": {changed("events",
			map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}),
			"invalid_userinfo"},
		"sub twice": {app.OP.Sign([]byte(`{"sub":"1001","sub":"1001"}`)),
			"invalid_userinfo"},
		"cut": {good[:len(good)-4], "invalid_userinfo"},
		"unsigned": {rig.Base64([]byte(`{"alg":"none"}`)) + "." + strings.Split(good,
			".")[1] + ".", "invalid_userinfo"},
		"plain JSON": {`{"sub":"1001"}`, "invalid_userinfo"},
		"encrypted": {rig.Base64([]byte(`{"alg":"dir","enc":"A128GCM"}`)) +
			"..AAAA.AAAA.AAAA", "invalid_userinfo"},
	} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = rig.Answer("userinfo", 200, "application/jwt", row.token)
		})
		if got := rig.TryLogin(t, app); got != row.want {
			t.Errorf("%s: %s, want %s\n%s", name, got, row.want, rig.LastLine(app.Log()))
		}
	}
}

// F49: a subject has to be visible, or two users could look the same in a log.
func TestIDToken_F49_SubjectWithControlCharacters(t *testing.T) {
	app := rig.New(t)
	for _, sub := range []string{"10\n01", "1001\x00", "\x1b[31m1001", "1001\u202e", "1001\u200b",
		"10\u202801", "1001\ufffd", "\u009b1001"} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["sub"] = sub }
		})
		if got := rig.TryLogin(t, app); got != "invalid_id_token" {
			t.Errorf("%q: %s", sub, got)
		}
	}
	for _, sub := range []string{"10 01", "jörg@example.com", "auth0|1001", "用户"} {
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.IDToken = func(c map[string]any) { c["sub"] = sub }
		})
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Errorf("%q: %s", sub, got)
		}
	}
}

// F18: nothing that the application maps makes an address verified that never is.
func TestEmail_F18_NeverVerifiedMeansNever(t *testing.T) {
	verify := func(u *session.User) { u.EmailVerified = true }
	for name, change := range map[string]func(*rig.Setup){
		"OIDC": func(s *rig.Setup) {
			s.OIDC.EmailTrust = provider.EmailNeverVerified
			s.OIDC.MapUser = func(_ provider.Profile, u *session.User) error {
				verify(u)
				return nil
			}
		},
		"OAuth 2.0": func(s *rig.Setup) {
			o := s.OP.OAuth2()
			o.EmailTrust = provider.EmailNeverVerified
			o.MapUser = func(_ provider.Profile, u *session.User) error { verify(u); return nil }
			s.Other = o
		},
	} {
		var got session.User
		app := rig.New(t, change, func(s *rig.Setup) {
			s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
				got = s.User
				return nil
			}
		})
		if outcome := rig.TryLogin(t, app); outcome != "ok" || got.Email == "" ||
			got.EmailVerified {
			t.Errorf("%s: %s, %+v", name, outcome, got)
		}
	}
}

// F21: the answers of the other endpoints.
func TestAnswers_F21_OddMembers(t *testing.T) {
	odd := `"x":1,"x":2,"y":"\ud83d","Scope":7,"expires_in":null`
	plain := func(*rig.Setup) {}
	for name, row := range map[string]struct {
		endpoint string
		change   func(*rig.Setup)
	}{
		"token":   {"token", plain},
		"pushed":  {"par", func(s *rig.Setup) { s.OIDC.PAR = true }},
		"profile": {"user", func(s *rig.Setup) { s.Other = s.OP.OAuth2() }},
	} {
		app := rig.New(t, row.change)
		rewrittenAnswer(app, row.endpoint, func(body string) string {
			body = strings.Replace(body, `"expires_in"`, `"was"`, 1)
			if row.endpoint == "token" { // where scope decides
				return with(strings.Replace(odd, "Scope", "Other", 1))(body)
			}
			return with(odd)(body)
		})
		if got := attempt(t, app); got != "ok" {
			t.Errorf("%s: %s\n%s", name, got, rig.LastLine(app.Log()))
		}
	}
}

// F21: a claim of almost the right name is not read, and the log says why there is none.
func TestClaims_F21_LookAlikesAreLogged(t *testing.T) {
	var user session.User
	app := rig.New(t, func(s *rig.Setup) {
		s.OIDC.UserInfo = "never"
		s.Config.Hooks.Login = func(_ *http.Request, s *handlers.Login) error {
			user = s.User
			return nil
		}
	})
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.IDToken = func(c map[string]any) {
			c["Email"], c["EMAIL_VERIFIED"] = c["email"], true
			delete(c, "email")
		}
	})
	if got := rig.TryLogin(t, app); got != "ok" || user.Email != "" || user.EmailVerified {
		t.Errorf("%s: %+v", got, user)
	}
	if !strings.Contains(app.Log(), `\"Email\" is not read`) ||
		strings.Contains(app.Log(), "EMAIL_VERIFIED") {
		t.Errorf("the log: %s", app.Log())
	}
}
