package authtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/sallyport-go/sallyport/session"
	"golang.org/x/oauth2"
)

// A party is an application made of other people's code only: what it accepts, others accept.
type party struct {
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
	provider *oidc.Provider
	server   *httptest.Server
	callback url.Values // of the last visit
}

func newParty(t *testing.T, p *Provider) *party {
	t.Helper()
	return newPartyWith(t, p.HTTPClient(), p.Issuer())
}

func newPartyWith(t *testing.T, client *http.Client, issuer string) *party {
	t.Helper()
	found, err := oidc.NewProvider(oidc.ClientContext(t.Context(), client), issuer)
	if err != nil {
		t.Fatal(err)
	}
	rp := &party{provider: found, verifier: found.Verifier(&oidc.Config{ClientID: ClientID})}
	rp.server = httptest.NewServer(
		http.HandlerFunc(
			func(_ http.ResponseWriter, r *http.Request) { rp.callback = r.URL.Query() },
		),
	)
	t.Cleanup(rp.server.Close)
	rp.config = oauth2.Config{
		ClientID:     ClientID,
		ClientSecret: ClientSecret,
		RedirectURL:  rp.server.URL + "/cb",
		Scopes:       []string{"openid", "profile", "email"},
		Endpoint:     found.Endpoint(),
	}
	rp.config.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return rp
}

// visit sends the browser to the provider and back.
func (rp *party) visit(
	t *testing.T, b *http.Client, username string, options ...oauth2.AuthCodeOption,
) {
	t.Helper()
	rp.callback = nil
	options = append(
		options, oauth2.S256ChallengeOption("verifier-verifier-verifier-verifier-verifier"),
		oidc.Nonce("n-1"),
	)
	SignIn(t, b, rp.config.AuthCodeURL("s-1", options...), username)
}

func (rp *party) exchange(t *testing.T, p *Provider) (*oauth2.Token, error) {
	t.Helper()
	return rp.config.Exchange(
		oidc.ClientContext(t.Context(), p.HTTPClient()), rp.callback.Get("code"),
		oauth2.VerifierOption("verifier-verifier-verifier-verifier-verifier"),
	)
}

func TestProvider_WholeFlowWithOtherPeoplesCode(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...session.User) *Provider{
		"http": NewProvider, "https": NewTLSProvider} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.SetClaims("alice", map[string]any{"department": "x"})
			rp := newParty(t, p)
			b := NewBrowser(t)
			rp.visit(t, b, "alice")
			if rp.callback.Get("state") != "s-1" || rp.callback.Get("iss") != p.Issuer() {
				t.Errorf("callback %v", rp.callback)
			}
			token, err := rp.exchange(t, p)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := token.Extra("id_token").(string)
			verified, err := rp.verifier.Verify(
				oidc.ClientContext(t.Context(), p.HTTPClient()),
				raw,
			)
			if err != nil {
				t.Fatal(err)
			}
			if verified.Subject != "1001" || verified.Nonce != "n-1" ||
				verified.VerifyAccessToken(token.AccessToken) != nil {
				t.Errorf("ID token %+v", verified)
			}
			var claims map[string]any
			if err := verified.Claims(&claims); err != nil || claims["department"] != "x" ||
				claims["email"] != "alice@example.com" ||
				claims["sid"] == "" {
				t.Errorf("claims %v, %v", claims, err)
			}
			info, err := rp.provider.UserInfo(
				oidc.ClientContext(t.Context(), p.HTTPClient()),
				oauth2.StaticTokenSource(token),
			)
			if err != nil || info.Subject != "1001" {
				t.Errorf("userinfo %v, %v", info, err)
			}
			if _, err := rp.exchange(t, p); err == nil {
				t.Error("a code works twice")
			}
		})
	}
}

func TestProvider_RefusesWhatItMust(t *testing.T) {
	p := NewProvider(t)
	rp := newParty(t, p)
	b := NewBrowser(t)
	for name, change := range map[string]func(url.Values){
		"client":     func(q url.Values) { q.Set("client_id", "x") },
		"redirect":   func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") },
		"no PKCE":    func(q url.Values) { q.Del("code_challenge") },
		"plain PKCE": func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"token":      func(q url.Values) { q.Set("response_type", "token") },
		"twice":      func(q url.Values) { q.Add("state", "x") },
		"no openid":  func(q url.Values) { q.Set("scope", "email") },
	} {
		target, _ := url.Parse(rp.config.AuthCodeURL("s", oauth2.S256ChallengeOption("v")))
		query := target.Query()
		change(query)
		target.RawQuery = query.Encode()
		if resp := Open(t, b, target.String()); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d at %s", name, resp.StatusCode, resp.Request.URL)
		}
	}
	rp.visit(t, b, "alice")
	rp.config.ClientSecret = "wrong"
	if _, err := rp.exchange(t, p); err == nil {
		t.Error("a wrong secret is accepted")
	}
}

