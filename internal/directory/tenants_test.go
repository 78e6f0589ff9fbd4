package directory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-go/sallyport/internal/directory"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A registry is where an application keeps its tenants.
type registry struct {
	mu      sync.Mutex
	issuers map[string]string // by name
	err     error
	calls   map[string]int
	now     time.Time
}

func newRegistry(names ...string) *registry {
	g := &registry{issuers: map[string]string{}, calls: map[string]int{}, now: time.Now()}
	for _, name := range names {
		g.issuers[name] = "https://" + name + ".example"
	}
	return g
}

func (g *registry) find(_ context.Context, name string) (provider.Provider, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[name]++
	if g.err != nil {
		return nil, g.err
	}
	if g.issuers[name] == "" {
		return nil, nil
	}
	return &provider.OIDC{Issuer: g.issuers[name], ClientID: "c"}, nil
}

func (g *registry) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func (g *registry) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, calls := range g.calls {
		n += calls
	}
	return n
}

func (g *registry) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *registry) pass(d time.Duration) { g.change(func() { g.now = g.now.Add(d) }) }

func (g *registry) directory(edit ...func(*provider.Tenants)) *directory.Providers {
	tenants := provider.Tenants{Find: g.find}
	for _, f := range edit {
		f(&tenants)
	}
	configured := provider.Set{"own": &provider.OIDC{Issuer: "https://own.example", ClientID: "c"}}
	return directory.New(configured, tenants, func(string, provider.Provider) error {
		return nil
	}, g.clock)
}

func issuerOf(p provider.Provider) string {
	if o, ok := p.(*provider.OIDC); ok && o != nil {
		return o.Issuer
	}
	return ""
}

func TestDirectory_ConfiguredFirst(t *testing.T) {
	g := newRegistry("own", "acme")
	d := g.directory()
	for name, want := range map[string]string{"own": "https://own.example",
		"acme": "https://acme.example"} {
		p, err := d.Find(t.Context(), name)
		if err != nil || issuerOf(p) != want {
			t.Errorf("%s: %v, %v; want %s", name, p, err, want)
		}
		registration, err := d.Registration(t.Context(), name)
		if err != nil || registration != p.Registration() {
			t.Errorf("%s: registration %q, %v", name, registration, err)
		}
	}
	if g.calls["own"] != 0 || g.calls["acme"] != 1 {
		t.Errorf("asked for %v", g.calls)
	}
	without := directory.New(provider.Set{}, provider.Tenants{}, nil, g.clock)
	if _, err := without.Find(t.Context(), "acme"); !errors.Is(err, directory.ErrUnknown) ||
		without.HasTenants() || !d.HasTenants() {
		t.Errorf("a directory without tenants: %v", err)
	}
}

func TestTenants_NamesThatCannotBe(t *testing.T) {
	g := newRegistry()
	d := g.directory()
	for _, name := range []string{
		"", "-a", "_a", "A", "a/b", "a.b", "..", "a b", "a%", "ä", "a\x00", "a\n",
		strings.Repeat("a", 65), "a?x", "a#", `a"`, "own/", " own",
	} {
		if _, err := d.Find(t.Context(), name); !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%q: %v", name, err)
		}
		if directory.ValidName(name) {
			t.Errorf("%q is a valid name", name)
		}
	}
	if g.count() != 0 {
		t.Errorf("asked for %v", g.calls)
	}
	for _, name := range []string{"a", "0", "a-b_c", strings.Repeat("a", 64)} {
		if !directory.ValidName(name) {
			t.Errorf("%q is no valid name", name)
		}
	}
}

func TestTenants_AnswersAreKeptForAWhile(t *testing.T) {
	for name, row := range map[string]struct {
		keep, known, unknown time.Duration
	}{
		"default": {0, time.Minute, 10 * time.Second},
		"short":   {3 * time.Second, 3 * time.Second, 3 * time.Second},
		"long":    {time.Hour, time.Hour, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			for tenant, keep := range map[string]time.Duration{"acme": row.known,
				"nobody": row.unknown} {
				g := newRegistry("acme")
				d := g.directory(func(c *provider.Tenants) { c.Keep = row.keep })
				for i, step := range []struct {
					pass time.Duration
					want int
				}{{0, 1}, {keep - 1, 1}, {1, 2}, {-keep, 3}, {keep - 1, 3}} {
					// a clock that is set back keeps nothing longer
					g.pass(step.pass)
					_, _ = d.Find(t.Context(), tenant)
					if got := g.count(); got != step.want {
						t.Errorf("%s, step %d: asked %d times, want %d", tenant, i, got, step.want)
					}
				}
			}
		})
	}
}

