package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
)

const cookie = "__Host-sallyport"

func serverBench(t testing.TB, edit func(*Config)) (*bench, *MemoryBackend) {
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	b := newBench(t, func(c *Config, _ *engine.Site) {
		backend.now = c.Now
		c.Store = NewServerStore(backend)
		if edit != nil {
			edit(c)
		}
	})
	return b, backend
}

// A brokenBackend counts its calls, and returns err if it is set.
type brokenBackend struct {
	Backend
	mu    sync.Mutex
	err   error
	calls int
}

// fail sets the error of all calls; nil means that they succeed.
func (b *brokenBackend) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *brokenBackend) asked() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	return b.err
}

func (b *brokenBackend) Get(ctx context.Context, k Key) (Record, error) {
	if err := b.asked(); err != nil {
		return Record{}, err
	}
	return b.Backend.Get(ctx, k)
}

func (b *brokenBackend) Put(ctx context.Context, k Key, r Record, c Condition) error {
	if err := b.asked(); err != nil {
		return err
	}
	return b.Backend.Put(ctx, k, r, c)
}

func (b *brokenBackend) Delete(ctx context.Context, k Key) error {
	if err := b.asked(); err != nil {
		return err
	}
	return b.Backend.Delete(ctx, k)
}

func (b *brokenBackend) List(ctx context.Context, owner string) ([]Record, error) {
	if err := b.asked(); err != nil {
		return nil, err
	}
	return b.Backend.List(ctx, owner)
}

// R100: an unavailable backend means unknown, not signed out.
func TestServerStore_R100_BackendUnavailable(t *testing.T) {
	broken := &brokenBackend{Backend: NewMemoryBackend(MemoryLimits{}, nil)}
	b := newBench(t, func(c *Config, _ *engine.Site) { c.Store = NewServerStore(broken) })
	b.signIn(alice())
	before := maps.Clone(b.cookies)
	broken.fail(errors.New("connection refused"))
	b.wantError(ErrStore)
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Start(w, r, alice())
	}); !errors.Is(err, ErrStore) || !maps.Equal(b.cookies, before) {
		t.Errorf("Start: %v; cookies changed: %v", err, !maps.Equal(b.cookies, before))
	}
	if err := b.do(b.End); !errors.Is(err, ErrStore) || len(b.cookies) > 0 {
		t.Errorf("End = %v, cookies %v; the cookie must be removed nevertheless", err, b.cookies)
	}
	if _, err := b.List(t.Context(), alice()); !errors.Is(err, ErrStore) {
		t.Error("List:", err)
	}
	broken.fail(nil)
	b.cookies = before
	b.load() // unchanged
}

