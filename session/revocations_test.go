package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/ratio"
)

// revocable runs a test with revocations, for each place where sessions live.
func revocable(t *testing.T, test func(t *testing.T, b *bench)) {
	eachKeeper(t, func(t *testing.T, edit func(*Config, *engine.Site)) {
		test(t, newBench(t, func(c *Config, s *engine.Site) {
			edit(c, s)
			c.Revocations = NewMemoryRevocations(c.Now)
		}))
	})
}

// newSession returns the session of a login that has just finished.
func (b *bench) newSession(subject, sid string) *Session {
	epoch, err := b.Epoch(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return &Session{Provider: "op", User: User{Issuer: "https://op.example", Subject: subject},
		SID: sid, Issued: b.now, Epoch: epoch}
}

// alive reports whether a browser with these cookies is signed in.
func (b *bench) alive(cookies map[string]string) bool {
	b.t.Helper()
	before := b.cookies
	defer func() { b.cookies = before }()
	b.cookies = cookies
	_, err := b.Load(b.request())
	if err != nil && !errors.Is(err, ErrInvalid) {
		b.t.Fatal(err)
	}
	return err == nil
}

// login signs in with a fresh browser and returns its cookies.
func (b *bench) login(s *Session) map[string]string {
	b.t.Helper()
	b.cookies = map[string]string{}
	b.signIn(s)
	return b.cookies
}

// R95: a copy of the cookie is rejected after the logout.
func TestRevocations_R95_CopyAfterLogout(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		b.signIn(b.newSession("alice", ""))
		copied := maps.Clone(b.cookies)
		other := b.login(b.newSession("alice", ""))
		b.cookies = maps.Clone(copied)
		if err := b.do(b.End); err != nil {
			t.Fatal(err)
		}
		if b.alive(copied) {
			t.Error("the copy is still accepted")
		}
		if !b.alive(other) {
			t.Error("another session of the user has ended, too")
		}
	})
}

// R95, F16: without revocations, a process remembers the sign-outs that it handled. Other processes
// do not, as documented.
func TestRevocations_R95_CookiesAlone(t *testing.T) {
	b := newBench(t, nil)
	b.signIn(b.newSession("alice", ""))
	copied := maps.Clone(b.cookies)
	other := newBench(t, nil)
	if err := b.do(b.End); err != nil || b.alive(copied) {
		t.Errorf("%v; alive: %v", err, b.alive(copied))
	}
	if !other.alive(copied) {
		t.Error("another process rejects the copy")
	}
	if err := b.EndAll(t.Context(), b.newSession("alice", "")); !errors.Is(err, ErrNoRevocations) {
		t.Errorf("EndAll = %v", err)
	}
	if err := b.EndProviderSessions(t.Context(), engine.ProviderLogout{}); !errors.Is(err,
		ErrNoRevocations) || b.Revocable() {
		t.Errorf("EndProviderSessions = %v", err)
	}
}

// R88, R96: another sign-in, as for step-up, invalidates the previous session, including copies of
// its cookies.
func TestRevocations_R96_OldCookieAfterStepUp(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		b.signIn(b.newSession("alice", ""))
		old := maps.Clone(b.cookies)
		b.signIn(b.newSession("alice", ""))
		if b.alive(old) {
			t.Error("the old cookies are still accepted")
		}
		if !b.alive(b.cookies) {
			t.Error("the new cookies are rejected")
		}
	})
}

// R118, R37, R38: a provider's logout ends exactly the sessions it names.
func TestRevocations_R118_ExactlyTheRightSessions(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		login := func(change func(*Session)) map[string]string {
			s := b.newSession("alice", "s1")
			change(s)
			return b.login(s)
		}
		browsers := map[string]map[string]string{
			"alice s1":          login(func(*Session) {}),
			"alice s2":          login(func(s *Session) { s.SID = "s2" }),
			"alice without sid": login(func(s *Session) { s.SID = "" }),
			"bob s1x":           login(func(s *Session) { s.User.Subject, s.SID = "bob", "s1x" }),
			"another tenant": login(func(s *Session) {
				s.User.Issuer = "https://op.example/other"
			}),
			"another provider": login(func(s *Session) { s.Provider = "op2" }),
			"parts concatenated": login(func(s *Session) {
				s.Provider, s.User.Issuer = "ophttps://op.example", ""
			}),
		}
		want := func(ended ...string) {
			t.Helper()
			for name, cookies := range browsers {
				is := !b.alive(cookies)
				should := false
				for _, e := range ended {
					should = should || e == name
				}
				if is != should {
					t.Errorf("%s: ended %v, want %v", name, is, should)
				}
			}
		}
		logout := engine.ProviderLogout{
			Provider: "op", Issuer: "https://op.example", Subject: "alice",
			SID: "s1", IssuedAt: b.now,
		}
		unknown := logout
		unknown.SID = "unknown"
		if err := b.EndProviderSessions(t.Context(), unknown); err != nil {
			t.Error(err)
		}
		want()
		if err := b.EndProviderSessions(t.Context(), logout); err != nil {
			t.Error(err)
		}
		want("alice s1")
		logout.SID = ""
		if err := b.EndProviderSessions(t.Context(), logout); err != nil {
			t.Error(err)
		}
		want("alice s1", "alice s2", "alice without sid")
	})
}

