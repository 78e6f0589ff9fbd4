package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

func (b *bench) loginFrom(userAgent string, s *Session) map[string]string {
	b.t.Helper()
	b.cookies = map[string]string{}
	if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
		r.Header.Set("User-Agent", userAgent)
		return b.Start(w, r, s)
	}); err != nil {
		b.t.Fatal(err)
	}
	return b.cookies
}

func TestList(t *testing.T) {
	b, _ := serverBench(t, nil)
	phone := b.loginFrom("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 "+
		"Version/18.0 Mobile/15E148 Safari/604.1", b.newSession("alice", ""))
	b.now = b.now.Add(time.Minute)
	desk := b.loginFrom("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		b.newSession("alice", ""))
	bobs := b.loginFrom("curl/8.0", b.newSession("bob", ""))
	b.cookies = desk
	me := b.load()
	list := func() []Entry {
		t.Helper()
		entries, err := b.List(t.Context(), me)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	entries := list()
	if len(entries) != 2 || entries[0].Device != "Firefox on Linux" || !entries[0].Current ||
		entries[1].Device != "Safari on iPhone" || entries[1].Current {
		t.Fatalf("%+v", entries)
	}
	if e := entries[1]; !e.Created.Equal(start) || !e.Seen.Equal(start) ||
		!e.Expires.Equal(start.Add(7*24*time.Hour)) || e.Handle == "" ||
		e.Handle == entries[0].Handle {
		t.Errorf("%+v", e)
	}
	// A handle of another user's session, or an unknown one, ends nothing.
	b.cookies = bobs
	bob := b.load()
	for _, of := range []*Session{bob, me} {
		for _, handle := range []string{entries[1].Handle + "x", "", "../x"} {
			if err := b.EndOne(t.Context(), of, handle); err != nil {
				t.Error(err)
			}
		}
	}
	if err := b.EndOne(t.Context(), bob, entries[1].Handle); err != nil || !b.alive(phone) {
		t.Errorf("bob ended alice's session: %v", err)
	}
	if err := b.EndOne(t.Context(), me, entries[1].Handle); err != nil || b.alive(phone) ||
		!b.alive(desk) || len(list()) != 1 {
		t.Errorf("%v; phone %v, desk %v", err, b.alive(phone), b.alive(desk))
	}
	// Expired sessions are not listed.
	b.now = b.now.Add(25 * time.Hour)
	if entries := list(); len(entries) != 0 {
		t.Errorf("%+v", entries)
	}
}

func TestEndAll_ClearsTheStore(t *testing.T) {
	b, backend := serverBench(t, nil)
	for i := range 5 {
		b.login(b.newSession("alice", fmt.Sprint(i)))
	}
	b.login(b.newSession("bob", ""))
	if err := b.EndAll(t.Context(), b.newSession("alice", "")); err != nil || backend.Len() != 1 {
		t.Errorf("%v; %d records", err, backend.Len())
	}
}

// A session that the provider has ended is not listed, although its record still exists.
func TestList_OmitsRevokedSessions(t *testing.T) {
	b, _ := serverBench(t, nil)
	b.login(b.newSession("alice", "s1"))
	b.login(b.newSession("alice", "s2"))
	err := b.EndProviderSessions(t.Context(), engine.ProviderLogout{
		Provider: "op", Issuer: "https://op.example", SID: "s1", IssuedAt: b.now,
	})
	entries, listErr := b.List(t.Context(), b.newSession("alice", ""))
	if err := errors.Join(err, listErr); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// A careless backend lists the records of all users.
type careless struct{ *MemoryBackend }

func (c careless) List(context.Context, string) (all []Record, _ error) {
	for _, record := range c.records.All(c.now()) {
		all = append(all, Record{Version: record.version, Data: record.data})
	}
	return all, nil
}

// The backend's owners are not trusted: the sealed session determines its user.
func TestList_OwnersAreChecked(t *testing.T) {
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	b := newBench(t, func(c *Config, _ *engine.Site) {
		backend.now = c.Now
		c.Store, c.Revocations = NewServerStore(careless{backend}), NewMemoryRevocations(c.Now)
	})
	bobs := b.login(b.newSession("bob", ""))
	b.login(b.newSession("alice", ""))
	alice := b.newSession("alice", "")
	entries, err := b.List(t.Context(), alice)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if err := b.EndAll(t.Context(), alice); err != nil || !b.alive(bobs) {
		t.Errorf("%v; bob's session is active: %v", err, b.alive(bobs))
	}
}

func TestList_NeedsAServerStore(t *testing.T) {
	for name, edit := range map[string]func(*Config, *engine.Site){"cookies": nil,
		"gorilla": func(c *Config, _ *engine.Site) {
			c.Store = newMemoryStore()
		}} {
		b := newBench(t, edit)
		_, err := b.List(t.Context(), alice())
		if !errors.Is(err, ErrNoList) || !errors.Is(b.EndOne(t.Context(), alice(), "x"),
			ErrNoList) || b.lists() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDevice(t *testing.T) {
	var got []string
	for _, userAgent := range []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like " +
			"Gecko) Version/18.0 Safari/605.1.15",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/140.0.0.0 Mobile Safari/537.36",
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
			"FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) " +
			"Chrome/140.0.0.0 Safari/537.36",
		"curl/8.5.0", "", "Linux", "<script>Firefox/1",
	} {
		got = append(got, device(userAgent))
	}
	want := []string{"Edge on Windows", "Safari on Mac", "Chrome on Android", "Firefox on iPad",
		"Chrome on ChromeOS", "", "", "Linux", "Firefox"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
