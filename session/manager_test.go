package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
)

const (
	secretA = "6f1c0b8be1f2f24d5f5a9be3c1a74d3908b7e6f0d5c4a39281706f5e4d3c2b1a"
	secretB = "yq0V3mTn7cW1uZr8KfHj5LxPbD2sGa9EoQ4iRtNwB6k="
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A bench bundles a manager, its clock and a browser's cookies.
type bench struct {
	internals
	t       testing.TB
	now     time.Time
	cookies map[string]string // by full name
	events  []Event
	log     bytes.Buffer
}

func newBench(t testing.TB, edit func(*Config, *engine.Site)) *bench {
	t.Helper()
	b := &bench{t: t, now: start, cookies: map[string]string{}}
	base, _ := url.Parse("https://app.example.com")
	c := Config{Secret: secretA, Now: func() time.Time { return b.now }}
	site := engine.Site{BaseURL: base, Prefix: "/auth",
		Logger: slog.New(slog.NewTextHandler(&b.log, nil))}
	if edit != nil {
		edit(&c, &site)
	}
	var err error
	if b.internals, err = New(c, site, func(_ context.Context, e Event) {
		b.events = append(b.events, e)
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

// request returns a request of the browser.
func (b *bench) request() *http.Request {
	r := httptest.NewRequest("GET", "https://app.example.com/", nil)
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		pairs = append(pairs, name+"="+b.cookies[name])
	}
	if len(pairs) > 0 {
		r.Header.Set("Cookie", strings.Join(pairs, "; "))
	}
	return r
}

// do calls f with a request and stores the cookies of the response.
func (b *bench) do(f func(http.ResponseWriter, *http.Request) error) error {
	b.t.Helper()
	w := httptest.NewRecorder()
	err := f(w, b.request())
	b.keep(w)
	return err
}

func (b *bench) keep(w *httptest.ResponseRecorder) {
	b.t.Helper()
	seen := map[string]bool{}
	for _, c := range w.Result().Cookies() {
		if seen[c.Name] {
			b.t.Errorf("two Set-Cookie lines for %s", c.Name) // R102
		}
		seen[c.Name] = true
		if size := len(c.String()); size > 4096 {
			b.t.Errorf("cookie %s has %d bytes", c.Name, size) // R98
		}
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
}

func (b *bench) signIn(s *Session) {
	b.t.Helper()
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Start(w, r, s)
	}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) load() *Session {
	b.t.Helper()
	s, err := b.Load(b.request())
	if err != nil {
		b.t.Fatal("Load:", err)
	}
	return s
}

func (b *bench) wantError(want error) {
	b.t.Helper()
	if s, err := b.Load(b.request()); !errors.Is(err, want) || s != nil {
		b.t.Errorf("Load = %v, %v; want %v", s, err, want)
	}
}

func alice() *Session {
	return &Session{Provider: "google", Registration: "Zm9vYmFyYmF6cXV4MTIzNA", SID: "s1",
		ACR: "urn:mace", AMR: []string{"pwd", "otp"},
		AuthTime: start.Add(-time.Minute),
		Epoch:    7, Issued: start.Add(-time.Second), Device: "Firefox on Linux",
		User: User{Issuer: "https://accounts.example.com", Subject: "110169484474386276334",
			Name:     "Alice Example",
			Username: "alice", Email: "alice@example.com", EmailVerified: true,
			Roles: []string{"admin"}},
		Values: map[string]string{"theme": "dark"}}
}

// big returns a session whose text needs approximately the given number of chunks.
func big(chunks int) *Session {
	s := alice()
	s.SetTokens(Tokens{AccessToken: strings.Repeat("a!", 1420*(chunks-1)+200), TokenType: "Bearer"})
	return s
}

func same(t *testing.T, got, want *Session) {
	t.Helper()
	a, b := *got, *want
	a.details, b.details = details{}, details{}
	for _, s := range []*Session{&a, &b} {
		for _, at := range []*time.Time{&s.AuthTime, &s.Created, &s.Seen, &s.Expires, &s.Issued} {
			*at = at.UTC()
		}
	}
	if x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b); x != y {
		t.Errorf("session differs:\n got %s\nwant %s", x, y)
	}
}

// eachKeeper runs a test with sessions in cookies, in a gorilla store, and in a ServerStore.
func eachKeeper(t *testing.T, test func(t *testing.T, edit func(*Config, *engine.Site))) {
	t.Run("cookies", func(t *testing.T) { test(t, func(*Config, *engine.Site) {}) })
	t.Run("store", func(t *testing.T) {
		store := newMemoryStore()
		test(t, func(c *Config, _ *engine.Site) { c.Store = store })
	})
	t.Run("server store", func(t *testing.T) {
		backend := NewMemoryBackend(MemoryLimits{}, nil)
		test(t, func(c *Config, _ *engine.Site) {
			backend.now = c.Now
			c.Store = NewServerStore(backend)
		})
	})
}

func TestManager_RoundTrip(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		b.wantError(ErrNone)
		s := alice()
		s.SetTokens(Tokens{AccessToken: "aaa.bbb.c-c", RefreshToken: "r", IDToken: "x.y.z",
			Scopes: []string{"openid"}, Expiry: start.Add(time.Hour)})
		if err := s.SetClaims(
			json.RawMessage(`{"sub":"110169484474386276334","dept":"x"}`)); err != nil {
			t.Fatal(err)
		}
		b.signIn(s)
		got := b.load()
		same(t, got, s)
		tokens, err := got.Tokens()
		if err != nil || tokens.AccessToken != "aaa.bbb.c-c" || tokens.IDToken != "x.y.z" ||
			!tokens.Expiry.Equal(start.Add(time.Hour)) {
			t.Errorf("the loaded tokens differ: %v", err)
		}
		got.Values["theme"] = "light"
		if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
			return b.Save(w, r, got)
		}); err != nil {
			t.Fatal(err)
		}
		again := b.load()
		if again.ID != s.ID || again.Generation != 2 || again.Values["theme"] != "light" {
			t.Errorf("Save kept ID %v, generation %d, values %v", again.ID == s.ID,
				again.Generation, again.Values)
		}
		if _, err := again.Tokens(); err != nil {
			t.Error("tokens after Save:", err)
		}
	})
}