// R100: not to know is neither yes nor no.
func TestTenants_R100_Errors(t *testing.T) {
	g := newRegistry("acme")
	d := g.directory()
	down := errors.New("the database is away")
	if _, err := d.Find(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	g.change(func() { g.err = down })
	if _, err := d.Find(t.Context(), "acme"); err != nil {
		t.Errorf("an answer that is kept: %v", err)
	}
	g.pass(time.Hour)
	for _, name := range []string{"acme", "nobody"} {
		for range 2 {
			before := g.count()
			p, err := d.Find(t.Context(), name)
			if !errors.Is(err, provider.ErrUnavailable) || errors.Is(err, directory.ErrUnknown) ||
				!errors.Is(err, down) || p != nil {
				t.Errorf("%s: %v, %v", name, p, err)
			}
			if _, err := d.Registration(t.Context(), name); !errors.Is(err,
				provider.ErrUnavailable) {
				t.Errorf("%s: registration: %v", name, err)
			}
			if g.count() != before+2 {
				t.Errorf("%s: a failure was kept", name)
			}
		}
	}
	g.change(func() { g.err = nil })
	if p, err := d.Find(t.Context(), "acme"); err != nil || issuerOf(p) == "" {
		t.Errorf("afterwards: %v, %v", p, err)
	}
	if _, err := d.Find(t.Context(), "nobody"); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("afterwards: %v", err)
	}
}

// R105: changes take effect after Keep at the latest.
func TestTenants_R105_ChangesAndRemovals(t *testing.T) {
	g := newRegistry("acme")
	d := g.directory()
	first, _ := d.Registration(t.Context(), "acme")
	g.change(func() { g.issuers["acme"] = "https://other.example" })
	g.pass(time.Minute)
	second, err := d.Registration(t.Context(), "acme")
	if err != nil || first == second {
		t.Errorf("after a change: %q, %v; before: %q", second, err, first)
	}
	g.change(func() { delete(g.issuers, "acme") })
	g.pass(time.Minute)
	if _, err := d.Registration(t.Context(), "acme"); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("after its removal: %v", err)
	}
	before := g.count()
	if _, err := d.Registration(t.Context(), "acme"); !errors.Is(err, directory.ErrUnknown) ||
		g.count() != before {
		t.Errorf("again: %v; that it is gone was not kept", err)
	}
	g.change(func() { g.issuers["acme"] = "https://acme.example" })
	g.pass(10 * time.Second)
	if again, err := d.Registration(t.Context(), "acme"); err != nil || again != first {
		t.Errorf("when it is there again: %q, %v", again, err)
	}
}

