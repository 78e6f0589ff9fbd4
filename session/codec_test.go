package session

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
)

func TestCodec_RoundTrip(t *testing.T) {
	c := newBench(t, nil).Codec()
	for _, value := range []any{"text", []byte("bytes"), map[string]int{"a": 1},
		struct{ A, B string }{"x", "y"}, 42} {
		text, err := c.Encode("n", value)
		if err != nil {
			t.Fatal(err)
		}
		dst := reflect.New(reflect.TypeOf(value))
		if err := c.Decode("n", text, dst.Interface()); err != nil ||
			!reflect.DeepEqual(dst.Elem().Interface(), value) {
			t.Errorf("%v decodes as %v, %v", value, dst.Elem(), err)
		}
	}
	if _, err := c.Encode("n", func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestCodec_R89_ErrorsAreSecurecookieErrors(t *testing.T) {
	b := newBench(t, nil)
	text, _ := b.Codec().Encode("n", "x")
	for what, err := range map[string]error{
		"junk":       b.Codec().Decode("n", "junk", new(string)),
		"other name": b.Codec().Decode("m", text, new(string)),
		"cut":        b.Codec().Decode("n", text[:len(text)-2], new(string)),
	} {
		var refused securecookie.Error
		if !errors.As(err, &refused) || !refused.IsDecode() || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := b.Codec().Decode("n", text, new(int)); err == nil {
		t.Error("a string decoded to an int")
	}
	b.now = start.Add(7 * 24 * time.Hour)
	if err := b.Codec().Decode("n", text, new(string)); !errors.Is(err, ErrInvalid) {
		t.Error("expired:", err) // R94
	}
}

func TestCookieStore(t *testing.T) {
	b := newBench(t, nil)
	store := b.CookieStore()
	save := func(edit func(*sessions.Session)) error {
		return b.do(func(w http.ResponseWriter, r *http.Request) error {
			gs, err := store.Get(r, "cart")
			if err != nil {
				return err
			}
			edit(gs)
			return gs.Save(r, w)
		})
	}
	for _, size := range []int{10, 9000, 10} {
		value := strings.Repeat("x", size)
		if err := save(func(gs *sessions.Session) { gs.Values["k"] = value }); err != nil {
			t.Fatal(err)
		}
		gs, err := store.New(b.request(), "cart")
		if err != nil || gs.IsNew || gs.Values["k"] != value {
			t.Fatalf("%d: %v, new %v", size, err, gs.IsNew)
		}
		if want := 1 + (size*4/3+200)/3850; len(b.cookies) != want {
			t.Errorf("%d cookies, want %d", len(b.cookies), want)
		}
	}
	err := save(func(gs *sessions.Session) { gs.Values["k"] = strings.Repeat("x", 40000) })
	if _, ok := errors.AsType[*TooLargeError](err); !ok {
		t.Error(err)
	}
	r := b.request()
	r.Header["Cookie"][0] = "__Host-cart=1.junk; " + r.Header["Cookie"][0]
	if gs, err := store.New(r, "cart"); err != nil || gs.IsNew {
		t.Error("with a junk cookie:", err) // R93
	}
	if err := save(func(gs *sessions.Session) {
		gs.Options.MaxAge = -1
	}); err != nil || len(b.cookies) > 0 {
		t.Error(err, b.cookies)
	}
	b.cookies["__Host-cart"] = "1.junk"
	if gs, err := store.New(b.request(), "cart"); err == nil || !gs.IsNew {
		t.Error("junk opens")
	}
	for _, name := range []string{"sallyport", "", "__Host-x", "a.b", "a b"} {
		if _, err := store.New(httptest.NewRequest("GET", "/", nil), name); err == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
}

func TestCodec_R40_GorillaValueIsNotASession(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(alice())
	// The session's text as a gorilla session, and vice versa.
	b.cookies["__Host-cart"] = "1." + b.cookies["__Host-sallyport"]
	if gs, err := b.CookieStore().New(b.request(), "cart"); err == nil || !gs.IsNew {
		t.Error("a session passes as a gorilla session")
	}
	text, _ := b.Codec().Encode("__Host-sallyport", "x")
	b.cookies["__Host-sallyport"] = text + "."
	b.wantError(ErrInvalid)
}

// F53: gorilla lets an application set Options to nil, in each of our stores.
func TestStores_F53_SessionWithoutOptions(t *testing.T) {
	for name, make := range map[string]func(*testing.T) (*bench, sessions.Store){
		"cookies": func(t *testing.T) (*bench, sessions.Store) {
			b := newBench(t, nil)
			return b, b.CookieStore()
		},
		"server": func(t *testing.T) (*bench, sessions.Store) {
			backend := NewMemoryBackend(MemoryLimits{}, nil)
			store := NewServerStore(backend)
			return newBench(t, func(c *Config, _ *engine.Site) {
				backend.now, c.Store = c.Now, store
			}), store
		},
	} {
		b, store := make(t)
		err := b.do(func(w http.ResponseWriter, r *http.Request) error {
			gs, err := store.New(r, "cart")
			gs.Options, gs.Values["k"] = nil, "v"
			return errors.Join(err, store.Save(r, w, gs))
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if gs, err := store.New(b.request(), "cart"); err != nil || gs.Values["k"] != "v" {
			t.Errorf("%s: %v, %v", name, gs.Values, err)
		}
	}
}