func TestManager_R88_NewIDAtEveryStart(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		planted := alice()
		planted.ID = "chosen-by-the-attacker"
		b.signIn(planted)
		first := b.load()
		if first.ID == "chosen-by-the-attacker" || len(first.ID) < 22 {
			t.Fatalf("ID %q", first.ID)
		}
		old := maps.Clone(b.cookies)
		b.signIn(first) // step-up: the same session signs in again
		if second := b.load(); second.ID == planted.ID {
			t.Error("the ID survived a login")
		}
		if b.config.Store != nil { // the old record is gone
			b.cookies = old
			b.wantError(ErrInvalid)
		}
	})
}

func TestManager_R94_Lifetimes(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		short := func(c *Config, s *engine.Site) {
			edit(c, s)
			c.Idle, c.Lifetime = time.Hour, 3*time.Hour
		}
		b := newBench(t, short)
		b.signIn(alice())
		b.now = start.Add(time.Hour - time.Second)
		b.load()
		b.now = start.Add(time.Hour)
		b.wantError(ErrInvalid)

		b = newBench(t, short)
		b.signIn(alice())
		for b.now = start; b.now.Before(start.Add(3 * time.Hour)); b.now = b.now.Add(
			30 * time.Minute) {
			s := b.load()
			if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
				_, err := b.Renew(w, r, s)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		b.wantError(ErrInvalid) // activity never moves the absolute end

		b = newBench(t, short)
		b.signIn(alice())
		b.now = start.Add(-2 * time.Minute) // from the future
		b.wantError(ErrInvalid)
		b.now = start.Add(-30 * time.Second) // within the clock skew
		b.load()

		b = newBench(t, short)
		s := alice()
		s.Expires = start.Add(20 * time.Minute)
		b.signIn(s)
		b.now = start.Add(20 * time.Minute)
		b.wantError(ErrInvalid)
	})
}

func TestManager_Renew(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		b.signIn(big(2))
		renew := func() (wrote bool) {
			s := b.load()
			err := b.do(func(w http.ResponseWriter, r *http.Request) (err error) {
				wrote, err = b.Renew(w, r, s)
				return
			})
			if err != nil {
				t.Fatal(err)
			}
			return wrote
		}
		b.now = start.Add(2 * time.Hour)
		if renew() {
			t.Error("renewed before it was due")
		}
		b.now = start.Add(3 * time.Hour)
		if !renew() || renew() {
			t.Error("not renewed exactly once when due")
		}
		s := b.load()
		if !s.Seen.Equal(b.now) || s.Generation != 1 || !s.Created.Equal(start) {
			t.Error("Renew changed more than Seen")
		}
		if _, err := s.Tokens(); err != nil {
			t.Error("tokens after Renew:", err)
		}
	})
}