// What a provider has read stays with the value, so that stays while nothing has changed.
func TestTenants_TheSameConfigurationIsTheSameValue(t *testing.T) {
	client, mapping := &http.Client{}, func(provider.Profile, *session.User) error { return nil }
	minute, hour := time.Minute, time.Hour
	for name, row := range map[string]struct {
		one, other provider.Provider
		same       bool
	}{
		"equal": {&provider.OIDC{Issuer: "i", ClientID: "c", MaxAge: &minute,
			Scopes: []string{"a"}}, &provider.OIDC{Issuer: "i", ClientID: "c", MaxAge: &minute,
			Scopes: []string{"a"}}, true},
		"client": {&provider.OIDC{HTTPClient: client},
			&provider.OIDC{HTTPClient: client}, true},
		"another client": {&provider.OIDC{HTTPClient: client},
			&provider.OIDC{HTTPClient: &http.Client{}}, false},
		"no client": {&provider.OIDC{HTTPClient: client}, &provider.OIDC{}, false},
		"secret": {&provider.OIDC{ClientSecret: "a"},
			&provider.OIDC{ClientSecret: "b"}, false},
		"scopes": {&provider.OIDC{Scopes: []string{"a"}},
			&provider.OIDC{Scopes: []string{"b"}}, false},
		"pointer":    {&provider.OIDC{MaxAge: &minute}, &provider.OIDC{MaxAge: &hour}, false},
		"type":       {&provider.OIDC{}, &provider.OAuth2{}, false},
		"OAuth 2.0":  {&provider.OAuth2{ClientID: "c"}, &provider.OAuth2{ClientID: "c"}, true},
		"OAuth 1.0a": {&provider.OAuth1{ClientID: "c"}, &provider.OAuth1{ClientID: "c"}, true},
		"another": {&provider.OAuth1{ClientID: "c"},
			&provider.OAuth1{ClientID: "d"}, false},
		"functions": {&provider.OAuth2{MapUser: mapping},
			&provider.OAuth2{MapUser: mapping}, false},
		"unknown type":    {&custom{"a", nil}, &custom{"a", nil}, false},
		"insecure switch": {&provider.OIDC{InsecureNoPKCE: true}, &provider.OIDC{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRegistry()
			found := []provider.Provider{row.one, row.other}
			checked := 0
			d := directory.New(nil,
				provider.Tenants{Find: func(context.Context, string) (provider.Provider, error) {
					p := found[0]
					found = found[1:]
					return p, nil
				}}, func(string, provider.Provider) error { checked++; return nil }, g.clock)
			before, _ := d.Find(t.Context(), "acme")
			g.pass(time.Minute)
			after, err := d.Find(t.Context(), "acme")
			if err != nil || before != row.one {
				t.Fatal(before, err)
			}
			if same := before == after; same != row.same || !same && after != row.other {
				t.Errorf("the value stays: %v, want %v", same, row.same)
			}
			if want := map[bool]int{true: 1, false: 2}[row.same]; checked != want {
				t.Errorf("checked %d times, want %d", checked, want)
			}
		})
	}
	own := &custom{"a", nil} // a Find that returns its own value again
	g, checked := newRegistry(), 0
	d := directory.New(nil, provider.Tenants{Find: func(context.Context, string) (provider.Provider,
		error) {
		return own, nil
	}},
		func(string, provider.Provider) error { checked++; return nil }, g.clock)
	for range 3 {
		if p, err := d.Find(t.Context(), "acme"); err != nil || p != own || checked != 1 {
			t.Errorf("%v, %v, checked %d times", p, err, checked)
		}
		g.pass(time.Minute)
	}
}

// custom is a provider of the application's own.
type custom struct {
	registration string
	provider.Provider
}

func (c *custom) Registration() string { return c.registration }

// What Find does wrong fails the request, not the program.
func TestTenants_BadAnswers(t *testing.T) {
	for name, row := range map[string]struct {
		find func() (provider.Provider, error)
		want string
	}{
		"panic": {func() (provider.Provider, error) { panic("oops") }, "oops"},
		"typed nil": {func() (provider.Provider, error) {
			return (*provider.OIDC)(nil), nil
		}, "panicked"},
		"no registration": {func() (provider.Provider, error) {
			return &custom{}, nil
		}, "empty Registration"},
		"mistake": {func() (provider.Provider, error) {
			return &provider.OIDC{Issuer: "https://bad.example"}, nil
		}, "bad configuration"},
	} {
		g := newRegistry()
		d := directory.New(nil,
			provider.Tenants{Find: func(context.Context, string) (provider.Provider, error) {
				return row.find()
			}},
			func(_ string, p provider.Provider) error {
				if issuerOf(p) == "https://bad.example" {
					return errors.New("bad configuration")
				}
				return nil
			}, g.clock)
		for range 2 {
			p, err := d.Find(t.Context(), "acme")
			if p != nil || !errors.Is(err, provider.ErrUnavailable) ||
				!strings.Contains(err.Error(), row.want) ||
				!strings.Contains(err.Error(), `"acme"`) {
				t.Errorf("%s: %v, %v", name, p, err)
			}
		}
	}
}

