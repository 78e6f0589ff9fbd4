package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// junk returns cookies that another host may set under our names.
func junk() map[string][]string {
	many := func(n int, cookie func(i int) string) (all []string) {
		for i := range n {
			all = append(all, cookie(i))
		}
		return all
	}
	sealed := func(i int) string { return fmt.Sprintf("AQ%06d%s", i, strings.Repeat("A", 400)) }
	return map[string][]string{
		"one":   {cookieName + "=junk"},
		"fifty": many(50, func(i int) string { return fmt.Sprintf("%s=%d", cookieName, i) }),
		"looks ours": many(50, func(i int) string {
			return cookieName + "=" + sealed(i) + "." + sealed(i)
		}),
		"40 KB": many(12, func(i int) string {
			return fmt.Sprintf("%s=%d%s", cookieName, i, strings.Repeat("x", 3500))
		}),
		"each chunk": many(40, func(i int) string {
			return fmt.Sprintf("%s=%s", chunkName(cookieName, i%5), sealed(i))
		}),
		"every number": many(100, func(i int) string {
			return fmt.Sprintf("%s=%s", chunkName(cookieName, i), sealed(i))
		}),
		"long chunks": many(20, func(i int) string {
			return fmt.Sprintf("%s=%s", chunkName(cookieName, 1+i%4), strings.Repeat("A", 3700))
		}),
	}
}

// among returns requests with the browser's cookies at each position among others.
func (b *bench) among(others []string) map[string]*http.Request {
	own := b.request().Header.Get("Cookie")
	all := map[string]*http.Request{}
	half := len(others) / 2
	for place, header := range map[string][]string{
		"first":      append([]string{own}, others...),
		"last":       append(append([]string{}, others...), own),
		"in between": append(append(append([]string{}, others[:half]...), own), others[half:]...),
	} {
		r := httptest.NewRequest("GET", "https://app.example.com/", nil)
		r.Header.Set("Cookie", strings.Join(header, "; "))
		all[place] = r
	}
	return all
}

// F12: junk cookies neither sign the user out nor prevent a sign-out from reaching the store.
func TestJunk_F12_SessionIsFoundAndEnded(t *testing.T) {
	for name, others := range junk() {
		for size, s := range map[string]func() *Session{"small": alice,
			"five cookies": func() *Session {
				return big(5)
			}, "long identity": longIdentity} {
			revocable(t, func(t *testing.T, b *bench) {
				for place := range b.among(others) {
					b.signIn(s())
					copied := maps.Clone(b.cookies)
					r := b.among(others)[place]
					if got, err := b.Load(r); err != nil {
						t.Errorf("%s, %s %s: %v", name, size, place, err)
					} else if _, err := got.Tokens(); err != nil && !errors.Is(err, ErrNoTokens) {
						t.Errorf("%s, %s %s: tokens: %v", name, size, place, err)
					}
					if err := b.End(httptest.NewRecorder(), r); err != nil {
						t.Errorf("%s, %s %s: End: %v", name, size, place, err)
					}
					if b.alive(copied) {
						t.Errorf("%s, %s %s: the sign-out did not reach the store", name,
							size, place)
					}
				}
			})
		}
	}
}

func longIdentity() *Session {
	s := big(2)
	s.Values["large"] = strings.Repeat("x", 5000)
	return s
}

// F12: chunks of an earlier write of the same session are junk, too.
func TestJunk_F12_OlderPieces(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(big(4))
	var older []string
	for name, value := range b.cookies {
		older = append(older, name+"="+value)
	}
	b.now = b.now.Add(time.Minute)
	b.signIn(big(4))
	for place, r := range b.among(older) {
		s, err := b.Load(r)
		if err != nil || !s.Seen.Equal(b.now) {
			t.Errorf("%s: %v, %v", place, s, err)
			continue
		}
		if _, err := s.Tokens(); err != nil {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// F12: a sign-out ends every session that the request carries.
func TestJunk_F12_EverySessionEnds(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		var browsers []map[string]string
		var others []string
		for i := range 30 {
			browsers = append(browsers, b.login(b.newSession(fmt.Sprint("user", i), "")))
			others = append(others, cookieName+"="+browsers[i][cookieName])
		}
		b.cookies = browsers[0]
		if err := b.End(httptest.NewRecorder(),
			b.among(append(junk()["fifty"], others...))["last"]); err != nil {
			t.Fatal(err)
		}
		for i, cookies := range browsers {
			if b.alive(cookies) {
				t.Errorf("session %d is still active", i)
			}
		}
	})
}

// F12: a revoked session beside a valid one does not hide it, and is no reason to remove cookies.
func TestJunk_F12_EndedBesideValid(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		valid := b.login(b.newSession("alice", ""))
		b.now = b.now.Add(time.Minute)
		ended := b.login(b.newSession("bob", ""))
		b.cookies = maps.Clone(ended)
		if err := b.do(b.End); err != nil {
			t.Fatal(err)
		}
		b.cookies = valid
		for place, r := range b.among([]string{cookieName + "=" + ended[cookieName]}) {
			if s, err := b.Load(r); err != nil || s.User.Subject != "alice" {
				t.Errorf("%s: %v, %v", place, s, err)
			}
		}
		b.cookies = ended
		for place, r := range b.among(junk()["looks ours"]) {
			if _, err := b.Load(r); !errors.Is(err, ErrInvalid) || errors.Is(err, ErrEnded) {
				t.Errorf("%s: %v: cookies that do not open would be removed with the ended session",
					place, err)
			}
		}
	})
}

// F12: the application's own sessions are found among junk, too.
func TestJunk_F12_OwnSessions(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	server := NewServerStore(backend)
	b := newBench(t, func(c *Config, _ *engine.Site) { c.Store, backend.now = server, c.Now })
	for name, store := range map[string]sessions.Store{"cookies": b.CookieStore(),
		"server store": server} {
		for size, n := range map[string]int{"small": 1, "large": 9000} {
			gs := sessions.NewSession(store, "cart")
			gs.Values["text"] = strings.Repeat("x", n)
			b.cookies = map[string]string{}
			if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
				return store.Save(r, w, gs)
			}); err != nil {
				t.Fatal(err)
			}
			for kind, others := range junk() {
				var renamed []string
				for _, cookie := range others {
					renamed = append(renamed, strings.Replace(cookie, cookieName, "__Host-cart", 1))
				}
				for place, r := range b.among(renamed) {
					if got, err := store.New(r, "cart"); err != nil || got.IsNew ||
						got.Values["text"] != gs.Values["text"] {
						t.Errorf("%s: %s, %s %s: %v", name, size, kind, place, err)
					}
				}
			}
		}
	}
}

// F12: only cookies sealed by us cause store lookups.
func TestJunk_F12_CausesNoLookups(t *testing.T) {
	counted := &countingBackend{Backend: NewMemoryBackend(MemoryLimits{}, nil)}
	b := newBench(t, func(c *Config, _ *engine.Site) { c.Store = NewServerStore(counted) })
	b.signIn(alice())
	counted.gets = 0
	for _, others := range junk() {
		for range 3 {
			if _, err := b.Load(b.among(append(others,
				cookieName+"="+b.cookies[cookieName]))["last"]); err != nil {
				t.Error(err)
			}
		}
	}
	if want := 3 * len(junk()); counted.gets != want {
		t.Errorf("%d lookups, want %d", counted.gets, want)
	}
}

type countingBackend struct {
	Backend
	gets int
}

func (c *countingBackend) Get(ctx context.Context, key Key) (Record, error) {
	c.gets++
	return c.Backend.Get(ctx, key)
}