func TestManager_R91_Rotation(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		keys := func(secret string, old ...string) func(*Config, *engine.Site) {
			return func(c *Config, s *engine.Site) {
				edit(c, s)
				c.Secret, c.OldSecrets = secret, old
			}
		}
		one := newBench(t, keys(secretA))
		one.signIn(big(2))
		flow, _ := one.keyring.Seal(purposeFlow, "f", "", []byte("pending"), start)

		two := newBench(t, keys(secretB, secretA))
		two.cookies = one.cookies
		before := maps.Clone(two.cookies)
		if _, err := two.keyring.Open(purposeFlow, "f", "", flow, start); err != nil {
			t.Error("a pending login did not survive the rotation")
		}
		s := two.load()
		err := two.do(func(w http.ResponseWriter, r *http.Request) error {
			if wrote, err := two.Renew(w, r, s); !wrote {
				return fmt.Errorf("not sealed again: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		three := newBench(t, keys(secretB))
		three.cookies = two.cookies
		if _, err := three.load().Tokens(); err != nil {
			t.Error("tokens after the rotation:", err)
		}
		if three.config.Store == nil {
			three.cookies = before
			three.wantError(ErrInvalid)
		}
	})
}

func TestManager_R39_OtherScopeNeverOpens(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(alice())
	for name, edit := range map[string]func(*Config, *engine.Site){
		"origin": func(_ *Config, s *engine.Site) {
			s.BaseURL, _ = url.Parse("https://other.example.com")
		},
		"port": func(_ *Config, s *engine.Site) {
			s.BaseURL, _ = url.Parse("https://app.example.com:8443")
		},
		"prefix": func(_ *Config, s *engine.Site) { s.Prefix = "/admin/auth" },
		"name":   func(c *Config, _ *engine.Site) { c.CookieName = "other" },
		"secret": func(c *Config, _ *engine.Site) { c.Secret = secretB },
		// R105: another issuer or client
		"registration": func(_ *Config, s *engine.Site) {
			s.Accept = func(context.Context, engine.Login) (string, error) {
				return "", errors.New("gone")
			}
		},
	} {
		other := newBench(t, edit)
		for cookie, value := range b.cookies {
			other.cookies[strings.Replace(cookie, "__Host-sallyport", other.fullName, 1)] = value
		}
		t.Run(name, func(t *testing.T) { other.t = t; other.wantError(ErrInvalid) })
	}
}

func TestManager_R40_OtherPurposeIsNotASession(t *testing.T) {
	b := newBench(t, nil)
	plain := encoded(t, &Session{ID: "x", Created: start, Seen: start,
		Expires: start.Add(time.Hour)}, manifest{chunks: 1})
	for _, p := range []purpose{purposeDetails, purposeFlow, purposeLogout, purposeValue} {
		text, err := b.keyring.seal(p, b.identitySeal, plain, start)
		if err != nil {
			t.Fatal(err)
		}
		b.cookies["__Host-sallyport"] = text + "."
		b.wantError(ErrInvalid)
	}
	text, _ := b.keyring.seal(purposeSession, b.identitySeal, plain, start)
	b.cookies["__Host-sallyport"] = text + "."
	b.load() // control: with the session's purpose it opens
}

func TestManager_R89_R140_NothingForgedOpens(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(big(1))
	const name = "__Host-sallyport"
	good := b.cookies[name]
	refused := func(what, value string) {
		t.Helper()
		b.cookies[name] = value
		if _, err := b.Load(b.request()); err != ErrInvalid && !(value == "" && err == ErrNone) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for i := range good {
		for _, bit := range []byte{1, 2, 16} {
			c := good[i] ^ bit
			if c == ';' || c == '=' {
				continue
			}
			refused(fmt.Sprintf("byte %d flipped", i), good[:i]+string(c)+good[i+1:])
		}
		refused(fmt.Sprintf("cut to %d", i), good[:i])
	}
	for _, tail := range []string{"A", ".", "AAAA", "=", "\n"} {
		refused("appended", good+tail)
	}
	half := len(good) / 2
	refused("halves swapped", good[half:]+good[:half])
	for _, junk := range []string{"", ".", "..", "A", "A.", ".A", "%00",
		strings.Repeat("A", 4000)} {
		refused("junk", junk)
	}
	b.cookies[name] = good
	b.load()
}

func TestManager_R160_NewerFormatIsAnonymous(t *testing.T) {
	b := newBench(t, nil)
	plain := encoded(t, &Session{ID: "x", Created: start, Seen: start,
		Expires: start.Add(time.Hour)}, manifest{chunks: 1})
	plain[0] = identityFormat + 1
	text, _ := b.keyring.seal(purposeSession, b.identitySeal, plain, start)
	b.cookies["__Host-sallyport"] = text + "."
	b.wantError(ErrInvalid)
	wantKept(t, b, "newer release")
}

// wantKept checks that the session is rejected but not reported as ended, and that the log states
// the reason once.
func wantKept(t *testing.T, b *bench, reason string) {
	t.Helper()
	for range 3 {
		if _, err := b.Load(b.request()); !errors.Is(err, ErrInvalid) || errors.Is(err, ErrEnded) {
			t.Errorf("Load = %v", err)
		}
	}
	if n := strings.Count(b.log.String(), reason); n != 1 {
		t.Errorf("%q is logged %d times:\n%s", reason, n, b.log.String())
	}
}

// F17: a value of a newer release or under another secret is rejected and kept, wherever sessions
// live.
func TestManager_F17_UnusableSessionsAreKept(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		for reason, change := range map[string]func(sealed []byte){
			"newer release":  func(sealed []byte) { sealed[0] = sealVersion + 1 },
			"Session.Secret": func(sealed []byte) { sealed[1] ^= 1 },
			"clocks":         func(sealed []byte) { sealed[4] += 2 },
		} {
			b := newBench(t, edit)
			if _, gorilla := b.keeper.(gorillaKeeper); gorilla {
				continue // the cookie belongs to the store
			}
			b.signIn(alice())
			front, rest, _ := strings.Cut(b.cookies[cookieName], ".")
			sealed, err := base64.RawURLEncoding.DecodeString(front)
			if err != nil {
				t.Fatal(err)
			}
			change(sealed)
			b.cookies[cookieName] = base64.RawURLEncoding.EncodeToString(sealed) + "." + rest
			if b.lists() {
				b.cookies[cookieName] = base64.RawURLEncoding.EncodeToString(sealed)
			}
			wantKept(t, b, reason)
		}
	})
}

func TestManager_R103_EndLeavesNothing(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		b.signIn(big(4))
		b.cookies["__Host-sallyport.17"] = "leftover of an older release"
		old := maps.Clone(b.cookies)
		if err := b.do(b.End); err != nil {
			t.Fatal(err)
		}
		if len(b.cookies) > 0 {
			t.Errorf("left over: %v", slices.Sorted(maps.Keys(b.cookies)))
		}
		if err := b.do(b.End); err != nil {
			t.Error("End without a session:", err)
		}
		if b.config.Store != nil {
			b.cookies = old
			b.wantError(ErrInvalid)
		}
		// set and ended in one response
		b.cookies = map[string]string{}
		w := httptest.NewRecorder()
		r := b.request()
		if err := errors.Join(b.Start(w, r, big(3)), b.End(w, r)); err != nil {
			t.Fatal(err)
		}
		if b.keep(w); len(b.cookies) > 0 {
			t.Errorf("left over: %v", slices.Sorted(maps.Keys(b.cookies)))
		}
	})
}

