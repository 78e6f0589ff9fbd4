package authtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// newPlainParty is newParty for the side without OpenID Connect.
func newPlainParty(t *testing.T, p *Provider) *party {
	t.Helper()
	rp := newParty(t, p)
	rp.config.Endpoint = oauth2.Endpoint{
		AuthURL:   p.Issuer() + "/oauth/authorize",
		TokenURL:  p.Issuer() + "/oauth/token",
		AuthStyle: oauth2.AuthStyleInHeader,
	}
	rp.config.Scopes = []string{"profile", "email", "offline_access"}
	return rp
}

func TestOAuth2_WholeFlowWithOtherPeoplesCode(t *testing.T) {
	p := NewProvider(t)
	p.SetClaims("alice", map[string]any{"company": "x"})
	rp := newPlainParty(t, p)
	rp.visit(t, NewBrowser(t), "alice")
	token, err := rp.exchange(t, p)
	if err != nil {
		t.Fatal(err)
	}
	if token.Extra("id_token") != nil || token.Extra("scope") != "profile email offline_access" ||
		token.RefreshToken == "" {
		t.Errorf(
			"token %v, scope %v, refresh token %q", token.Extra("id_token"),
			token.Extra("scope"), token.RefreshToken,
		)
	}
	client := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(token))
	var user struct {
		ID      json.Number
		Login   string
		Company string
	}
	get(t, client, p.Issuer()+"/user", &user)
	if user.ID != "1001" || user.Login != "alice" || user.Company != "x" {
		t.Errorf("user %+v", user)
	}
	var emails []struct {
		Email             string
		Primary, Verified bool
	}
	get(t, client, p.Issuer()+"/user/emails", &emails)
	if len(emails) != 2 || emails[0].Verified || emails[1].Email != "alice@example.com" ||
		!emails[1].Primary ||
		!emails[1].Verified {
		t.Errorf("email addresses %+v", emails)
	}
	if _, err := rp.exchange(t, p); err == nil {
		t.Error("a code works twice")
	}
	for _, path := range []string{"/user", "/user/emails"} {
		resp, err := http.Get(p.Issuer() + path)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without a token: %v, %v", path, resp.StatusCode, err)
		}
	}
}

func get(t *testing.T, client *http.Client, address string, v any) {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		t.Fatalf("%s: status %d, %v", address, resp.StatusCode, err)
	}
}

// PKCE is the client's choice, but a code that was asked for with a challenge needs its verifier.
func TestOAuth2_PKCE(t *testing.T) {
	p := NewProvider(t)
	rp, b := newPlainParty(t, p), NewBrowser(t)
	SignIn(t, b, rp.config.AuthCodeURL("s"), "alice")
	if _, err := rp.config.Exchange(t.Context(), rp.callback.Get("code")); err != nil {
		t.Errorf("without PKCE: %v", err)
	}
	SignIn(t, b, rp.config.AuthCodeURL("s"), "alice")
	if _, err := rp.config.Exchange(t.Context(), rp.callback.Get("code"),
		oauth2.VerifierOption("v")); err == nil {
		t.Error("a verifier without a challenge is accepted")
	}
	for _, options := range [][]oauth2.AuthCodeOption{nil, {oauth2.VerifierOption("other")}} {
		rp.visit(t, b, "alice")
		if _, err := rp.config.Exchange(t.Context(), rp.callback.Get("code"),
			options...); err == nil {
			t.Error("a code works without its verifier")
		}
	}
	for name, value := range map[string]string{"code_challenge_method": "plain",
		"response_type": "token", "response_mode": "form_post", "client_id": "x",
		"redirect_uri": "https://evil.example/"} {
		address := rp.config.AuthCodeURL(
			"s", oauth2.S256ChallengeOption("v"), oauth2.SetAuthURLParam(name, value),
		)
		if resp := Open(t, b, address); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s=%s: status %d", name, value, resp.StatusCode)
		}
	}
}

