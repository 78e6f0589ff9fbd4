package session

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// memoryStore mimics third-party stores: a JSON serializer, its own cookie attributes, and an ID in
// the cookie.
type memoryStore struct {
	mu      sync.Mutex
	records map[string][]byte
	broken  error
}

func newMemoryStore() *memoryStore { return &memoryStore{records: map[string][]byte{}} }

func (m *memoryStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(m, name)
}

func (m *memoryStore) New(r *http.Request, name string) (*sessions.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gs := sessions.NewSession(m, name)
	gs.IsNew = true
	if m.broken != nil {
		return gs, m.broken
	}
	c, err := r.Cookie(name)
	if err != nil {
		return gs, nil
	}
	gs.ID = c.Value // adopts any id, as some stores do
	var values map[string]string
	if raw, ok := m.records[c.Value]; ok && json.Unmarshal(raw, &values) == nil {
		for k, v := range values {
			gs.Values[k] = v
		}
		gs.IsNew = false
	}
	return gs, nil
}

func (m *memoryStore) Save(_ *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	if gs.Options.MaxAge < 0 {
		delete(m.records, gs.ID)
		http.SetCookie(w, sessions.NewCookie(gs.Name(), "", gs.Options))
		return nil
	}
	if gs.ID == "" {
		gs.ID = strings.TrimRight(string(securecookie.GenerateRandomKey(8)), "\x00")
		gs.ID = hexOf(gs.ID)
	}
	values := map[string]string{}
	for k, v := range gs.Values {
		values[k.(string)] = v.(string)
	}
	m.records[gs.ID], _ = json.Marshal(values)
	http.SetCookie(w, &http.Cookie{Name: gs.Name(), Value: gs.ID}) // no attributes at all
	return nil
}

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func storeBench(t *testing.T, store sessions.Store) *bench {
	return newBench(t, func(c *Config, _ *engine.Site) { c.Store = store })
}

func TestGorilla_FailureIsNotAnonymous(t *testing.T) {
	store := newMemoryStore()
	b := storeBench(t, store)
	b.signIn(alice())
	store.broken = errors.New("connection refused")
	b.wantError(ErrStore)
	if err := b.do(b.End); !errors.Is(err, ErrStore) || len(b.cookies) > 0 {
		t.Errorf("End = %v, cookies %v; the cookie must be removed nevertheless", err, b.cookies)
	}
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Start(w, r, alice())
	}); !errors.Is(err, ErrStore) {
		t.Error("Start:", err)
	}
}

func TestGorilla_R92_OurAttributesWhateverTheStoreSets(t *testing.T) {
	b := storeBench(t, newMemoryStore())
	w := httptest.NewRecorder()
	if err := b.Start(w, b.request(), alice()); err != nil {
		t.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-sallyport" || !c.Secure || !c.HttpOnly || c.Path != "/" ||
		c.SameSite != http.SameSiteLaxMode || c.MaxAge <= 0 {
		t.Errorf("%+v", c)
	}
}

func TestGorilla_R88_PlantedReferenceIsNotAdopted(t *testing.T) {
	store := newMemoryStore()
	b := storeBench(t, store)
	b.cookies["__Host-sallyport"] = "planted"
	b.wantError(ErrInvalid)
	b.signIn(alice())
	if _, ok := store.records["planted"]; ok || b.cookies["__Host-sallyport"] == "planted" {
		t.Error("the store's id comes from the request")
	}
}

func TestGorilla_R104_LaterWriteIsRejected(t *testing.T) {
	b := storeBench(t, newMemoryStore())
	b.signIn(alice())
	one, two, three := b.load(), b.load(), b.load()
	one.Values["theme"] = "one"
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Save(w, r, one)
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Save(w, r, two)
	}); !errors.Is(err, ErrChanged) {
		t.Error("Save of an old copy:", err)
	}
	b.now = b.now.Add(5 * b.renewAfter)
	err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		if wrote, err := b.Renew(w, r, three); wrote || err != nil {
			t.Error("Renew of an old copy:", wrote, err)
		}
		return nil
	})
	if got := b.load().Values["theme"]; got != "one" || err != nil {
		t.Errorf("theme %q, %v", got, err)
	}
}

func TestGorilla_SaveDoesNotRestoreAnEndedSession(t *testing.T) {
	b := storeBench(t, newMemoryStore())
	b.signIn(alice())
	s := b.load()
	if err := b.do(b.End); err != nil {
		t.Fatal(err)
	}
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		return b.Save(w, r, s)
	}); !errors.Is(err, ErrInvalid) {
		t.Error("Save restored an ended session:", err)
	}
}

func TestGorilla_R93_Duplicates(t *testing.T) {
	b := storeBench(t, newMemoryStore())
	b.signIn(alice())
	good := b.cookies["__Host-sallyport"]
	for _, header := range []string{"__Host-sallyport=junk; __Host-sallyport=" + good,
		"__Host-sallyport=" + good + "; __Host-sallyport=junk"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", header)
		if _, err := b.Load(r); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
}

func TestGorilla_BuiltInStores(t *testing.T) {
	key := []byte(secretA)[:32]
	files := sessions.NewFilesystemStore(t.TempDir(), key)
	files.MaxLength(0)
	for name, store := range map[string]sessions.Store{"files": files,
		"cookies": sessions.NewCookieStore(key)} {
		t.Run(name, func(t *testing.T) {
			b := storeBench(t, store)
			s := alice()
			s.SetTokens(Tokens{AccessToken: "a.b.c"})
			b.signIn(s)
			same(t, b.load(), s)
			if err := b.do(b.End); err != nil {
				t.Fatal(err)
			}
			b.cookies["__Host-sallyport"] = "x"
			b.wantError(ErrInvalid)
		})
	}
	t.Run("missing file", func(t *testing.T) {
		b := storeBench(t, files)
		b.signIn(alice())
		old := b.cookies["__Host-sallyport"]
		if err := b.do(b.End); err != nil {
			t.Fatal(err)
		}
		b.cookies["__Host-sallyport"] = old
		b.wantError(ErrInvalid)
	})
}

func TestGorilla_StoredTextIsNotACookie(t *testing.T) {
	store := newMemoryStore()
	b := storeBench(t, store)
	b.signIn(alice())
	var values map[string]string
	for _, raw := range store.records {
		_ = json.Unmarshal(raw, &values)
	}
	other := newBench(t, nil)
	other.cookies["__Host-sallyport"] = values[storedKey]
	other.wantError(ErrInvalid)

	other.cookies = map[string]string{}
	other.signIn(alice())
	values[storedKey] = other.cookies["__Host-sallyport"] // and vice versa
	for id := range store.records {
		store.records[id], _ = json.Marshal(values)
	}
	b.wantError(ErrInvalid)
}