// R99: forged references cause no store lookup, whatever they contain.
func TestServerStore_R99_ReferencesAreCheckedFirst(t *testing.T) {
	counting := &brokenBackend{Backend: NewMemoryBackend(MemoryLimits{}, nil)}
	b := newBench(t, func(c *Config, _ *engine.Site) { c.Store = NewServerStore(counting) })
	b.signIn(alice())
	good := b.cookies[cookie]
	other := newBench(t, func(c *Config, s *engine.Site) {
		c.Store = NewServerStore(counting)
		s.Prefix = "/other"
	})
	other.signIn(alice())
	counting.calls = 0
	for _, bad := range []string{"", "x", "../../etc/passwd", "*", "a\x00b",
		strings.Repeat("A", 1<<20), good[:len(good)-1], good + "A", good[1:],
		strings.ToUpper(good), other.cookies[cookie]} {
		r := b.request()
		r.Header.Set("Cookie", cookie+"="+bad)
		if _, err := b.Load(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	for i := range good {
		r := b.request()
		r.Header.Set("Cookie", cookie+"="+good[:i]+flip(good[i])+good[i+1:])
		if _, err := b.Load(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
	if counting.calls != 0 {
		t.Errorf("the backend was asked %d times", counting.calls)
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// R99, R101: the backend sees only hashes and sealed text.
func TestServerStore_R99_BackendLearnsNothing(t *testing.T) {
	b, backend := serverBench(t, nil)
	s := alice()
	s.SID = "the provider's name for it"
	s.SetTokens(Tokens{AccessToken: "an access token"})
	b.signIn(s)
	for key, record := range backend.records.All(b.now) {
		text := fmt.Sprint(key, record)
		for _, secret := range []string{s.ID, s.User.Subject, s.User.Name, s.User.Email,
			"access token", s.SID, b.cookies[cookie]} {
			if strings.Contains(text, secret) {
				t.Errorf("the backend has %q: %s", secret, text)
			}
		}
	}
	if len(b.cookies[cookie]) > 150 {
		t.Errorf("the reference takes %d bytes", len(b.cookies[cookie]))
	}
}

// A writer of the backend cannot sign in: a record moved to another session's key is rejected.
func TestServerStore_MovedRecords(t *testing.T) {
	b, backend := serverBench(t, nil)
	alices := b.login(b.newSession("alice", ""))
	mallorys := b.login(b.newSession("mallory", ""))
	stored := maps.Collect(backend.records.All(b.now))
	keys := slices.Collect(maps.Keys(stored))
	for i, key := range keys {
		other := stored[keys[1-i]]
		record := Record{Version: other.version, Data: other.data, TTL: time.Hour}
		if err := backend.Put(t.Context(), key, record, Always); err != nil {
			t.Fatal(err)
		}
	}
	if b.alive(alices) || b.alive(mallorys) {
		t.Error("a moved record was accepted")
	}
}

// R96, R104: of two writers that read the same version, the second gets an error.
func TestServerStore_R96_OlderNeverOverwritesNewer(t *testing.T) {
	b, _ := serverBench(t, nil)
	b.signIn(alice())
	one, two, three := b.load(), b.load(), b.load()
	save := func(s *Session, theme string) error {
		s.Values["theme"] = theme
		return b.do(func(w http.ResponseWriter, r *http.Request) error { return b.Save(w, r, s) })
	}
	if err := save(one, "one"); err != nil {
		t.Fatal(err)
	}
	if err := save(two, "two"); !errors.Is(err, ErrChanged) || errors.Is(err, ErrStore) {
		t.Error("Save of an old copy:", err)
	}
	b.now = b.now.Add(5 * b.renewAfter)
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		wrote, err := b.Renew(w, r, three)
		if wrote {
			t.Error("Renew of an old copy wrote")
		}
		return err
	}); err != nil {
		t.Error("Renew of an old copy:", err)
	}
	if got := b.load(); got.Values["theme"] != "one" || got.Generation != 2 {
		t.Errorf("theme %q, generation %d", got.Values["theme"], got.Generation)
	}
	if err := save(one, "again"); err != nil { // a saved session can be saved again
		t.Error(err)
	}
}

// A request in progress does not restore a session that has ended.
func TestServerStore_RequestsDoNotRestoreAnEndedSession(t *testing.T) {
	b, backend := serverBench(t, nil)
	b.signIn(alice())
	saved, renewed := b.load(), b.load()
	cookies := maps.Clone(b.cookies)
	if err := b.do(b.End); err != nil {
		t.Fatal(err)
	}
	b.now = b.now.Add(5 * b.renewAfter)
	b.cookies = cookies
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Save(w, r, saved)
	}); !errors.Is(err, ErrInvalid) {
		t.Error("Save:", err)
	}
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.Renew(w, r, renewed)
		return err
	}); !errors.Is(err, ErrInvalid) {
		t.Error("Renew:", err)
	}
	if backend.Len() != 0 {
		t.Error("the record was restored")
	}
}

// R98: a store accepts sessions too large for cookies, up to a limit.
func TestServerStore_R98_Sizes(t *testing.T) {
	b, _ := serverBench(t, nil)
	s := alice()
	s.SetTokens(Tokens{AccessToken: strings.Repeat("a!", 100<<10)})
	b.signIn(s)
	if tokens, err := b.load().Tokens(); err != nil || len(tokens.AccessToken) != 200<<10 ||
		len(b.cookies) != 1 {
		t.Errorf("%d bytes, %v, %d cookies", len(tokens.AccessToken), err, len(b.cookies))
	}
	before := maps.Clone(b.cookies)
	s.SetTokens(Tokens{AccessToken: strings.Repeat("a!", 1<<20)})
	err := b.do(func(w http.ResponseWriter, r *http.Request) error { return b.Start(w, r, s) })
	if large, ok := errors.AsType[*TooLargeError](err); !ok ||
		large.Largest[0].Name != "access token" {
		t.Errorf("two megabytes: %v", err)
	}
	if !b.alive(before) {
		t.Error("the previous session has ended")
	}
}