// R146, F8: names that are made up neither fill the memory nor drive out those that there are.
func TestTenants_R146_Bounded(t *testing.T) {
	g := newRegistry("a", "b", "c")
	d := g.directory(func(c *provider.Tenants) { c.Limit = 3 })
	for _, name := range []string{"a", "b", "c"} {
		g.pass(time.Millisecond)
		_, _ = d.Find(t.Context(), name)
	}
	for i := range 100 {
		_, _ = d.Find(t.Context(), fmt.Sprintf("made-up-%d", i))
	}
	before := g.count()
	for _, name := range []string{"a", "b", "c", "made-up-99", "made-up-98"} {
		_, _ = d.Find(t.Context(), name)
	}
	if got := g.count() - before; got > 1 {
		t.Errorf("%d of those asked last were forgotten", got)
	}
	g.change(func() { g.issuers["d"] = "https://d.example" })
	_, _ = d.Find(t.Context(), "d")
	before = g.count()
	for _, name := range []string{"b", "c", "d"} {
		_, _ = d.Find(t.Context(), name)
	}
	if got := g.count() - before; got != 0 {
		t.Errorf("the oldest was not the one to go: asked %d times", got)
	}
	_, _ = d.Find(t.Context(), "a")
	if g.count() != before+1 {
		t.Error("more than Limit are kept")
	}
}

// R65: who asks at the same time gets the same answer, also when the one who asked first goes away.
func TestTenants_OneCallAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		d := directory.New(nil,
			provider.Tenants{Find: func(ctx context.Context, name string) (provider.Provider,
				error) {
				calls.Add(1)
				<-release
				return &provider.OIDC{Issuer: "https://" + name, ClientID: "c"}, ctx.Err()
			}}, func(string, provider.Provider) error { return nil }, time.Now)
		first, leave := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := d.Find(first, "acme"); gone <- err }()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if p, err := d.Find(t.Context(), "acme"); err != nil ||
					issuerOf(p) != "https://acme" {
					t.Errorf("%v, %v", p, err)
				}
			})
		}
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, provider.ErrUnavailable) ||
			!errors.Is(err, context.Canceled) {
			t.Errorf("who went away got %v", err)
		}
		close(release)
		wg.Wait()
		if calls.Load() != 1 {
			t.Errorf("asked %d times", calls.Load())
		}
	})
}

// A Find that hangs costs each who waits ten seconds, whatever its context does.
func TestTenants_SlowFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, calls := make(chan struct{}), 0
		d := directory.New(nil,
			provider.Tenants{Find: func(context.Context, string) (provider.Provider, error) {
				calls++
				<-release
				return &provider.OIDC{Issuer: "https://late.example", ClientID: "c"}, nil
			}}, func(string, provider.Provider) error { return nil }, time.Now)
		begin := time.Now()
		p, err := d.Find(t.Context(), "acme")
		if took := time.Since(begin); p != nil || !errors.Is(err, provider.ErrUnavailable) ||
			took != 10*time.Second {
			t.Errorf("%v, %v after %v", p, err, took)
		}
		<-time.After(time.Second) // at the very end of the ten seconds it could still be in time
		close(release)
		synctest.Wait()
		if p, err := d.Find(t.Context(), "acme"); err != nil || p == nil || calls != 2 {
			t.Errorf("afterwards: %v, %v; asked %d times: an answer that came too late was kept", p,
				err, calls)
		}
	})
}

// R104: run with the race detector.
func TestTenants_R104_ManyAtOnce(t *testing.T) {
	g := newRegistry("a", "b", "c", "d")
	d := g.directory(func(c *provider.Tenants) { c.Limit = 2 })
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for round := range 200 {
				name := string(rune('a' + (i+round)%6))
				p, err := d.Find(t.Context(), name)
				switch known := name <= "d"; {
				case known && (err != nil || issuerOf(p) != "https://"+name+".example"):
					t.Errorf("%s: %v, %v", name, p, err)
				case !known && !errors.Is(err, directory.ErrUnknown):
					t.Errorf("%s: %v", name, err)
				}
				if round%20 == 0 {
					g.pass(20 * time.Second)
				}
			}
		})
	}
	wg.Wait()
}

// P3: what every request asks costs no allocation, for configured providers and for tenants.
func TestDirectory_P3_Allocations(t *testing.T) {
	g := newRegistry("acme")
	d := g.directory()
	for _, name := range []string{"own", "acme"} {
		ctx := t.Context()
		_, _ = d.Registration(ctx, name)
		if n := testing.AllocsPerRun(100, func() { _, _ = d.Registration(ctx, name) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
