package provider_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Each habit of a provider needs its own field, and nothing else; without it the login fails, or
// what the provider said is not known. The numbers are those of the catalog of vendor quirks. R72
func TestOAuth2_R72_Quirks(t *testing.T) {
	dialect := func(d provider.Dialect) func(*provider.OAuth2) {
		return func(o *provider.OAuth2) { o.Dialect = d }
	}
	inParams := func(change func(*provider.OAuth2)) func(*provider.OAuth2) {
		return func(o *provider.OAuth2) { o.AuthMethod = "client_secret_post"; change(o) }
	}
	appID := map[string]string{"client_id": "appid", "client_secret": "secret"}
	const hour = time.Hour
	for name, row := range map[string]struct {
		quirks    []string
		configure func(*provider.OAuth2) // nil: needs nothing
		without   string                 // the outcome without it
		lifetime  time.Duration
	}{
		"the standard": {nil, nil, "", hour},
		"quirk 4: scopes with commas": {[]string{"scope-comma"}, func(o *provider.OAuth2) {
			o.ScopeSeparator, o.Dialect.CommaScopes = ",", true
		}, "ok", hour},
		"quirk 6: client_key": {[]string{"client-key"}, inParams(func(o *provider.OAuth2) {
			o.AuthNames = map[string]string{"client_id": "client_key"}
			o.Dialect.Names = o.AuthNames
		}), "400", hour},
		"quirk 6: appid and secret": {[]string{"appid"}, inParams(func(o *provider.OAuth2) {
			o.AuthNames = map[string]string{"client_id": "appid"}
			o.Dialect.Names = appID
		}), "400", hour},
		"quirk 8: PKCE is refused": {[]string{"pkce-refused"}, func(o *provider.OAuth2) {
			o.InsecureNoPKCE = true
		}, "400", hour},
		"quirk 12: no iss": {[]string{"no-iss"}, nil, "", hour},
		"quirk 14: form-encoded": {[]string{"form"},
			dialect(provider.Dialect{Sniff: true}), "token_error", hour},
		"quirk 16: JSON as text/plain": {[]string{"json-as-text"},
			dialect(provider.Dialect{Sniff: true}), "token_error", hour},
		"quirk 16: JSON as text/html": {[]string{"json-as-html"},
			dialect(provider.Dialect{Sniff: true}), "token_error", hour},
		"quirk 18: Basic as it is": {[]string{"raw-basic"},
			dialect(provider.Dialect{RawBasic: true}), "token_error", hour},
		"quirk 19: expires_in as text":         {[]string{"expires-string"}, nil, "", hour},
		"quirk 19: expires_in with a fraction": {[]string{"expires-float"}, nil, "", hour},
		"quirk 19: no expires_in":              {[]string{"no-expires"}, nil, "", 0},
		"quirk 19: expires": {[]string{"expires-name"},
			dialect(provider.Dialect{AnswerNames: map[string]string{"expires_in": "expires"}}),
			"ok", hour},
		"quirk 20: bearer":          {[]string{"token-type-lower"}, nil, "", hour},
		"quirk 20: no token_type":   {[]string{"no-token-type"}, nil, "", hour},
		"quirk 21: scope as a list": {[]string{"scope-list"}, nil, "", hour},
		"quirk 21: no scope":        {[]string{"no-scope"}, nil, "", hour},
		"quirk 22: GET": {[]string{"get-token"},
			inParams(dialect(provider.Dialect{Method: "GET"})), "token_error", hour},
		"quirk 22: PUT": {[]string{"put-token"},
			dialect(provider.Dialect{Method: "PUT"}), "token_error", hour},
		"quirk 22: JSON": {[]string{"json-body"},
			inParams(dialect(provider.Dialect{JSONBody: true})), "token_error", hour},
		"quirk 22: an envelope": {[]string{"envelope"},
			dialect(provider.Dialect{Envelope: "data"}), "token_error", hour},
		"quirk 22: names of its own": {[]string{"camel-case"},
			dialect(provider.Dialect{AnswerNames: map[string]string{"access_token": "accessToken",
				"expires_in": "expireIn"}}), "token_error", hour},
		"quirk 24: WWW-Authenticate":     {[]string{"challenge"}, nil, "", hour},
		"quirk 39: a numeric ID as text": {[]string{"id-string"}, nil, "", hour},
		"quirk 40: a profile in an envelope": {[]string{"user-envelope"}, func(o *provider.OAuth2) {
			o.UserFields = provider.Fields{ID: "data.id"}
		}, "invalid_userinfo", hour},
		"quirk 42: POST": {[]string{"user-post"}, func(o *provider.OAuth2) {
			o.UserMethod = "POST"
		}, "invalid_userinfo", hour},
		"quirk 42: a header for the token": {[]string{"token-header"}, func(o *provider.OAuth2) {
			o.TokenHeader = "x-access-token"
		}, "invalid_userinfo", hour},
		"quirk 42: another scheme": {[]string{"scheme-oauth"}, func(o *provider.OAuth2) {
			o.TokenScheme = "OAuth"
		}, "invalid_userinfo", hour},
		"quirk 42: User-Agent": {[]string{"user-agent"}, func(o *provider.OAuth2) {
			o.Header = http.Header{"User-Agent": {"reports/1.0"}}
		}, "invalid_userinfo", hour},
		"several at once": {[]string{"get-token", "appid", "json-as-text", "no-token-type",
			"scope-comma", "user-envelope", "no-iss", "expires-string"},
			inParams(func(o *provider.OAuth2) {
				o.AuthNames = map[string]string{"client_id": "appid"}
				o.ScopeSeparator = ","
				o.UserFields = provider.Fields{ID: "data.id"}
				o.Dialect = provider.Dialect{Method: "GET", Names: appID, Sniff: true,
					CommaScopes: true}
			}), "400", hour},
	} {
		t.Run(name, func(t *testing.T) {
			configure := row.configure
			if configure == nil {
				configure = func(*provider.OAuth2) {}
			}
			var s *session.Session
			app := rig.New(t, rig.PlainOAuth2(configure), rig.KeepLogin(&s))
			app.OP.SetQuirks(row.quirks...)
			if got := rig.TryLogin(t, app); got != "ok" {
				t.Fatalf("%s, want ok", got)
			}
			tokens, err := s.Tokens()
			if err != nil {
				t.Fatal(err)
			}
			lifetime := time.Duration(0)
			if !tokens.Expiry.IsZero() {
				lifetime = tokens.Expiry.Sub(app.Clock.Now())
			}
			if s.User.Subject != "1001" || lifetime != row.lifetime ||
				!slices.Equal(tokens.Scopes, []string{"profile", "email"}) ||
				tokens.TokenType != "Bearer" {
				t.Errorf("%+v, lifetime %v, scopes %q, type %q", s.User, lifetime, tokens.Scopes,
					tokens.TokenType)
			}
			if row.without == "" {
				return
			}
			bare := rig.New(t, rig.PlainOAuth2(), rig.KeepLogin(&s))
			bare.OP.SetQuirks(row.quirks...)
			switch row.without {
			case "400": // the provider's own page: it does not know the client
				resp := bare.SignIn(t, rig.Browser(t), "alice", "/me")
				if resp.StatusCode != http.StatusBadRequest || bare.Happened("login", "ok") {
					t.Errorf("without its field: status %d", resp.StatusCode)
				}
			case "ok":
				if got := rig.TryLogin(t, bare); got != "ok" {
					t.Errorf("without its field: %s", got)
				}
				if tokens, _ := s.Tokens(); !tokens.Expiry.IsZero() && slices.Equal(tokens.Scopes,
					[]string{"profile", "email"}) {
					t.Error("its field is not needed")
				}
			default:
				if got := rig.TryLogin(t, bare); got != row.without {
					t.Errorf("without its field: %s, want %s", got, row.without)
				}
			}
		})
	}
}