// R91: the newest secret seals the reference again, too.
func TestServerStore_R91_Rotation(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	with := func(secret string, old ...string) *bench {
		return newBench(t, func(c *Config, _ *engine.Site) {
			backend.now = c.Now
			c.Secret, c.OldSecrets, c.Store = secret, old, NewServerStore(backend)
		})
	}
	one := with(secretA)
	one.signIn(alice())
	two := with(secretB, secretA)
	two.cookies = maps.Clone(one.cookies)
	if err := two.do(func(w http.ResponseWriter, r *http.Request) error {
		wrote, err := two.Renew(w, r, two.load())
		if !wrote {
			t.Error("it was not sealed again")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	// The record is sealed under the new secret; the reference of a browser that missed the
	// response is not.
	late := with(secretB, secretA)
	late.cookies = one.cookies
	if wrote, err := late.Renew(httptest.NewRecorder(), late.request(), late.load()); !wrote ||
		err != nil {
		t.Errorf("an old reference to a new record: written %v, %v", wrote, err)
	}
	three := with(secretB)
	three.cookies = two.cookies
	three.load()
	if again, err := three.Renew(nil, nil, three.load()); again || err != nil {
		t.Errorf("it was sealed a second time: %v", err)
	}
}

// R160, F8: a reference without the provider's name opens, and the provider's mark ends it.
func TestServerStore_R160_F8_ReferenceWithoutProvider(t *testing.T) {
	b, _ := serverBench(t, nil)
	b.signIn(alice())
	ref, _, _ := b.openReference(b.cookies[cookie], b.now)
	plain := append([]byte{referenceFormat1}, ref.id[:]...)
	plain = append(append(plain, ref.user[:]...), ref.sid[:]...)
	text, err := b.keyring.seal(purposeReference, b.referenceSeal, plain, b.now)
	if err != nil {
		t.Fatal(err)
	}
	older := map[string]string{cookie: text}
	if !b.alive(older) {
		t.Error("it does not open")
	}
	r := Revocation{Keys: []RevocationKey{ref.provider}, Keep: time.Hour}
	if _, err := b.config.Revocations.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if b.alive(older) || b.alive(b.cookies) {
		t.Error("a session is active although all sessions of its provider have ended")
	}
}

// R160
func TestServerStore_R160_NewerReferenceIsAnonymous(t *testing.T) {
	b, _ := serverBench(t, nil)
	b.signIn(alice())
	ref, _, _ := b.openReference(b.cookies[cookie], b.now)
	for format, want := range map[byte]error{referenceFormat: nil, referenceFormat +
		1: ErrInvalid} {
		plain := append([]byte{format}, ref.id[:]...)
		plain = append(append(plain, ref.user[:]...), ref.sid[:]...)
		text, err := b.keyring.seal(purposeReference, b.referenceSeal, plain, b.now)
		if err != nil {
			t.Fatal(err)
		}
		r := b.request()
		r.Header.Set("Cookie", cookie+"="+text)
		if _, err := b.Load(r); !errors.Is(err, want) {
			t.Errorf("format %d: %v", format, err)
		}
	}
}

func TestMemoryBackend_EvictsLongestIdleFirst(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{Records: 3}, nil)
	b := newBench(t, func(c *Config, _ *engine.Site) {
		backend.now = c.Now
		c.Store = NewServerStore(backend)
	})
	var browsers []map[string]string
	for i := range 3 {
		browsers = append(browsers, b.login(b.newSession(fmt.Sprint(i), "")))
		b.now = b.now.Add(time.Second)
	}
	if !b.alive(browsers[0]) { // this is a use: now session 1 has been idle longest
		t.Fatal("session 0 was evicted too early")
	}
	browsers = append(browsers, b.login(b.newSession("3", "")))
	for i, want := range []bool{true, false, true, true} {
		if got := b.alive(browsers[i]); got != want {
			t.Errorf("session %d is alive: %v, want %v", i, got, want)
		}
	}
	if len(b.events) != 1 || b.events[0].Outcome != "evicted" || b.events[0].Count != 1 ||
		b.events[0].Kind != "session" {
		t.Errorf("events %+v", b.events)
	}
	b.now = b.now.Add(25 * time.Hour) // all have expired: dropping them is not an eviction
	b.login(b.newSession("4", ""))
	if len(b.events) != 1 || backend.Len() != 1 {
		t.Errorf("events %+v, %d records", b.events, backend.Len())
	}
}

func TestMemoryBackend_BytesAreBounded(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{Bytes: 100 << 10}, nil)
	for i := range 1000 {
		record := Record{Version: 1, Data: strings.Repeat("x", 1000), TTL: time.Hour}
		if err := backend.Put(t.Context(), Key{"o", fmt.Sprint(i)}, record, IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	if n := backend.Len(); n > 100 || n < 50 || backend.takeEvicted() != 1000-n ||
		backend.takeEvicted() != 0 {
		t.Errorf("%d records of a kilobyte in 100 KiB", n)
	}
	huge := Record{Version: 1, Data: strings.Repeat("x", 200<<10), TTL: time.Hour}
	if err := backend.Put(t.Context(), Key{"o", "huge"}, huge, IfAbsent); err != nil ||
		backend.Len() != 1 {
		t.Errorf("a record above the limit: %v, %d records", err, backend.Len())
	}
}

func TestServerStore_AsGorillaStore(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	store := NewServerStore(backend)
	if _, err := store.New(httptest.NewRequest("GET", "/", nil), "cart"); err == nil {
		t.Error("it works without keys")
	}
	b := newBench(t, func(c *Config, _ *engine.Site) { backend.now = c.Now; c.Store = store })
	b.signIn(alice())
	var own sessions.Store = store
	err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		cart, err := own.Get(r, "cart")
		if err != nil || !cart.IsNew {
			t.Errorf("at first: new %v, %v", cart.IsNew, err)
		}
		cart.Values["items"] = 3
		return sessions.Save(r, w)
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (*sessions.Session, error) { return own.New(b.request(), "cart") }
	if cart, err := read(); err != nil || cart.IsNew || cart.Values["items"] != 3 {
		t.Errorf("after saving: %v, %v", cart.Values, err)
	}
	b.load() // the sign-in session is separate
	if _, err := own.New(b.request(), "sallyport"); err == nil {
		t.Error("the name of the session cookie was accepted")
	}
	id := b.cookies["__Host-cart"]
	b.cookies["__Host-wish"] = id // under another name
	if _, err := own.New(b.request(), "wish"); err == nil {
		t.Error("the reference of another session opens")
	}
	err = b.do(func(w http.ResponseWriter, r *http.Request) error {
		cart, err := own.New(r, "cart")
		cart.Options.MaxAge = -1
		return errors.Join(err, own.Save(r, w, cart))
	})
	if b.cookies["__Host-cart"] = id; err != nil {
		t.Error(err)
	}
	if cart, err := read(); err == nil || !cart.IsNew {
		t.Errorf("after its end: %v, %v", cart.Values, err)
	}
}

// F8: a user's sign-ins evict only the oldest sessions of that user.
func TestMemoryBackend_F8_OneUsersSignIns(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{Records: 1000}, nil)
	b := newBench(t, func(c *Config, _ *engine.Site) {
		backend.now = c.Now
		c.Store = NewServerStore(backend)
	})
	var others []map[string]string
	for i := range 500 {
		others = append(others, b.login(b.newSession(fmt.Sprint("user ", i), "")))
	}
	var own []map[string]string
	for range 2000 {
		own = append(own, b.login(b.newSession("busy", "")))
	}
	for i, cookies := range others {
		if !b.alive(cookies) {
			t.Fatalf("the session of user %d was evicted", i)
		}
	}
	if b.alive(own[len(own)-1-defaultPerUser]) || !b.alive(own[len(own)-defaultPerUser]) {
		t.Errorf("the busy user does not have the last %d sessions", defaultPerUser)
	}
	if entries, err := b.List(t.Context(), b.newSession("busy", "")); err != nil ||
		len(entries) != defaultPerUser {
		t.Errorf("%d sessions are listed: %v", len(entries), err)
	}
}
