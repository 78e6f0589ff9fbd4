package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// webApp starts an application that signs in at zitadel with a confidential client and refresh
// tokens. It sends each new session to the channel.
func webApp(t *testing.T) (base string, oidc *provider.OIDC, sessions chan *session.Session) {
	t.Helper()
	addr := freeAddr(t)
	base = "http://" + addr
	op := newZitadel(t, base)
	oidc = &provider.OIDC{
		Issuer: op.issuer(), ClientID: "web", ClientSecret: "secret", InsecureLoopbackHTTP: true,
		Scopes: []string{"openid", "profile", "email", "offline_access"},
	}
	sessions = make(chan *session.Session, 1)
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: base, Providers: provider.Set{"oidc": oidc},
		Session: session.Config{
			Secret: "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6"},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/done", auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		sessions <- s
		fmt.Fprint(w, "done")
	})))
	// This provider's introspection response has neither aud nor token_type.
	api := auth.Bearer(middleware.API{Audience: "web", ClientIDs: []string{"web"}, Untyped: true,
		BearerOnly: true})
	mux.Handle("/api", api(auth.RequireAuth(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		s, _ := session.FromContext(r.Context())
		fmt.Fprint(w, s.User.Subject)
	}))))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: auth.Handler(mux)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return base, oidc, sessions
}

// One login: refresh, introspection, an API call with the token, token exchange and revocation.
func TestZitadel_LifeOfTheTokens(t *testing.T) {
	base, oidc, sessions := webApp(t)
	ctx := t.Context()
	signInAtZitadel(t, authtest.NewBrowser(t), base+"/done")
	s := <-sessions
	first, err := s.Tokens()
	if err != nil || first.RefreshToken == "" {
		t.Fatalf("no refresh token: %v", err)
	}
	renewed, err := oidc.Refresh(ctx, s, func(*session.Session) {})
	if err != nil {
		t.Fatal(err)
	}
	second, err := renewed.Tokens()
	if err != nil || second.AccessToken == first.AccessToken || renewed.User.Name != zitadelName {
		t.Errorf("after the refresh: %v, %+v", err, renewed.User)
	}
	if info, err := oidc.Grants().Introspect(ctx, second.AccessToken); err != nil || !info.Active ||
		info.Subject != s.User.Subject {
		t.Errorf("introspection: %+v, %v", info, err)
	}
	if status, body := callAPI(t, base, second.AccessToken); status != 200 ||
		body != s.User.Subject {
		t.Errorf("the API answers %d %q", status, body)
	}
	exchanged, err := oidc.Grants().ExchangeToken(ctx, provider.TokenExchange{
		SubjectToken:       second.AccessToken,
		RequestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
		Scopes:             []string{"openid"},
	})
	if err != nil || exchanged.AccessToken == "" || exchanged.AccessToken == second.AccessToken {
		t.Errorf("token exchange: %v", err)
	}
	if err := oidc.Revoke(ctx, second); err != nil {
		t.Errorf("revocation: %v", err)
	}
	if info, err := oidc.Grants().Introspect(ctx, second.AccessToken); err != nil || info.Active {
		t.Errorf("after the revocation: %+v, %v", info, err)
	}
	if _, err := oidc.Refresh(ctx, renewed, func(*session.Session) {}); err == nil {
		t.Error("a revoked refresh token was accepted")
	}
	if status, _ := callAPI(t, base, "made-up"); status != 401 {
		t.Errorf("a made-up token: status %d", status)
	}
}

func callAPI(t *testing.T, base, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

func TestZitadel_ClientCredentials(t *testing.T) {
	op := newZitadel(t, "http://"+freeAddr(t))
	oidc := &provider.OIDC{Issuer: op.issuer(), ClientID: "sid1", ClientSecret: "verysecret",
		InsecureLoopbackHTTP: true}
	source := oidc.Grants().ClientCredentials("openid")
	first, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := source.Token(); err != nil || second.AccessToken != first.AccessToken {
		t.Errorf("a second token: %v", err)
	}
	oidc.ClientSecret = "wrong" // applications must not change a provider in use
	if _, err := oidc.Grants().ClientCredentials().Token(); err == nil {
		t.Error("a wrong secret was accepted")
	}
}

// The device flow: the user confirms in a browser on another device.
func TestZitadel_Device(t *testing.T) {
	op := newZitadel(t, "http://"+freeAddr(t))
	oidc := &provider.OIDC{Issuer: op.issuer(), ClientID: "device", ClientSecret: "secret",
		InsecureLoopbackHTTP: true}
	tokens, err := oidc.Grants().Device(t.Context(), func(c provider.DeviceCode) error {
		b := authtest.NewBrowser(t)
		page := authtest.Open(t, b, c.VerificationURI+"?user_code="+url.QueryEscape(c.UserCode))
		page = authtest.Submit(t, b, page, url.Values{"username": {zitadelUser},
			"password": {zitadelPassword}})
		if body := authtest.Body(t, page); !strings.Contains(body, "device") {
			return fmt.Errorf("no confirmation page: %s", body)
		}
		authtest.Body(t, authtest.Open(t, b, strings.TrimSuffix(op.issuer(), "/")+
			"/device/confirm?action=allowed"))
		return nil
	}, "email")
	// without openid, because the example storage takes the user name for the user ID and finds
	// no claims
	if err != nil || tokens.AccessToken == "" {
		t.Fatalf("%v", err)
	}
	if _, err := oidc.Grants().Device(t.Context(), func(provider.DeviceCode) error {
		return context.Canceled
	}); err == nil {
		t.Error("an error of the display callback was ignored")
	}
}