func TestProvider_RemembersLoginAndConsent(t *testing.T) {
	p := NewProvider(t)
	now := time.Now()
	p.SetNow(func() time.Time { return now })
	rp := newParty(t, p)
	b := NewBrowser(t)
	page := Open(t, b, rp.config.AuthCodeURL("s", oauth2.S256ChallengeOption("v")))
	page = Submit(t, b, page, url.Values{"username": {"alice"}, "password": {"wrong"}})
	if page.StatusCode != http.StatusUnauthorized || !strings.Contains(Body(t, page), "not right") {
		t.Errorf("a wrong password: status %d", page.StatusCode)
	}
	page = Submit(t, b, page, url.Values{"username": {"alice"}, "password": {"alice"}})
	if body := Body(t, page); !strings.Contains(body, "See your email address") {
		t.Errorf("no consent page:\n%s", body)
	}
	Submit(t, b, page, url.Values{"decision": {"deny"}})
	if rp.callback.Get("error") != "access_denied" {
		t.Errorf("denied: %v", rp.callback)
	}
	rp.visit(t, b, "alice")
	for name, row := range map[string]struct {
		option oauth2.AuthCodeOption
		silent bool
	}{
		"again":        {oauth2.SetAuthURLParam("x", "y"), true},
		"prompt none":  {oauth2.SetAuthURLParam("prompt", "none"), true},
		"prompt login": {oauth2.SetAuthURLParam("prompt", "login"), false},
		"max_age":      {oauth2.SetAuthURLParam("max_age", "10"), false},
		"acr_values":   {oauth2.SetAuthURLParam("acr_values", "gold"), false},
	} {
		now = now.Add(time.Minute)
		rp.callback = nil
		Open(t, b, rp.config.AuthCodeURL("s", oauth2.S256ChallengeOption("v"), row.option))
		if got := rp.callback.Get("code") != ""; got != row.silent {
			t.Errorf("%s: silent %v, want %v", name, got, row.silent)
		}
	}
	stranger := NewBrowser(t)
	Open(
		t,
		stranger,
		rp.config.AuthCodeURL(
			"s", oauth2.S256ChallengeOption("v"), oauth2.SetAuthURLParam("prompt", "none"),
		),
	)
	if rp.callback.Get("error") != "login_required" {
		t.Errorf("prompt none for a stranger: %v", rp.callback)
	}
}

func TestProvider_KeysAndFaults(t *testing.T) {
	p := NewProvider(t)
	keys := func() int {
		resp := Open(t, p.HTTPClient(), p.Issuer()+"/jwks")
		var set struct{ Keys []json.RawMessage }
		if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
			t.Fatal(err)
		}
		return len(set.Keys)
	}
	p.RotateKeys()
	if n := keys(); n != 2 {
		t.Errorf("%d keys after a rotation, want 2", n)
	}
	p.Misbehave(func(f *Faults) { f.JWKS = func(set map[string]any) { set["keys"] = []any{} } })
	if n := keys(); n != 0 {
		t.Errorf("%d keys with a fault, want 0", n)
	}
	p.Behave()
	if p.Count("jwks") != 2 || keys() != 2 {
		t.Errorf("%d requests recorded, want 2", p.Count("jwks"))
	}
	p.SetDown(true)
	if _, err := p.HTTPClient().Get(p.Issuer() + "/jwks"); err == nil {
		t.Error("it answers although it is down")
	}
	p.SetDown(false)
	keys()
}

// F47: an expired session is none, and a session without a user is a mistake in the test.
func TestWithSession_F47_SessionsThatNoRequestHas(t *testing.T) {
	alice := session.User{Issuer: "i", Subject: "1"}
	for name, row := range map[string]struct {
		s        *session.Session
		signedIn bool
	}{
		"signed out": {nil, false},
		"no end":     {&session.Session{User: alice}, true},
		"ends later": {&session.Session{User: alice,
			Expires: time.Now().Add(time.Hour)}, true},
		"expired": {&session.Session{User: alice,
			Expires: time.Now().Add(-time.Second)}, false},
		"expired long ago": {&session.Session{User: alice, Expires: time.Unix(1, 0)}, false},
		"expires just now": {&session.Session{User: alice, Expires: time.Now()}, false},
	} {
		r := WithSession(httptest.NewRequest("GET", "/", nil), row.s)
		if s, ok := session.FromContext(r.Context()); ok != row.signedIn {
			t.Errorf("%s: session %v", name, s)
		}
	}
	for name, s := range map[string]*session.Session{
		"empty":             {},
		"without a subject": {Provider: "op", User: session.User{Issuer: "i", Name: "Alice"}},
		"expired and empty": {Expires: time.Unix(1, 0)},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.Contains(text, "User.Subject") {
					t.Errorf("%s: %s", name, text)
				}
			}()
			WithSession(httptest.NewRequest("GET", "/", nil), s)
		}()
	}
}

func TestWithSession(t *testing.T) {
	r := WithSession(
		httptest.NewRequest("GET", "/", nil),
		&session.Session{User: session.User{Subject: "1"}},
	)
	if s, ok := session.FromContext(r.Context()); !ok || s.User.Subject != "1" {
		t.Errorf("session %v", s)
	}
}
