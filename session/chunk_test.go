package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/cookies"
)

const cookieName = "__Host-sallyport"

func TestChunks_R97_SizesAndNumbers(t *testing.T) {
	for n := 1; n <= maxChunks; n++ {
		b := newBench(t, nil)
		b.signIn(big(n))
		if len(b.cookies) != n {
			t.Errorf("%d cookies, want %d", len(b.cookies), n)
		}
		if _, err := b.load().Tokens(); err != nil {
			t.Error(err)
		}
	}
	// An identity that spans chunks, with and without details.
	for _, s := range []*Session{big(2), alice()} {
		b := newBench(t, nil)
		s.Values["large"] = strings.Repeat("x", 5000)
		b.signIn(s)
		b.cookies[cookieName+".4"] = "leftover"
		same(t, b.load(), s)
	}
}

func TestChunks_R97_MixedAndDamaged(t *testing.T) {
	a, other := newBench(t, nil), newBench(t, nil)
	a.signIn(big(4))
	other.signIn(big(4))
	good := maps.Clone(a.cookies)
	chunk := func(i int) string { return chunkName(cookieName, i) }
	for name, edit := range map[string]func(){
		"first of another":  func() { a.cookies[chunk(0)] = other.cookies[chunk(0)] },
		"second of another": func() { a.cookies[chunk(1)] = other.cookies[chunk(1)] },
		"last of another":   func() { a.cookies[chunk(3)] = other.cookies[chunk(3)] },
		"first missing":     func() { delete(a.cookies, chunk(0)) },
		"middle missing":    func() { delete(a.cookies, chunk(2)) },
		"last missing":      func() { delete(a.cookies, chunk(3)) },
		"reordered": func() {
			a.cookies[chunk(1)], a.cookies[chunk(2)] = good[chunk(2)], good[chunk(1)]
		},
		"twice the same": func() { a.cookies[chunk(2)] = good[chunk(1)] },
		"cut":            func() { a.cookies[chunk(3)] = good[chunk(3)][1:] },
		"flipped": func() {
			a.cookies[chunk(2)] = flip(good[chunk(2)][0]) + good[chunk(2)][1:]
		},
	} {
		t.Run(name, func(t *testing.T) {
			a.t, a.cookies = t, maps.Clone(good)
			edit()
			a.wantError(ErrInvalid)
		})
	}
	for _, odd := range []string{".4", ".01", ".-1", ".99999999", ".5", ".x", ".", ".1.1", "1"} {
		a.t, a.cookies = t, maps.Clone(good)
		a.cookies[cookieName+odd] = "junk"
		a.load()
	}
}

func TestChunkNumber_R97_OneSpelling(t *testing.T) {
	for cookie, want := range map[string]int{"n": 0, "n.1": 1, "n.12": 12, "n.0": -1, "n.01": -1,
		"n.-1": -1, "n.": -1, "n.1x": -1,
		"n.100": -1, "n.99999999": -1, "n1": -1, "m": -1, "n..1": -1, "n.+1": -1} {
		got, ok := chunkNumber(cookie, "n")
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %d, %v", cookie, got, ok)
		}
	}
}

func TestChunks_R97_DetailsOfAnotherWriteNeverOpen(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(big(1))
	s := b.load()
	another := s.Clone()
	another.Generation++
	s.details.sealed.identity = string(encoded(t, another, manifest{}))
	if _, err := s.Tokens(); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}

func TestChunks_R97_LeftoversAreRemoved(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(big(5))
	b.signIn(big(2))
	if len(b.cookies) != 2 {
		t.Errorf("%d cookies", len(b.cookies))
	}
	b.load()
}

func TestChunks_R97_ManyCookies(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(alice())
	good := b.request().Header.Get("Cookie")
	r := b.request()
	r.Header.Set("Cookie", strings.Repeat(cookieName+"=x; ", 3000)+good)
	if _, err := b.Load(r); err != nil {
		t.Error("repeated junk:", err)
	}
	var junk strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&junk, "%s=%d; ", cookieName, i)
	}
	r.Header.Set("Cookie", junk.String()+good)
	if _, err := b.Load(r); err != nil {
		t.Error("much junk:", err)
	}
}

func TestChunks_R93_Duplicates(t *testing.T) {
	b := newBench(t, nil)
	load := func(values ...string) (*Session, error) {
		r := httptest.NewRequest("GET", "/", nil)
		for _, value := range values {
			r.Header.Add("Cookie", cookieName+"="+value)
		}
		return b.Load(r)
	}
	b.signIn(alice())
	older := b.cookies[cookieName]
	b.now = b.now.Add(time.Minute)
	bob := alice()
	bob.User.Subject = "bob"
	b.signIn(bob)
	newer := b.cookies[cookieName]

	for _, values := range [][]string{{older, newer}, {newer, older}, {"junk", newer},
		{newer, "junk"}, {newer, newer}, {"a", "b", newer}} {
		b.events = nil
		s, err := load(values...)
		if err != nil || s.User.Subject != "bob" {
			t.Errorf("%v, %v", s, err)
		}
		if len(b.events) != 1 || b.events[0].Outcome != "duplicate_cookie" ||
			!strings.Contains(b.log.String(), "duplicate") {
			t.Error("not reported")
		}
	}
	if _, err := load("junk", "more"); err != ErrInvalid {
		t.Error(err)
	}
	// Chunks of two sessions do not mix.
	b.signIn(big(2))
	r := b.request()
	r.Header["Cookie"][0] = cookieName + ".1=junk; " + r.Header["Cookie"][0]
	if _, err := b.Load(r); err != nil {
		t.Error(err)
	}
}

func TestChunks_R98_TooLargeSaysWhy(t *testing.T) {
	for kb, fits := range map[int]bool{4: true, 12: true, 40: false} {
		b := newBench(t, nil)
		s := alice()
		groups := strings.Repeat("x", kb<<10)
		if err := s.SetClaims(json.RawMessage(fmt.Sprintf(`{"sub":"1","groups":[%q]}`,
			groups))); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		err := b.Start(w, b.request(), s)
		if fits {
			if b.keep(w); err != nil {
				t.Errorf("%d KB: %v", kb, err)
			}
			b.load()
			continue
		}
		large, ok := errors.AsType[*TooLargeError](err)
		if !ok || large.Largest[0].Name != `claim "groups"` || large.Largest[0].Size < kb<<10 ||
			large.Size <= large.Limit {
			t.Errorf("%d KB: %v", kb, err)
		} else if strings.Contains(err.Error(), "xxxx") ||
			!strings.Contains(err.Error(), "Config.Store") ||
			!strings.Contains(err.Error(), fmt.Sprint(large.Limit)) ||
			!strings.Contains(err.Error(), "1048576") {
			// F24
			t.Errorf("%d KB: %v", kb, err)
		}
		if len(w.Header()) > 0 {
			t.Error("cookies were set")
		}
	}
}

func FuzzChunks(f *testing.F) {
	base, _ := url.Parse("https://app.example.com")
	b := newBench(f, nil)
	b.signIn(big(2))
	f.Add(b.request().Header.Get("Cookie"))
	f.Add(cookieName + "=a.b; " + cookieName + ".1=c; " + cookieName + "=.; " + cookieName +
		".99=;;=")
	cookies := cookies.New(base, "")
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		if s, err := b.Load(r); err == nil && s.User.Subject != alice().User.Subject ||
			(s == nil) != (err != nil) {
			t.Fatal("forged")
		}
		for name := range cookies.All(r) {
			if strings.ContainsAny(name, "=;") {
				t.Fatalf("name %q", name)
			}
		}
	})
}
