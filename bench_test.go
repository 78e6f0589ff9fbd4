package sallyport_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sallyport-go/sallyport/internal/ratio"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

// guarded is a guard in front of an empty handler, and a request of a signed-in user.
func guarded(t testing.TB, edit func(*session.Config)) (app *rig.App, guard http.Handler,
	signedIn *http.Request) {
	return guardedAt(t, "/me", func(s *rig.Setup) { edit(&s.Config.Session) })
}

func guardedAt(t testing.TB, login string, change func(*rig.Setup)) (app *rig.App,
	guard http.Handler, signedIn *http.Request) {
	rig.Serial(t, "it measures")
	app = rig.New(t, change)
	b := rig.Browser(t)
	app.SignIn(t, b, "alice", login)
	signedIn = httptest.NewRequest("GET", "/me", nil)
	for _, c := range app.SessionCookies(b) {
		signedIn.AddCookie(c)
	}
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	return app, app.Auth.Handler(app.Auth.RequireAuth(empty)), signedIn
}

// kept are the ways to keep sessions that are measured.
var kept = map[string]func(*session.Config){
	"profile": func(c *session.Config) { c.ProfileOnly = true },
	"tokens":  func(*session.Config) {},
	"tokens, revocable": func(c *session.Config) {
		c.Revocations = session.NewMemoryRevocations(c.Now)
	},
	"tokens, in memory": func(c *session.Config) {
		c.Store = session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, c.Now))
	},
}

// P3
func TestBudget_P3_GuardAllocations(t *testing.T) {
	for name, edit := range kept {
		_, guard, r := guarded(t, edit)
		w := &discard{header: http.Header{}}
		n := testing.AllocsPerRun(200, func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		})
		t.Logf("%s: %v allocations", name, n)
		if n > 10 {
			t.Errorf("%s: the guard allocates %v times, at most 10", name, n)
		}
	}
}

// P3: tenants cost those who have none nothing, and those who have them little.
func TestBudget_P3_GuardAllocationsOfTenants(t *testing.T) {
	var n [3]float64
	for i, login := range []string{"/me", "/auth/login/op?return_to=/me",
		"/auth/login/acme?return_to=/me"} {
		_, guard, r := guardedAt(t, login, func(s *rig.Setup) {
			if i > 0 {
				s.Config.Tenants.Find = func(context.Context, string) (provider.Provider, error) {
					return s.OIDC, nil
				}
			}
		})
		w := &discard{header: http.Header{}}
		n[i] = testing.AllocsPerRun(200, func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		})
		if n[i] > n[0] || n[i] == 0 {
			t.Errorf("signed in at %s: %v allocations, without tenants %v", login, n[i], n[0])
		}
	}
}

// The whole guard beside an empty handler.
func BenchmarkGuard(b *testing.B) {
	for name, edit := range kept {
		b.Run(name, func(b *testing.B) {
			app, guard, r := guarded(b, edit)
			w := &discard{header: http.Header{}}
			serve := func() {
				clear(w.header)
				guard.ServeHTTP(w, r)
			}
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
			b.ReportMetric(ratio.Of(serve, func() {
				if _, err := app.Auth.Sessions.Load(r); err != nil {
					b.Fatal(err)
				}
			}), "x-reading-the-session")
		})
	}
}

// P11: remembering sign-outs and superseded generations, and revocations in memory, each with the
// marks of a thousand sign-outs, beside a process that remembers nothing.
func BenchmarkSignOutMemory_P11(b *testing.B) {
	signOut := func(app *rig.App, n int) {
		for range n {
			w := httptest.NewRecorder()
			s := &session.Session{
				Provider: "op", Registration: app.OIDC.Registration(),
				User: session.User{Issuer: app.OP.Issuer(), Subject: "1002"},
			}
			if err := app.Auth.Sessions.Start(w, httptest.NewRequest("GET", "/", nil),
				s); err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/", nil)
			for _, c := range w.Result().Cookies() {
				r.AddCookie(c)
			}
			if err := app.Auth.Sessions.End(httptest.NewRecorder(), r); err != nil {
				b.Fatal(err)
			}
		}
	}
	serving := func(guard http.Handler, r *http.Request) func() {
		w := &discard{header: http.Header{}}
		return func() {
			clear(w.header)
			guard.ServeHTTP(w, r)
		}
	}
	_, bare, bareRequest := guarded(b, kept["tokens"])
	for name, edit := range map[string]func(*session.Config){"default": kept["tokens"],
		"NewMemoryRevocations": kept["tokens, revocable"]} {
		b.Run(name, func(b *testing.B) {
			app, guard, r := guarded(b, edit)
			signOut(app, 1000)
			serve := serving(guard, r)
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
			b.ReportMetric(ratio.Of(serve, serving(bare, bareRequest)), "x-without")
		})
	}
}

// P8: no session on a guarded route.
func BenchmarkChallenge_P8(b *testing.B) {
	app, guard, _ := guarded(b, kept["profile"])
	empty := app.Auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"text/plain"}
		w.WriteHeader(http.StatusOK)
		w.Write(nil)
	}))
	for name, header := range map[string]http.Header{
		"navigation": {"Accept": {"text/html"}},
		"fetch":      {"Sec-Fetch-Mode": {"cors"}},
		"translated": {"Sec-Fetch-Mode": {"cors"}, "Accept-Language": {"de-AT,de;q=0.9,en;q=0.8"}},
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/me?x=1", nil)
			r.Header = header
			w := &discard{header: http.Header{}}
			serve := func(h http.Handler) func() {
				return func() {
					clear(w.header)
					h.ServeHTTP(w, r)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				serve(guard)()
			}
			b.ReportMetric(ratio.Of(serve(guard), serve(empty)), "x-empty")
		})
	}
}
