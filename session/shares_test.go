package session

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// F8: a tenant whose provider ends endless made-up sessions fills no memory, takes none from
// others, and loses no mark: when they collapse, all its sessions until then have ended.
func TestMemoryRevocations_F8_OneProviderCollapses(t *testing.T) {
	everywhere := map[string]func(*Config){
		"cookies": func(*Config) {}, "store": func(c *Config) {
			c.Store = NewServerStore(NewMemoryBackend(MemoryLimits{}, c.Now))
		},
	}
	for name, keep := range everywhere {
		t.Run(name, func(t *testing.T) {
			v := NewMemoryRevocations(nil).(*memoryRevocations)
			v.limit = 1000
			b := newBench(t, func(c *Config, _ *engine.Site) {
				v.now = c.Now
				keep(c)
				c.Revocations = v
			})
			user := func(provider, subject string) *Session {
				s := b.newSession(subject, "sid of "+subject)
				s.Provider = provider
				return s
			}
			quiet, noisy := b.login(user("quiet", "alice")), b.login(user("noisy", "bob"))
			ended := b.login(user("quiet", "carol"))
			end := func(provider, sid string) {
				t.Helper()
				l := engine.ProviderLogout{
					Provider: provider, Issuer: "https://op.example", SID: sid, IssuedAt: b.now,
				}
				if err := b.EndProviderSessions(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			end("quiet", "sid of carol")
			for i := range 400 {
				end("noisy", fmt.Sprint("made up ", i))
			}
			if !b.alive(quiet) || !b.alive(noisy) || b.alive(ended) {
				t.Error("below the limit, other sessions than the named ones have ended")
			}
			for i := range 5000 {
				end("noisy", fmt.Sprint("more ", i))
				if len(v.marks) > v.limit {
					t.Fatalf("%d marks are kept", len(v.marks))
				}
			}
			if !b.alive(quiet) || b.alive(ended) {
				t.Error("the collapse affects another provider")
			}
			if b.alive(noisy) {
				t.Error("the marks of the noisy provider were dropped without a replacement")
			}
			if !b.alive(b.login(user("noisy", "dave"))) {
				t.Error("a login after the collapse has ended")
			}
		})
	}
}

// F8: many providers together do not exceed the limit either.
func TestMemoryRevocations_F8_ManyProviders(t *testing.T) {
	v := NewMemoryRevocations(nil).(*memoryRevocations)
	v.limit = 1000
	b := newBench(t, func(c *Config, _ *engine.Site) { v.now = c.Now; c.Revocations = v })
	for i := range 5000 {
		s := b.newSession("user", fmt.Sprint(i))
		s.Provider = fmt.Sprint("tenant ", i%50)
		if err := b.EndAll(t.Context(),
			&Session{Provider: s.Provider,
				User: User{Issuer: "i", Subject: fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
		if len(v.marks) > v.limit {
			t.Fatalf("%d marks are kept", len(v.marks))
		}
	}
	if err := b.End(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)); err != nil {
		t.Error(err)
	}
}

// A mark and its owner survive packing.
func TestKeptMark_F8_Owner(t *testing.T) {
	for _, owner := range []uint32{noOwner, 1, 0xfff, 0x1000, 0xabcdef, 1<<ownerBits - 1} {
		for _, m := range []Mark{{}, {All: 1<<52 - 1}, {Some: 1<<52 - 1, Before: 1<<32 - 1},
			{All: 1, Some: 2, Before: 3}} {
			if k := keep(m, owner); k.mark() != m || k.owner() != owner {
				t.Errorf("%+v of %d unpacks as %+v of %d", m, owner, k.mark(), k.owner())
			}
		}
	}
}
