package e2e

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/zitadel/oidc/v3/pkg/crypto"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// logoutToken returns a logout token made by zitadel's own code and signed with the provider's key.
// The test delivers it, because zitadel's library leaves that to its users.
func (p *zitadelOP) logoutToken(t *testing.T, subject, sid string) string {
	t.Helper()
	key, err := p.store.SigningKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := op.SignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	claims := oidc.NewLogoutTokenClaims(p.issuer(), subject, oidc.Audience{"web"},
		time.Now().Add(2*time.Minute), rand.Text(), sid, 0)
	token, err := crypto.Sign(claims, signer)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A logout token from an independent implementation ends the session, and cannot be replayed.
func TestZitadel_BackchannelLogout(t *testing.T) {
	addr := freeAddr(t)
	base := "http://" + addr
	provided := newZitadel(t, base)
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: base,
		Providers: provider.Set{"oidc": &provider.OIDC{
			Issuer: provided.issuer(), ClientID: "web", ClientSecret: "secret",
			InsecureLoopbackHTTP: true,
		}},
		Session: session.Config{
			Secret:      "8b1f0c6de2a94735b0d1e2f3a4958677c6b5a49382716f5e4d3c2b1a09f8e7d6",
			Revocations: session.NewMemoryRevocations(nil),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: auth.Handler(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if s, ok := session.FromContext(r.Context()); ok {
			fmt.Fprint(w, s.User.Subject)
		}
	}))}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	b := authtest.NewBrowser(t)
	subject := authtest.Body(t, signInAtZitadel(t, b, base+"/auth/login"))
	if subject == "" {
		t.Fatal("no user is signed in")
	}
	deliver := func(token string) int {
		resp, err := http.PostForm(base+"/auth/backchannel/oidc",
			url.Values{"logout_token": {token}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := deliver(provided.logoutToken(t, "another-user", "")); got != 200 ||
		authtest.Body(t, authtest.Open(t, b, base+"/")) != subject {
		t.Errorf("another user's logout: status %d, signed in as %s", got,
			authtest.Body(t, authtest.Open(t, b, base+"/")))
	}
	token := provided.logoutToken(t, subject, "")
	if got := deliver(token); got != 200 || authtest.Body(t, authtest.Open(t, b, base+"/")) != "" {
		t.Errorf("the user's logout: status %d, signed in as %s", got,
			authtest.Body(t, authtest.Open(t, b, base+"/")))
	}
	if got := deliver(token); got != 400 {
		t.Errorf("a replayed token: status %d", got)
	}
}