// Every quirk changes what it says, and the side with OpenID Connect has none of them.
func TestOAuth2_Quirks(t *testing.T) {
	p := NewProvider(t)
	for quirk, row := range map[string]struct {
		answer string // in the answer to a right token request, as "Content-Type: body"
		errors string // in the answer to a wrong code
	}{
		quirkError200:       {"", "200 "},
		quirkOwnErrors:      {"", `"code":190`},
		quirkErrCode:        {"", `"errcode":40029`},
		quirkJSONAsText:     {"text/plain", "text/plain"},
		quirkJSONAsHTML:     {"text/html; charset=utf-8: {", "text/html"},
		quirkForm:           {"&token_type=Bearer", "error=invalid_grant&"},
		quirkExpiresString:  {`"expires_in":"3600"`, ""},
		quirkExpiresFloat:   {`"expires_in":3600.5`, ""},
		quirkExpiresName:    {`"expires":3600`, ""},
		quirkScopeList:      {`"scope":["profile","email"]`, ""},
		quirkScopeComma:     {`"scope":"profile,email"`, ""},
		quirkTokenTypeLower: {`"token_type":"bearer"`, ""},
		quirkEnvelope:       {`{"data":{"access_token"`, `{"data":{"error"`},
		quirkCamelCase:      {`"accessToken":`, ""},
		quirkRawBasic:       {"", "invalid_client"},
		quirkPKCERefused:    {"", "invalid_request"},
		quirkGetToken:       {"", "invalid_request"},
		quirkPutToken:       {"", "invalid_request"},
		quirkJSONBody:       {"", "unsupported_grant_type"},
	} {
		p.SetQuirks()
		rp := newPlainParty(t, p)
		rp.config.Scopes = []string{"profile", "email"}
		if row.answer != "" {
			rp.visit(t, NewBrowser(t), "alice")
			p.SetQuirks(quirk)
			if got := rawExchange(t, rp, rp.callback.Get("code")); !strings.Contains(
				got,
				row.answer,
			) {
				t.Errorf("%s: %s does not hold %s", quirk, got, row.answer)
			}
		}
		p.SetQuirks(quirk)
		if got := rawExchange(t, rp, "wrong"); !strings.Contains(got, row.errors) {
			t.Errorf("%s: %s does not hold %s", quirk, got, row.errors)
		}
		oidc := newParty(t, p)
		oidc.visit(t, NewBrowser(t), "bob")
		if _, err := oidc.exchange(t, p); err != nil {
			t.Errorf("%s changes OpenID Connect: %v", quirk, err)
		}
	}
	for _, quirk := range []string{quirkNoExpires, quirkNoScope, quirkNoTokenType} {
		p.SetQuirks()
		rp := newPlainParty(t, p)
		rp.visit(t, NewBrowser(t), "alice")
		p.SetQuirks(quirk)
		missing := map[string]string{quirkNoExpires: "expires_in", quirkNoScope: "scope",
			quirkNoTokenType: "token_type"}[quirk]
		if got := rawExchange(t, rp, rp.callback.Get("code")); strings.Contains(got, missing) ||
			!strings.Contains(got, "access_token") {
			t.Errorf("%s: %s", quirk, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a quirk that does not exist is accepted")
		}
	}()
	p.SetQuirks("no-such-quirk")
}

// rawExchange sends a token request as the standard has it, and returns the answer in one line.
func rawExchange(t *testing.T, rp *party, code string) string {
	t.Helper()
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {rp.config.RedirectURL},
		"code_verifier": {"verifier-verifier-verifier-verifier-verifier"},
	}
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, rp.config.Endpoint.TokenURL,
		strings.NewReader(form.Encode()),
	)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(ClientID), url.QueryEscape(ClientSecret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Status[:4] + resp.Header.Get("Content-Type") + ": " + string(body)
}
