package session

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/ratio"
)

// Realistic provider data: claims of 300 bytes, an RS256 ID token with them, a JWT as access token,
// an opaque refresh token; 2.7 KB of tokens in total.
const realClaims = `{"iss":"https://accounts.example.com","aud":"1069-app.apps.example.com","sub":"110169484474386276334",` +
	`"name":"Alice Example","email":"alice@example.com","email_verified":true,"picture":"https://cdn.example.com/a/AItbvmm-9lqNZ",` +
	`"given_name":"Alice","family_name":"Example","iat":1772366400,"exp":1772370000}`

func randomText(n int) string {
	random := rand.NewChaCha8([32]byte{1})
	raw := make([]byte, n)
	random.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

func jwt(payload string) string {
	header := `{"alg":"RS256","kid":"a1b2c3d4e5f6a7b8c9d0","typ":"JWT"}`
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + randomText(342)
}

func realSession(tokens bool) *Session {
	s := &Session{Provider: "google", Registration: "Zm9vYmFyYmF6cXV4MTIzNA", User: User{
		Issuer: "https://accounts.example.com", Subject: "110169484474386276334",
		Name:  "Alice Example",
		Email: "alice@example.com", EmailVerified: true,
		Picture: "https://cdn.example.com/a/AItbvmm-9lqNZ"}}
	if err := s.SetClaims(json.RawMessage(realClaims)); err != nil {
		panic(err)
	}
	if tokens {
		s.SetTokens(Tokens{IDToken: jwt(realClaims), TokenType: "Bearer",
			Expiry: start.Add(time.Hour), RefreshToken: randomText(512),
			AccessToken: jwt(`{"scope":"openid profile email","client_id":"1069-app.apps.example.com","jti":"` + randomText(300) + `","x":"` + randomText(260) + `"}`)})
	}
	return s
}

// P4: cookie bytes.
func TestBudget_P4_CookieBytes(t *testing.T) {
	for name, withTokens := range map[string]bool{"profile": false, "tokens": true} {
		b := newBench(t, nil)
		s := realSession(withTokens)
		b.signIn(s)
		size := 0
		for _, value := range b.cookies {
			size += len(value)
		}
		limit := len(realClaims)*134/100 + 80
		if withTokens {
			tokens, _ := s.Tokens()
			n := len(tokens.AccessToken) + len(tokens.IDToken) + len(tokens.RefreshToken)
			if n < 2600 || n > 2800 {
				t.Errorf("the test's tokens have %d bytes", n)
			}
			limit = (n + len(realClaims)) * 105 / 100
		}
		t.Logf("%s: %d bytes, limit %d, claims %d", name, size, limit, len(realClaims))
		if size > limit {
			t.Errorf("%s: %d bytes, limit %d", name, size, limit)
		}
	}
}

// sampleClaims are typical claims of an OpenID provider: 300 bytes, with three groups.
const sampleClaims = `{"iss":"https://id.example.com","sub":"f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e10","name":"Alice Example",` +
	`"preferred_username":"alice","email":"alice@example.com","email_verified":true,"picture":"https://cdn.example.com/a/9lqNZ.png",` +
	`"groups":["staff","editors","on-call"],"sid":"0b7e2f4c13d54f6a","auth_time":1772366390,"acr":"1","amr":["pwd"]}`

// sampleSession is a session with these claims, and tokens of 2.7 KB.
func sampleSession(t testing.TB, tokens bool) *Session {
	t.Helper()
	s := &Session{Provider: "op", Registration: "Zm9vYmFyYmF6", Issued: start,
		AuthTime: start.Add(-10 * time.Second),
		SID:      "0b7e2f4c13d54f6a", ACR: "1", AMR: []string{"pwd"},
		User: User{Issuer: "https://id.example.com",
			Subject: "f3a1c5de-6b1f-4c57-9f0e-2d1b7c8a9e10", Name: "Alice Example",
			Username: "alice", Email: "alice@example.com", EmailVerified: true,
			Picture: "https://cdn.example.com/a/9lqNZ.png",
			Roles:   []string{"staff", "editors", "on-call"}}}
	if err := s.SetClaims(json.RawMessage(sampleClaims)); err != nil {
		t.Fatal(err)
	}
	if tokens {
		payload := `{"aud":"web","exp":1772370000,"iat":1772366400,"nonce":"` + randomText(43) +
			`",` + sampleClaims[1:]
		s.SetTokens(Tokens{IDToken: jwt(payload), AccessToken: jwt(payload), TokenType: "Bearer",
			RefreshToken: randomText(2700 - 2*len(jwt(payload))), Expiry: start.Add(time.Hour),
			Scopes: []string{"openid", "profile"}})
	}
	return s
}

// P12: claims are stored once.
func TestBudget_P12_CookieBytes(t *testing.T) {
	for _, row := range []struct {
		tokens bool
		limit  int
	}{{false, 400}, {true, 3150}} {
		b := newBench(t, nil)
		b.signIn(sampleSession(t, row.tokens))
		size := len(b.request().Header.Get("Cookie"))
		t.Logf("tokens %v: %d bytes, limit %d, claims %d", row.tokens, size, row.limit,
			len(sampleClaims))
		if size > row.limit || len(sampleClaims) < 300 {
			t.Errorf("tokens %v: %d bytes, limit %d", row.tokens, size, row.limit)
		}
		var claims struct {
			Groups []string
		}
		if err := b.load().Claims(&claims); err != nil || len(claims.Groups) != 3 {
			t.Errorf("claims %v, %v", claims, err)
		}
	}
}

func TestBudget_LoadAllocations(t *testing.T) {
	for name, withTokens := range map[string]bool{"profile": false, "tokens": true} {
		b := newBench(t, nil)
		b.signIn(realSession(withTokens))
		r := b.request()
		if n := testing.AllocsPerRun(100, func() { _, _ = b.Load(r) }); n > 6 {
			t.Errorf("%s: Load allocates %v times", name, n)
		} else {
			t.Logf("%s: Load allocates %v times", name, n)
		}
	}
}

// rival stores the same content as users of gorilla do.
func rival(b testing.TB, s *Session) (*sessions.CookieStore, *http.Request) {
	gob.Register(map[string]any{}) // as the quick starts of large providers do
	gob.Register(time.Time{})
	store := sessions.NewCookieStore([]byte(secretA)[:32], []byte(secretA)[32:])
	for _, codec := range store.Codecs {
		codec.(*securecookie.SecureCookie).MaxLength(0)
	}
	w := httptest.NewRecorder()
	gs, _ := store.New(httptest.NewRequest("GET", "/", nil), "s")
	var profile map[string]any
	if err := json.Unmarshal([]byte(realClaims), &profile); err != nil {
		b.Fatal(err)
	}
	gs.Values["profile"] = profile
	gs.Values["provider"], gs.Values["created"], gs.Values["expires"] = s.Provider, start,
		start.Add(time.Hour)
	if tokens, err := s.Tokens(); err == nil {
		gs.Values["access"], gs.Values["refresh"], gs.Values["id"] = tokens.AccessToken,
			tokens.RefreshToken, tokens.IDToken
	}
	if err := store.Save(nil, w, gs); err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", strings.SplitN(w.Header().Get("Set-Cookie"), ";", 2)[0])
	return store, r
}

// floor returns the minimum work to open a value of n bytes of text: base64 and AES-GCM with a
// ready key.
func floor(n int) func() {
	block, _ := aes.NewCipher([]byte(secretA)[:32])
	aead, _ := cipher.NewGCM(block)
	nonce := make([]byte, 12)
	text := base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce,
		make([]byte, n*3/4-28), nil))
	return func() {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err == nil {
			_, err = aead.Open(raw[12:12], raw[:12], raw[12:], nil)
		}
		if err != nil {
			panic(err)
		}
	}
}