// R118, R119: a logout ends the logins that began before it, whatever the clocks say.
func TestRevocations_R119_OrderOfLoginAndLogout(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		logout := func(issued time.Time) {
			t.Helper()
			err := b.EndProviderSessions(t.Context(), engine.ProviderLogout{
				Provider: "op", Issuer: "https://op.example", Subject: "alice", IssuedAt: issued,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		inFlight := b.newSession("alice", "") // has its tokens, but no session yet
		logout(b.now)
		if b.alive(b.login(inFlight)) {
			t.Error("a login in progress survived the logout")
		}
		later := b.login(b.newSession("alice", "")) // in the same second
		if !b.alive(later) {
			t.Error("the logout ended a later login")
		}
		b.now = b.now.Add(10 * time.Second)
		b.cookies = later
		muchLater := b.login(b.newSession("alice", ""))
		logout(b.now.Add(-5 * time.Second)) // a delayed message
		if b.alive(later) || !b.alive(muchLater) {
			t.Errorf("after a delayed logout: earlier session active: %v, later session active: %v",
				b.alive(later), b.alive(muchLater))
		}
		logout(b.now)
		if b.alive(muchLater) {
			t.Error("the next logout did not end it")
		}
	})
}

// R119: a revocation is kept for the maximum lifetime of the sessions that it ends.
func TestRevocations_R119_KeptLongEnough(t *testing.T) {
	b := newBench(t, func(c *Config, _ *engine.Site) {
		c.Idle, c.Lifetime = time.Hour, 3*time.Hour
		c.Revocations = NewMemoryRevocations(c.Now)
	})
	cookies := b.login(b.newSession("alice", ""))
	if err := b.EndAll(t.Context(), b.newSession("alice", "")); err != nil {
		t.Fatal(err)
	}
	marks := b.config.Revocations.(*memoryRevocations).marks
	for range 180 { // others sign out, which sweeps
		b.now = b.now.Add(time.Minute)
		if b.alive(cookies) {
			t.Fatalf("active again after %v", b.now.Sub(start))
		}
		b.EndAll(t.Context(), b.newSession("bob", ""))
	}
	if b.now = b.now.Add(10 * time.Minute); len(marks) > 2 {
		t.Errorf("%d marks", len(marks))
	}
	for range 20 {
		b.EndAll(t.Context(), b.newSession("bob", ""))
	}
	if len(marks) != 1 {
		t.Errorf("%d marks are left, want bob's only", len(marks))
	}
}

func TestRevocations_EndAll(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		one, two := b.login(b.newSession("alice", "a")), b.login(b.newSession("alice", ""))
		bob := b.login(b.newSession("bob", ""))
		if err := b.EndAll(t.Context(), b.newSession("alice", "")); err != nil {
			t.Fatal(err)
		}
		if b.alive(one) || b.alive(two) || !b.alive(bob) {
			t.Errorf("alive: %v %v, bob %v", b.alive(one), b.alive(two), b.alive(bob))
		}
		// Stay signed in here, and end all other sessions.
		here, there := b.login(b.newSession("alice", "")), b.login(b.newSession("alice", ""))
		b.cookies = here
		err := b.do(func(w http.ResponseWriter, r *http.Request) error {
			s, err := b.Load(r)
			if err != nil {
				return err
			}
			s.Epoch = 0
			return errors.Join(b.EndAll(r.Context(), s), b.Start(w, r, s))
		})
		if err != nil || !b.alive(b.cookies) || b.alive(there) {
			t.Errorf("%v; here %v, there %v", err, b.alive(b.cookies), b.alive(there))
		}
		if err := b.EndAll(t.Context(), &Session{Provider: "op"}); err == nil {
			t.Error("EndAll accepted a session without a user")
		}
	})
}

