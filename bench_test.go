package sallyport_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

// perOp is the time of one call, the best of several runs, so that ratios come from one process at one time.
func perOp(f func()) float64 {
	best := time.Duration(1 << 62)
	const n = 2000
	for range 15 {
		begin := time.Now()
		for range n {
			f()
		}
		best = min(best, time.Since(begin))
	}
	return float64(best) / n
}

// beside is perOp of f divided by that of g, in turns, for differences that are small.
func beside(f, g func()) float64 {
	best := [2]time.Duration{1 << 62, 1 << 62}
	for range 200 {
		for i, h := range [...]func(){f, g} {
			begin := time.Now()
			for range 200 {
				h()
			}
			best[i] = min(best[i], time.Since(begin))
		}
	}
	return float64(best[0]) / float64(best[1])
}

// guarded is a guard in front of an empty handler, and a request of a signed-in user.
func guarded(t testing.TB, edit func(*session.Config)) (app *rig.App, guard http.Handler, signedIn *http.Request) {
	return guardedAt(t, "/me", func(s *rig.Setup) { edit(&s.Config.Session) })
}

func guardedAt(t testing.TB, login string, change func(*rig.Setup)) (app *rig.App, guard http.Handler, signedIn *http.Request) {
	app = rig.New(t, change)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", login)
	signedIn = httptest.NewRequest("GET", "/me", nil)
	for _, c := range app.SessionCookies(b) {
		signedIn.AddCookie(c)
	}
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	return app, app.Auth.Handler(app.Auth.RequireAuth(empty)), signedIn
}

// kept are the ways to keep sessions that are measured.
var kept = map[string]func(*session.Config){
	"profile": func(c *session.Config) { c.ProfileOnly = true },
	"tokens":  func(*session.Config) {},
	"tokens, revocable": func(c *session.Config) {
		c.Revocations = session.NewMemoryRevocations(c.Now)
	},
	"tokens, in memory": func(c *session.Config) {
		c.Store = session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, c.Now))
	},
}

// P3
func TestBudget_P3_GuardAllocations(t *testing.T) {
	for name, edit := range kept {
		_, guard, r := guarded(t, edit)
		w := &discard{header: http.Header{}}
		n := testing.AllocsPerRun(200, func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		})
		t.Logf("%s: %v allocations", name, n)
		if n > 10 {
			t.Errorf("%s: the guard allocates %v times, at most 10", name, n)
		}
	}
}

// P3: tenants cost those who have none nothing, and those who have them little.
func TestBudget_P3_GuardAllocationsOfTenants(t *testing.T) {
	var n [3]float64
	for i, login := range []string{"/me", "/auth/login/op?return_to=/me", "/auth/login/acme?return_to=/me"} {
		_, guard, r := guardedAt(t, login, func(s *rig.Setup) {
			if i > 0 {
				s.Config.Tenants.Find = func(context.Context, string) (provider.Provider, error) { return s.OIDC, nil }
			}
		})
		w := &discard{header: http.Header{}}
		n[i] = testing.AllocsPerRun(200, func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		})
		if n[i] > n[0] || n[i] == 0 {
			t.Errorf("signed in at %s: %v allocations, without tenants %v", login, n[i], n[0])
		}
	}
}

// The whole guard beside an empty handler.
func BenchmarkGuard(b *testing.B) {
	for name, edit := range kept {
		b.Run(name, func(b *testing.B) {
			app, guard, r := guarded(b, edit)
			w := &discard{header: http.Header{}}
			serve := func() {
				clear(w.header)
				guard.ServeHTTP(w, r)
			}
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
			b.ReportMetric(perOp(serve)/perOp(func() {
				if _, err := app.Auth.Sessions.Load(r); err != nil {
					b.Fatal(err)
				}
			}), "x-reading-the-session")
		})
	}
}

// P11: remembering sign-outs and superseded generations, and revocations in memory, each with the marks
// of a thousand sign-outs, beside a process that remembers nothing.
func BenchmarkSignOutMemory_P11(b *testing.B) {
	signOut := func(app *rig.App, n int) {
		for range n {
			w := httptest.NewRecorder()
			s := &session.Session{
				Provider: "op", Registration: app.OIDC.Registration(), User: session.User{Issuer: app.OP.Issuer(), Subject: "1002"},
			}
			if err := app.Auth.Sessions.Start(w, httptest.NewRequest("GET", "/", nil), s); err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			for _, c := range w.Result().Cookies() {
				r.AddCookie(c)
			}
			if err := app.Auth.Sessions.End(httptest.NewRecorder(), r); err != nil {
				b.Fatal(err)
			}
		}
	}
	serving := func(guard http.Handler, r *http.Request) func() {
		w := &discard{header: http.Header{}}
		return func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		}
	}
	_, bare, bareRequest := guarded(b, kept["tokens"])
	for name, edit := range map[string]func(*session.Config){"default": kept["tokens"], "NewMemoryRevocations": kept["tokens, revocable"]} {
		b.Run(name, func(b *testing.B) {
			app, guard, r := guarded(b, edit)
			signOut(app, 1000)
			serve := serving(guard, r)
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
			b.ReportMetric(beside(serve, serving(bare, bareRequest)), "x-without")
		})
	}
}