// R76, R67, R135: errors of every kind are read, mapped to a registered code, and never shown
// but the log. Quirks 15 and 23.
func TestOAuth2_R76_Errors(t *testing.T) {
	codes := map[string]string{"190": "invalid_grant", "40029": "invalid_grant"}
	for name, row := range map[string]struct {
		quirks  []string
		dialect provider.Dialect
	}{
		"the standard":              {nil, provider.Dialect{}},
		"quirk 15: with status 200": {[]string{"error-200"}, provider.Dialect{}},
		"quirk 15: form-encoded, status 200": {[]string{"error-200", "form"},
			provider.Dialect{Sniff: true}},
		"quirk 15: errcode, status 200": {[]string{"error-200", "errcode", "json-as-text"},
			provider.Dialect{Sniff: true, ErrorCodes: codes}},
		"quirk 23: an object": {[]string{"own-errors"},
			provider.Dialect{ErrorCodes: codes}},
		"quirk 23: an object, status 200": {[]string{"own-errors", "error-200"},
			provider.Dialect{ErrorCodes: codes}},
		"quirk 23: in an envelope": {[]string{"envelope"},
			provider.Dialect{Envelope: "data"}},
		"quirk 23: in an envelope, status 200": {[]string{"envelope", "error-200"},
			provider.Dialect{Envelope: "data"}},
	} {
		app := rig.New(t, rig.PlainOAuth2(func(o *provider.OAuth2) { o.Dialect = row.dialect }))
		app.OP.SetQuirks(row.quirks...)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Callback = func(q url.Values) { q.Set("code", "wrong-code-wrong-code") }
		})
		page := authtest.Body(t, app.SignIn(t, rig.Browser(t), "alice", "/me"))
		if !app.Happened("login", "token_error") || !strings.Contains(app.Log(), "invalid_grant") ||
			!strings.Contains(app.Log(), "the code is unknown") {
			t.Errorf("%s: events %v, log %s", name, app.Outcomes(), app.Log())
		}
		if strings.Contains(page, "invalid_grant") ||
			strings.Contains(page, "the code is unknown") {
			t.Errorf("%s: the page shows it:\n%s", name, page)
		}
	}
}

