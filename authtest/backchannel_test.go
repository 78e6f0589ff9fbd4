package authtest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// part is a part of a token that was sent to the application.
func part(t *testing.T, token string, i int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestProvider_BackchannelLogout(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			p := NewProvider(t)
			rp := newParty(t, p)
			var tokens []string
			status := http.StatusOK
			app := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tokens = append(tokens, r.PostFormValue("logout_token"))
				w.WriteHeader(status)
			}))
			defer app.Close()
			a, b := NewBrowser(t), NewBrowser(t)
			rp.visit(t, a, "alice")
			rp.visit(t, b, "alice")
			sids := p.Sessions("alice")
			if len(sids) != 2 || len(p.Sessions("bob")) != 0 {
				t.Fatalf("sessions %v", sids)
			}
			if p.EndSessions("bob") == nil {
				t.Error("nothing is registered, and that is no error")
			}
			p.SetBackchannelLogout(app.URL)
			Open(t, a, p.Issuer()+"/end_session")
			if len(tokens) != 1 {
				t.Fatalf("%d logout tokens after a sign-out", len(tokens))
			}
			claims, header := part(t, tokens[0], 1), part(t, tokens[0], 0)
			if claims["sid"] != sids[0] || claims["sub"] != "1001" || claims["iss"] != p.Issuer() ||
				claims["jti"] == "" ||
				claims["nonce"] != nil ||
				header["typ"] != "logout+jwt" {
				t.Errorf("header %v, claims %v", header, claims)
			}
			if err := p.EndSessions("alice"); err != nil || len(p.Sessions("alice")) != 0 ||
				part(t, tokens[1], 1)["sid"] != nil {
				t.Errorf(
					"%v, sessions %v, claims %v", err, p.Sessions("alice"),
					part(t, tokens[1], 1),
				)
			}
			status = http.StatusBadRequest
			if err := p.SendLogout("x"); err == nil || !strings.Contains(err.Error(), "400") {
				t.Errorf("a refusal is reported as %v", err)
			}
		})
	}
}

func TestProvider_FaultyLogoutTokens(t *testing.T) {
	p := NewProvider(t)
	p.Misbehave(func(f *Faults) {
		f.LogoutToken = func(c map[string]any) { delete(c, "jti") }
		f.LogoutTokenHeader = func(h map[string]any) { h["typ"] = "other" }
		f.LogoutTokenRaw = func(token string) string { return token + ".more" }
	})
	token := p.LogoutToken("alice", "sid")
	if claims := part(t, token, 1); claims["jti"] != nil || claims["sid"] != "sid" ||
		part(t, token, 0)["typ"] != "other" ||
		!strings.HasSuffix(token, ".more") {
		t.Errorf("token %s, claims %v", token, claims)
	}
}

func TestProvider_FrontchannelLogout(t *testing.T) {
	p := NewProvider(t)
	rp := newParty(t, p)
	b := NewBrowser(t)
	rp.visit(t, b, "alice")
	sid := p.Sessions("alice")[0]
	p.SetFrontchannelLogout("http://localhost:1/out?a=b")
	resp := Open(
		t,
		b,
		p.Issuer()+"/end_session?client_id="+ClientID+"&state=s&post_logout_redirect_uri="+
			url.QueryEscape(
				rp.server.URL,
			),
	)
	body := Body(t, resp)
	want := "http://localhost:1/out?a=b&amp;" + strings.ReplaceAll(
		url.Values{"iss": {p.Issuer()}, "sid": {sid}}.Encode(), "&", "&amp;",
	)
	if !strings.Contains(body, `<iframe src="`+want+`"`) ||
		!strings.Contains(body, `<a href="`+rp.server.URL+`?state=s">`) {
		t.Errorf("the page is\n%s", body)
	}
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(
		policy,
		"frame-src http://localhost:1",
	) {
		t.Errorf("policy %q", policy)
	}
}