func TestManager_R104_ParallelRequests(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		b.signIn(big(3))
		b.now = start.Add(5 * time.Hour)
		var wg sync.WaitGroup
		for range 50 {
			r := b.request()
			wg.Go(func() {
				s, err := b.Load(r)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := b.Renew(httptest.NewRecorder(), r, s); err != nil {
					t.Error(err)
				}
				var inner sync.WaitGroup
				for range 3 {
					inner.Go(func() {
						if _, err := s.Tokens(); err != nil {
							t.Error(err)
						}
						var claims map[string]any
						if err := s.Claims(&claims); err != nil {
							t.Error(err)
						}
					})
				}
				inner.Wait()
			})
		}
		wg.Wait()
	})
}

func TestManager_ProfileOnlyKeepsNoTokens(t *testing.T) {
	b := newBench(t, func(c *Config, _ *engine.Site) { c.ProfileOnly = true })
	b.signIn(big(3))
	if _, err := b.load().Tokens(); !errors.Is(err, ErrNoTokens) {
		t.Error(err)
	}
	if len(b.cookies) != 1 {
		t.Errorf("%d cookies", len(b.cookies))
	}
}

func TestManager_SaveNeedsASession(t *testing.T) {
	b := newBench(t, nil)
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Save(w, r, alice())
	}); err == nil {
		t.Error("saved a session that was never started")
	}
}

func TestManager_SaveAfterStartInOneResponse(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		s := big(3)
		err := b.do(func(w http.ResponseWriter, r *http.Request) error {
			if err := b.Start(w, r, s); err != nil {
				return err
			}
			s.SetTokens(Tokens{AccessToken: "short"})
			return b.Save(w, r, s)
		})
		if err != nil {
			t.Fatal(err)
		}
		if tokens, err := b.load().Tokens(); err != nil || tokens.AccessToken != "short" {
			t.Error("the later write does not win:", err)
		}
	})
}

func TestManager_R101_NothingReadable(t *testing.T) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		b := newBench(t, edit)
		s := alice()
		s.SetTokens(Tokens{AccessToken: "readable-access-token"})
		b.signIn(s)
		for _, value := range b.cookies {
			padded, _ := strictText.DecodeString(strings.ReplaceAll(value, ".", ""))
			for _, text := range []string{value, string(padded)} {
				if strings.Contains(text, "readable") || strings.Contains(text, "alice") {
					t.Error("a cookie is readable")
				}
			}
		}
	})
}

var _ sessions.Store = (*cookieStore)(nil)