// R134: whatever an endpoint echoes, and whatever is in an address, the log has no secret. (The rig
// looks.)
func TestOAuth2_R134_LogHoldsNoSecrets(t *testing.T) {
	inTheAddress := func(o *provider.OAuth2) {
		o.AuthMethod = "client_secret_post"
		o.Dialect.Method = "GET"
		o.PrepareAPI = func(r *http.Request, t session.Tokens, _ provider.Profile) error {
			r.URL = r.URL.JoinPath(t.AccessToken)
			r.URL.RawQuery = url.Values{"access_token": {t.AccessToken}}.Encode()
			return nil
		}
	}
	drop := func(endpoint string) func(string, http.ResponseWriter, *http.Request) bool {
		return func(e string, _ http.ResponseWriter, _ *http.Request) bool {
			if e == endpoint {
				panic(http.ErrAbortHandler)
			}
			return false
		}
	}
	for name, row := range map[string]struct {
		configure func(*provider.OAuth2)
		quirks    []string
		handler   func(string, http.ResponseWriter, *http.Request) bool
	}{
		"token echoes":                  {func(*provider.OAuth2) {}, nil, rig.Echo("token")},
		"user echoes":                   {func(*provider.OAuth2) {}, nil, rig.Echo("user")},
		"emails echoes":                 {func(*provider.OAuth2) {}, nil, rig.Echo("emails")},
		"in the address, token is away": {inTheAddress, []string{"get-token"}, drop("token")},
		"in the address, token redirects": {inTheAddress, []string{"get-token"},
			redirecting("token", "/elsewhere")},
		"in the address, user is unknown": {inTheAddress, []string{"get-token"}, nil},
	} {
		app := rig.New(t, rig.PlainOAuth2(row.configure))
		app.OP.SetQuirks(row.quirks...)
		app.OP.Misbehave(func(f *authtest.Faults) {
			f.Handler = row.handler
			f.TokenResponse = func(a map[string]any) { a["access_token"] = "t0ken-t0ken-t0ken" }
		})
		page := authtest.Body(t, app.SignIn(t, rig.Browser(t), "alice", "/me"))
		if app.Happened("login", "ok") || strings.Contains(page+app.Log(), "t0ken-t0ken") ||
			app.Leaked(page) != "" {
			t.Errorf("%s: events %v, page and log:\n%s\n%s", name, app.Outcomes(), page, app.Log())
		}
	}
	// A value that holds a secret does not print it.
	app := rig.New(t, rig.PlainOAuth2())
	o := app.OP.OAuth2()
	raw, err := json.Marshal(o)
	if err != nil || strings.Contains(string(raw)+o.String()+o.GoString()+o.LogValue().String(),
		authtest.ClientSecret) {
		t.Errorf("%s, %v", raw, err)
	}
}

