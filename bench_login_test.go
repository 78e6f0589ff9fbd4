package sallyport_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/gob"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/ratio"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// P9: the CPU time of a login beside the same login written by hand with go-oidc, x/oauth2 and
// gorilla. Both talk to a provider without a network, whose signing is not included in the ratio.
func BenchmarkLogin_P9(b *testing.B) {
	op := newStaticOP(b)
	ours, byHand := newLogin(b, op, sallyportApp(b, op)), newLogin(b, op, handwrittenApp(b, op))
	ours.run()   // discovery and keys
	byHand.run() // the same
	b.ReportAllocs()
	for b.Loop() {
		ours.run()
	}
	b.ReportMetric(ratio.OfTimed(ours.runs, byHand.runs), "x-by-hand")
}

// A login is a browser that signs in.
type login struct {
	t   testing.TB
	op  *staticOP
	app http.Handler
}

func newLogin(t testing.TB, op *staticOP, app http.Handler) *login {
	return &login{t: t, op: op, app: app}
}

// run signs in.
func (l *login) run() { l.runs(1) }

// runs signs in n times, and returns the CPU time of the application alone. Redirects to the
// provider and callbacks each come in a row, so that the signing of the provider does not separate
// them.
func (l *login) runs(n int) (spent time.Duration) {
	starts := make([]*httptest.ResponseRecorder, n)
	for i := range starts {
		starts[i] = l.serve("/auth/login", nil, &spent)
	}
	states, answers := make([]string, n), make([][]byte, n)
	for i, start := range starts {
		authorize, err := url.Parse(start.Header().Get("Location"))
		if err != nil {
			l.t.Fatal(err)
		}
		q := authorize.Query()
		states[i], answers[i] = q.Get("state"), l.op.sign(l.t, q.Get("nonce"))
	}
	for i, start := range starts {
		l.op.answers["/token"] = answers[i]
		callback := l.serve("/auth/callback/op?code=c&state="+states[i],
			start.Result().Cookies(), &spent)
		if callback.Code != http.StatusSeeOther || len(callback.Header()["Set-Cookie"]) == 0 {
			l.t.Fatal(callback.Code, callback.Body)
		}
	}
	return spent
}

func (l *login) serve(path string, cookies []*http.Cookie,
	spent *time.Duration) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://localhost"+path, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	begin := ratio.CPU()
	l.app.ServeHTTP(w, r)
	*spent += ratio.CPU() - begin
	return w
}