// P8: no session on a guarded route.
func BenchmarkChallenge_P8(b *testing.B) {
	app, guard, _ := guarded(b, kept["profile"])
	empty := app.Auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"text/plain"}
		w.WriteHeader(http.StatusOK)
		w.Write(nil)
	}))
	for name, header := range map[string][2]string{"navigation": {"Accept", "text/html"}, "fetch": {"Sec-Fetch-Mode", "cors"}} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/me?x=1", nil)
			r.Header.Set(header[0], header[1])
			w := &discard{header: http.Header{}}
			serve := func(h http.Handler) func() {
				return func() {
					clear(w.header)
					h.ServeHTTP(w, r)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				serve(guard)()
			}
			b.ReportMetric(perOp(serve(guard))/perOp(serve(empty)), "x-empty")
		})
	}
}

// P9: a whole login beside its unavoidable parts: the same two HTTP exchanges, one RS256 verification, sealing.
func BenchmarkLogin_P9(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	op := newStaticOP(b, key)
	auth, err := sallyport.New(sallyport.Config{
		BaseURL: "http://localhost", Session: session.Config{Secret: rig.Secret},
		Providers: provider.Set{"op": &provider.OIDC{Issuer: op.server.URL, ClientID: "c", ClientSecret: "s", InsecureLoopbackHTTP: true}},
	})
	if err != nil {
		b.Fatal(err)
	}
	app := auth.Handler(http.NotFoundHandler())
	login := func() {
		start := httptest.NewRequest("GET", "http://localhost/auth/login", nil)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, start)
		authorize, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusSeeOther {
			b.Fatal(w.Code, err)
		}
		op.nonce = authorize.Query().Get("nonce")
		callback := httptest.NewRequest("GET", "http://localhost/auth/callback/op?code=c&state="+authorize.Query().Get("state"), nil)
		for _, c := range w.Result().Cookies() {
			callback.AddCookie(c)
		}
		w = httptest.NewRecorder()
		app.ServeHTTP(w, callback)
		if w.Code != http.StatusSeeOther {
			b.Fatal(w.Code, w.Body)
		}
	}
	login() // discovery and keys
	digest := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	registered := &provider.OIDC{Issuer: op.server.URL, ClientID: "c"}
	sample := &session.Session{Provider: "op", Registration: registered.Registration(), User: session.User{Issuer: "i", Subject: "s"}}
	sample.SetTokens(session.Tokens{AccessToken: "a", IDToken: op.idToken()})
	unavoidable := func() {
		resp, err := op.server.Client().Post(op.server.URL+"/token", "application/x-www-form-urlencoded", strings.NewReader("code=c"))
		if err != nil {
			b.Fatal(err)
		}
		var answer map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		if err := auth.Sessions.Start(httptest.NewRecorder(), r, sample); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		login()
	}
	b.ReportMetric(few(login)/few(unavoidable), "x-unavoidable")
}

func few(f func()) float64 {
	best := time.Duration(1 << 62)
	for range 10 {
		begin := time.Now()
		for range 100 {
			f()
		}
		best = min(best, time.Since(begin))
	}
	return float64(best)
}

// A staticOP answers at once: signing is not what is measured, but part of both sides.
type staticOP struct {
	server *httptest.Server
	signer jose.Signer
	nonce  string
}

func newStaticOP(t testing.TB, key *rsa.PrivateKey) *staticOP {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	op := &staticOP{signer: signer}
	mux := http.NewServeMux()
	answer := func(path string, body func() any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(body())
		})
	}
	answer("/.well-known/openid-configuration", func() any {
		return map[string]any{"issuer": op.server.URL, "authorization_endpoint": op.server.URL + "/a", "token_endpoint": op.server.URL + "/token", "jwks_uri": op.server.URL + "/jwks"}
	})
	answer("/jwks", func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256"}}}
	})
	answer("/token", func() any {
		return map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": op.idToken()}
	})
	op.server = httptest.NewServer(mux)
	t.Cleanup(op.server.Close)
	return op
}

func (op *staticOP) idToken() string {
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{"iss": op.server.URL, "sub": "1", "aud": "c", "exp": now + 60, "iat": now, "nonce": op.nonce, "name": "N", "email": "e@example.com"})
	signed, err := op.signer.Sign(claims)
	if err != nil {
		return ""
	}
	token, _ := signed.CompactSerialize()
	return token
}