// ratios measures ours, and compares it with others.
func ratios(b *testing.B, ours func(), others map[string]func()) {
	b.ReportAllocs()
	for b.Loop() {
		ours()
	}
	for name, other := range others {
		if strings.HasPrefix(name, "of-") {
			b.ReportMetric(ratio.Of(other, ours), name)
		} else {
			b.ReportMetric(ratio.Of(ours, other), name)
		}
	}
}

// P1, P2: reading the session of a guarded request.
func BenchmarkLoad(b *testing.B) {
	plain := newBench(b, nil)
	plain.signIn(realSession(false))
	profile := plain.request()
	for name, withTokens := range map[string]bool{"P1-profile": false, "P2-tokens": true} {
		b.Run(name, func(b *testing.B) {
			m := newBench(b, nil)
			s := realSession(withTokens)
			m.signIn(s)
			r := m.request()
			size := len(r.Header.Get("Cookie")) - len("__Host-sallyport=")
			store, gr := rival(b, s)
			load := func(r *http.Request) {
				if _, err := m.Load(r); err != nil {
					b.Fatal(err)
				}
			}
			ratios(b, func() { load(r) }, map[string]func(){
				"x-floor":    floor(size),
				"of-gorilla": func() { _, _ = store.New(gr, "s") }, // gorilla / ours
				"x-P1": func() {
					if _, err := plain.Load(profile); err != nil {
						b.Fatal(err)
					}
				},
			})
		})
	}
}