// failing are revocations that return errors.
type failing struct{ Revocations }

func (failing) Epoch(context.Context) (uint64, error) { return 0, errors.New("connection refused") }
func (failing) Lookup(context.Context, RevocationKeys) ([4]Mark, error) {
	return [4]Mark{}, errors.New("connection refused")
}
func (failing) Revoke(context.Context, Revocation) (bool, error) {
	return false, errors.New("connection refused")
}

// R100: an unknown answer is neither yes nor no.
func TestRevocations_R100_Unavailable(t *testing.T) {
	revocable(t, func(t *testing.T, b *bench) {
		b.signIn(b.newSession("alice", ""))
		working := b.config.Revocations
		b.config.Revocations = failing{}
		b.wantError(ErrStore)
		if err := b.do(func(w http.ResponseWriter, r *http.Request) error {
			return b.Start(w, r, &Session{})
		}); !errors.Is(err, ErrStore) {
			t.Error("Start:", err)
		}
		if err := b.EndAll(t.Context(), &Session{User: User{Subject: "x"}}); !errors.Is(err,
			ErrStore) {
			t.Error("EndAll:", err)
		}
		b.config.Revocations = working
		b.load()
	})
}

func TestMark_OfDifferentKinds(t *testing.T) {
	at := time.Unix(1000, 0)
	both := Mark{}.Merge(5, time.Time{}).Merge(9, at)
	for _, row := range []struct {
		epoch  uint64
		issued int64
		want   bool
	}{{4, 2000, true}, {5, 2000, false}, {5, 1000, true}, {8, 1001, false}, {9, 1000, false},
		{9, 1, false}} {
		if got := both.ends(&Session{Epoch: row.epoch,
			Issued: time.Unix(row.issued, 0)}); got != row.want {
			t.Errorf("epoch %d, issued %d: ended %v, want %v", row.epoch, row.issued, got, row.want)
		}
	}
	if !both.ends(&Session{Epoch: 8}) {
		t.Error("a provider's logout did not end a session without an ID token")
	}
	far := Mark{}.Merge(5, time.Unix(1<<40, 0))
	if !far.ends(&Session{Epoch: 1, Issued: time.Unix(1<<31, 0)}) {
		t.Error("a time beyond 32 bits ends nothing")
	}
}

func TestMemoryRevocations_AreBounded(t *testing.T) {
	v := NewMemoryRevocations(nil).(*memoryRevocations)
	v.limit = 100
	keys := make([]RevocationKey, v.limit)
	for i := range keys {
		keys[i] = numberedKey(i)
	}
	if _, err := v.Revoke(t.Context(), Revocation{Keys: keys, Keep: time.Hour}); err != nil {
		t.Fatal(err)
	}
	one := Revocation{Keys: []RevocationKey{{1}}, Keep: time.Hour}
	if _, err := v.Revoke(t.Context(), one); err == nil {
		t.Error("a mark beyond the limit was accepted or silently dropped")
	}
}

func numberedKey(i int) RevocationKey { return nameWith(nil, 9, fmt.Sprint(i)) }

// P10
func BenchmarkRevocations_P10(b *testing.B) {
	// as many as concurrent users, to exceed the processor's cache
	sessions := make([]*Session, 1024)
	for i := range sessions {
		sessions[i] = &Session{ID: newID(), SID: fmt.Sprint("sid ", i), Provider: "op",
			User: User{Issuer: "https://op.example", Subject: fmt.Sprint(i)}, Epoch: 1}
	}
	check := func(n int) (func(), float64) {
		before := heap()
		bench := newBench(b, func(c *Config, _ *engine.Site) {
			c.Revocations = NewMemoryRevocations(c.Now)
		})
		for i := range n {
			ended := &Session{ID: fmt.Sprint("ended ", i)}
			if err := bench.revoke(b.Context(), bySessionID, ended, time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
		bytes := heap() - before
		i := 0
		return func() {
			i++
			if err := bench.unrevoked(b.Context(), sessions[i%len(sessions)]); err != nil {
				b.Fatal(err)
			}
		}, float64(bytes)
	}
	none, _ := check(0)
	for _, n := range []int{0, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			some, bytes := check(n)
			b.ReportAllocs()
			for b.Loop() {
				some()
			}
			b.ReportMetric(ratio.Of(some, none), "x-none")
			if n > 0 {
				b.ReportMetric(bytes/float64(n), "bytes/entry")
			}
		})
	}
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