func sallyportApp(t testing.TB, op *staticOP) http.Handler {
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "http://localhost", Session: session.Config{Secret: rig.Secret},
		Providers: provider.Set{"op": &provider.OIDC{
			Issuer: opIssuer, ClientID: "c", ClientSecret: "s", HTTPClient: op.client(),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return auth.Handler(http.NotFoundHandler())
}

// handwrittenApp is what the documentation of go-oidc, x/oauth2 and gorilla shows, with state,
// nonce and PKCE, and all three tokens in the session.
func handwrittenApp(t testing.TB, op *staticOP) http.Handler {
	gob.Register(session.User{})
	ctx := oidc.ClientContext(context.Background(), op.client())
	discovered, err := oidc.NewProvider(ctx, opIssuer)
	if err != nil {
		t.Fatal(err)
	}
	verifier := discovered.Verifier(&oidc.Config{ClientID: "c"})
	config := oauth2.Config{
		ClientID: "c", ClientSecret: "s", Endpoint: discovered.Endpoint(),
		RedirectURL: "http://localhost/auth/callback/op",
		Scopes:      []string{"openid", "profile", "email"},
	}
	store := sessions.NewCookieStore(securecookie.GenerateRandomKey(32),
		securecookie.GenerateRandomKey(32))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth/login", func(w http.ResponseWriter, r *http.Request) {
		state, nonce, pkce := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		flow, _ := store.New(r, "flow")
		flow.Values["state"], flow.Values["nonce"], flow.Values["pkce"] = state, nonce, pkce
		if err := flow.Save(r, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		to := config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce))
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	callback := func(w http.ResponseWriter, r *http.Request) error {
		flow, err := store.Get(r, "flow")
		if err != nil {
			return err
		}
		state, _ := flow.Values["state"].(string)
		if subtle.ConstantTimeCompare([]byte(state), []byte(r.FormValue("state"))) != 1 {
			return errWrong
		}
		pkce, _ := flow.Values["pkce"].(string)
		token, err := config.Exchange(oidc.ClientContext(r.Context(), op.client()),
			r.FormValue("code"),
			oauth2.VerifierOption(pkce))
		if err != nil {
			return err
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := verifier.Verify(r.Context(), raw)
		if err != nil {
			return err
		}
		if idToken.Nonce != flow.Values["nonce"] {
			return errWrong
		}
		var claims map[string]any
		if err := idToken.Claims(&claims); err != nil {
			return err
		}
		flow.Options.MaxAge = -1
		if err := flow.Save(r, w); err != nil {
			return err
		}
		name, _ := claims["name"].(string)
		s, _ := store.New(r, "session")
		s.Values["user"] = session.User{Issuer: idToken.Issuer, Subject: idToken.Subject,
			Name: name}
		s.Values["id"], s.Values["access"], s.Values["refresh"] = raw, token.AccessToken,
			token.RefreshToken
		return s.Save(r, w)
	}
	mux.HandleFunc("GET /auth/callback/op", func(w http.ResponseWriter, r *http.Request) {
		if err := callback(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	return mux
}

type wrongAnswer struct{}

func (wrongAnswer) Error() string { return "wrong state or nonce" }

var errWrong = wrongAnswer{}

const opIssuer = "https://op.example.com"

// A staticOP answers without a network. Its ID token is signed before the application asks for it.
type staticOP struct {
	key     *rsa.PrivateKey
	signer  jose.Signer
	answers map[string][]byte // by path
}

func newStaticOP(t testing.TB) *staticOP {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key},
		(&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	op := &staticOP{key: key, signer: signer, answers: map[string][]byte{}}
	op.answer(t, "/.well-known/openid-configuration", map[string]any{
		"issuer": opIssuer, "authorization_endpoint": opIssuer + "/a", "token_endpoint": opIssuer +
			"/token",
		"jwks_uri": opIssuer + "/jwks", "id_token_signing_alg_values_supported": []string{"RS256"},
	})
	op.answer(t, "/jwks", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: key.Public(), KeyID: "k", Algorithm: "RS256"},
	}})
	return op
}

func (op *staticOP) answer(t testing.TB, path string, body any) {
	op.answers[path] = encoded(t, body)
}

func encoded(t testing.TB, body any) []byte {
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign returns a response of the token endpoint.
func (op *staticOP) sign(t testing.TB, nonce string) []byte {
	now := time.Now()
	signed, err := op.signer.Sign(encoded(t, map[string]any{
		"iss": opIssuer, "sub": "1001", "aud": "c", "nonce": nonce, "iat": now.Unix(),
		"exp": now.Add(time.Hour).Unix(), "name": "Alice Example", "email": "alice@example.com",
		"email_verified": true, "preferred_username": "alice", "picture": opIssuer + "/alice.png",
	}))
	if err != nil {
		t.Fatal(err)
	}
	idToken, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, map[string]any{
		"access_token": rand.Text(), "refresh_token": rand.Text(), "token_type": "Bearer",
		"expires_in": 3600, "id_token": idToken,
	})
}

func (op *staticOP) client() *http.Client { return &http.Client{Transport: op} }

// RoundTrip implements http.RoundTripper.
func (op *staticOP) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	body, found := op.answers[r.URL.Path]
	status := http.StatusOK
	if !found {
		status = http.StatusNotFound
	}
	return &http.Response{
		StatusCode: status, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}