// Quirks 41 and 45: an address is treated as verified only if the provider says so.
func TestOAuth2_EmailTrust(t *testing.T) {
	for name, row := range map[string]struct {
		change    func(map[string]any)
		configure func(*provider.OAuth2)
		email     string
		verified  bool
	}{
		"said by the member": {nil, func(*provider.OAuth2) {}, "alice@example.com", true},
		"the member says no": {func(c map[string]any) {
			c["email_verified"] = false
		}, func(*provider.OAuth2) {}, "alice@example.com", false},
		"the member is missing": {func(c map[string]any) {
			delete(c, "email_verified")
		}, func(*provider.OAuth2) {}, "alice@example.com", false},
		"no member is configured": {nil, func(o *provider.OAuth2) {
			o.UserFields.EmailVerified = ""
		}, "alice@example.com", false},
		"never": {nil, func(o *provider.OAuth2) {
			o.EmailTrust = provider.EmailNeverVerified
		}, "alice@example.com", false},
		"always": {func(c map[string]any) {
			delete(c, "email_verified")
		}, func(o *provider.OAuth2) {
			o.EmailTrust = provider.EmailAlwaysVerified
		}, "alice@example.com", true},
		"always, without any": {func(c map[string]any) {
			c["email"] = nil
		}, func(o *provider.OAuth2) { o.EmailTrust = provider.EmailAlwaysVerified }, "", false},
		"MapUser invents one": {func(c map[string]any) {
			c["email"] = ""
		}, func(o *provider.OAuth2) {
			o.MapUser = func(_ provider.Profile, u *session.User) error {
				u.EmailVerified = true
				return nil
			}
		}, "", false},
	} {
		var s *session.Session
		app := rig.New(t, rig.PlainOAuth2(row.configure), rig.KeepLogin(&s))
		app.OP.Misbehave(func(f *authtest.Faults) { f.UserInfo = row.change })
		if got := rig.TryLogin(t, app); got != "ok" {
			t.Fatalf("%s: %s", name, got)
		}
		if s.User.Email != row.email || s.User.EmailVerified != row.verified {
			t.Errorf("%s: %q, verified %v; want %q, %v", name, s.User.Email, s.User.EmailVerified,
				row.email, row.verified)
		}
	}
}

// MapUser sees everything, changes what is shown, and refuses; it does not change who it is.
func TestOAuth2_MapUser(t *testing.T) {
	var s *session.Session
	var seen provider.Profile
	app := rig.New(t, rig.KeepLogin(&s), rig.PlainOAuth2(func(o *provider.OAuth2) {
		o.MapUser = func(p provider.Profile, u *session.User) error {
			seen = p
			u.Name, u.Subject, u.Issuer, u.Roles = "changed", "1002", "https://evil.example",
				[]string{"r"}
			return nil
		}
	}))
	if got := rig.TryLogin(t, app); got != "ok" {
		t.Fatal(got)
	}
	if s.User.Name != "changed" || s.User.Subject != "1001" || s.User.Issuer != app.OP.Issuer() ||
		!slices.Equal(s.User.Roles, []string{"r"}) {
		t.Errorf("%+v", s.User)
	}
	if !json.Valid(seen.Token) || !json.Valid(seen.User) ||
		!strings.HasPrefix(string(seen.More["emails"]), "[") ||
		!strings.Contains(string(seen.Token), "access_token") {
		t.Errorf("it saw %s %s %s", []byte(seen.Token), []byte(seen.User),
			[]byte(seen.More["emails"]))
	}
	var claims map[string]any
	if err := s.Claims(&claims); err != nil || claims["login"] != "alice" ||
		claims["access_token"] != nil {
		t.Errorf("claims %v, %v", claims, err)
	}
	for name, row := range map[string]struct {
		err    error
		status int
	}{
		"no access": {&provider.Error{Fault: provider.FaultDenied,
			Err: errors.New("not active")}, http.StatusForbidden},
		"another error": {errors.New("broken"), http.StatusInternalServerError},
	} {
		app := rig.New(t, rig.PlainOAuth2(func(o *provider.OAuth2) {
			o.MapUser = func(provider.Profile, *session.User) error { return row.err }
		}))
		resp := app.SignIn(t, rig.Browser(t), "alice", "/me")
		if resp.StatusCode != row.status || app.Happened("login", "ok") ||
			!strings.Contains(app.Log(), row.err.Error()) {
			t.Errorf("%s: status %d, events %v", name, resp.StatusCode, app.Outcomes())
		}
	}
}