// P5: opening the tokens when asked. The floor is that of the tokens as they are.
func BenchmarkTokens_P5(b *testing.B) {
	m := newBench(b, nil)
	m.signIn(realSession(true))
	s := m.load()
	tokens, _ := s.Tokens()
	n := len(tokens.AccessToken) + len(tokens.IDToken) + len(tokens.RefreshToken)
	ratios(b, func() {
		fresh := sealedDetails{manager: m.Manager, identity: s.details.sealed.identity,
			first: s.details.sealed.first}
		if err := fresh.open(); err != nil {
			b.Fatal(err)
		}
	}, map[string]func(){"x-floor": floor(n)})
}

// P6: sealing everything and setting the cookies at login.
func BenchmarkStart_P6(b *testing.B) {
	m := newBench(b, nil)
	m.signIn(realSession(true))
	loaded := m.request()
	r := httptest.NewRequest("GET", "/", nil)
	s := realSession(true)
	ratios(b, func() {
		if err := m.Start(httptest.NewRecorder(), r, s); err != nil {
			b.Fatal(err)
		}
	}, map[string]func(){"x-open": func() {
		s, err := m.Load(loaded)
		if err == nil {
			_, err = s.Tokens()
		}
		if err != nil {
			b.Fatal(err)
		}
	}})
}

// P7: ten secrets cost no more than one.
func BenchmarkOpen_P7(b *testing.B) {
	one := newBench(b, nil)
	one.signIn(realSession(false))
	r := one.request()
	ten := newBench(b, func(c *Config, _ *engine.Site) {
		for i := range 8 {
			c.OldSecrets = append(c.OldSecrets, testSecret(i))
		}
		c.Secret, c.OldSecrets = secretB, append(c.OldSecrets, secretA)
	})
	open := func(m *bench) func() {
		return func() {
			if _, err := m.Load(r); err != nil {
				b.Fatal(err)
			}
		}
	}
	ratios(b, open(ten), map[string]func(){"x-one-key": open(one)})
}

// P14: memory per signed-in user in the memory store; looking one up does not depend on their
// number.
func BenchmarkMemoryStore_P14(b *testing.B) {
	const few, many = 100, 100_000
	sized := func(users int) (load func(), perUser float64) {
		m := newBench(b, func(c *Config, _ *engine.Site) {
			c.Store, c.ProfileOnly = NewServerStore(NewMemoryBackend(MemoryLimits{}, c.Now)), true
		})
		var requests []*http.Request
		before := heap()
		for i := range users {
			s := realSession(false)
			s.User.Subject = strconv.Itoa(i)
			w := httptest.NewRecorder()
			if err := m.Start(w, httptest.NewRequest("GET", "/", nil), s); err != nil {
				b.Fatal(err)
			}
			if i%(users/few) == 0 {
				r := httptest.NewRequest("GET", "/", nil)
				for _, c := range w.Result().Cookies() {
					r.AddCookie(c)
				}
				requests = append(requests, r)
			}
		}
		perUser = float64(heap()-before) / float64(users)
		i := 0
		return func() {
			i++
			if _, err := m.Load(requests[i%len(requests)]); err != nil {
				b.Fatal(err)
			}
		}, perUser
	}
	loadFew, _ := sized(few)
	loadMany, perUser := sized(many)
	ratios(b, loadMany, map[string]func(){"x-few": loadFew})
	b.ReportMetric(perUser, "B/user")
}
