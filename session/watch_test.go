package session

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// watched signs in inside a synctest bubble, with the bubble's clock.
func watched(t *testing.T, edit func(*Config)) (internals, *Session) {
	t.Helper()
	base, _ := url.Parse("https://app.example.com")
	c := Config{Secret: secretA, Idle: time.Hour, Lifetime: 3 * time.Hour}
	if edit != nil {
		edit(&c)
	}
	m, err := New(c, engine.Site{BaseURL: base}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var r *http.Request
	return m, signedIn(t, m, "alice", &r)
}

func signedIn(t *testing.T, m internals, subject string, r **http.Request) *Session {
	t.Helper()
	*r = httptest.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	if err := m.Start(w, *r, &Session{Provider: "op", SID: "sid of " + subject,
		User: User{Issuer: "i", Subject: subject}, Issued: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.Result().Cookies() {
		(*r).AddCookie(c)
	}
	s, err := m.Load(*r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantEnd waits for the end of a context and checks when and why.
func wantEnd(t *testing.T, ctx context.Context, after time.Duration, cause error) {
	t.Helper()
	begin := time.Now()
	<-ctx.Done()
	if took := time.Since(begin); took < after || took > after+time.Second ||
		!errors.Is(context.Cause(ctx), cause) {
		t.Errorf("ended after %v with %v, want %v with %v", took, context.Cause(ctx), after, cause)
	}
}

// R129
func TestWatch_R129_Expiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := watched(t, nil)
		ctx, cancel := m.Watch(t.Context(), s)
		defer cancel()
		wantEnd(t, ctx, time.Hour, ErrEnded) // idle
		long, s2 := watched(t, func(c *Config) { c.Idle = 3 * time.Hour })
		ctx, cancel = long.Watch(t.Context(), s2)
		defer cancel()
		wantEnd(t, ctx, 3*time.Hour, ErrEnded)
	})
}

// R129: in a store, other requests of the session keep the connection alive.
func TestWatch_R129_OtherRequestsKeepItAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := watched(t, func(c *Config) {
			c.Store = NewServerStore(NewMemoryBackend(MemoryLimits{}, nil))
		})
		var r *http.Request
		s := signedIn(t, m, "alice", &r)
		ctx, cancel := m.Watch(t.Context(), s)
		defer cancel()
		<-time.After(30 * time.Minute)
		again, err := m.Load(r)
		if err != nil {
			t.Fatal(err)
		}
		if wrote, err := m.Renew(httptest.NewRecorder(), r, again); !wrote || err != nil {
			t.Fatal(wrote, err)
		}
		wantEnd(t, ctx, time.Hour, ErrEnded)
	})
}

// R129: an end in this process takes effect at once.
func TestWatch_R129_EndsAtOnce(t *testing.T) {
	in := map[string]func(*Config){
		"cookies":            nil,
		"cookies, revocable": func(c *Config) { c.Revocations = NewMemoryRevocations(nil) },
		"server store": func(c *Config) {
			c.Store = NewServerStore(NewMemoryBackend(MemoryLimits{}, nil))
		},
		"gorilla's interface": func(c *Config) {
			c.Store, c.Revocations = newMemoryStore(), NewMemoryRevocations(nil)
		},
	}
	for name, edit := range in {
		for what, end := range map[string]func(internals, *http.Request, *Session) error{
			"sign-out": func(m internals, r *http.Request, _ *Session) error {
				return m.End(httptest.NewRecorder(), r)
			},
			"everywhere": func(m internals, r *http.Request, s *Session) error {
				return m.EndAll(r.Context(), s)
			},
			"by the provider": func(m internals, r *http.Request, s *Session) error {
				return m.EndProviderSessions(r.Context(),
					engine.ProviderLogout{Provider: "op", Issuer: "i", SID: "sid of alice",
						IssuedAt: time.Now()})
			},
			"another sign-in": func(m internals, r *http.Request, s *Session) error {
				return m.Start(httptest.NewRecorder(), r, s.Clone())
			},
		} {
			if name == "cookies" && (what == "everywhere" || what == "by the provider") {
				continue
			}
			t.Run(name+", "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m, _ := watched(t, edit)
					var r, otherRequest *http.Request
					s := signedIn(t, m, "alice", &r)
					ctx, cancel := m.Watch(t.Context(), s)
					defer cancel()
					other := signedIn(t, m, "bob", &otherRequest)
					bob, cancelBob := m.Watch(t.Context(), other)
					defer cancelBob()
					if err := end(m, r, s); err != nil {
						t.Fatal(err)
					}
					wantEnd(t, ctx, 0, ErrEnded)
					if bob.Err() != nil {
						t.Error("another user's context has ended, too")
					}
				})
			})
		}
	}
}

// R129, R100: an end in another process takes effect soon; a store outage of a moment ends nothing,
// one of a minute does.
func TestWatch_R129_OtherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := &brokenBackend{Backend: NewMemoryBackend(MemoryLimits{}, nil)}
		config := func(c *Config) { c.Store = NewServerStore(broken); c.Idle = 3 * time.Hour }
		here, _ := watched(t, config)
		there, _ := watched(t, config)
		var r *http.Request
		s := signedIn(t, here, "alice", &r)
		ctx, cancel := here.Watch(t.Context(), s)
		defer cancel()
		if err := there.End(httptest.NewRecorder(), r); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, ctx, defaultWatch, ErrEnded)

		s = signedIn(t, here, "alice", &r)
		ctx, cancel = here.Watch(t.Context(), s)
		defer cancel()
		broken.fail(errors.New("connection refused"))
		<-time.After(45 * time.Second)
		broken.fail(nil)
		<-time.After(30 * time.Second)
		if ctx.Err() != nil {
			t.Error("a short outage ended it")
		}
		broken.fail(errors.New("connection refused"))
		wantEnd(t, ctx, 55*time.Second, ErrStore) // a minute after the last good answer
	})
}

// Canceled watchers leave nothing behind.
func TestWatch_Cancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := watched(t, nil)
		for range 100 {
			ctx, cancel := m.Watch(t.Context(), s)
			cancel()
			if !errors.Is(context.Cause(ctx), context.Canceled) {
				t.Error(context.Cause(ctx))
			}
		}
		gone, leave := context.WithCancel(t.Context())
		ctx, cancel := m.Watch(gone, s)
		defer cancel()
		leave()
		synctest.Wait()
		if ctx.Err() == nil || len(m.watchers.byKey) != 0 {
			t.Errorf("%v, %d keys are left", ctx.Err(), len(m.watchers.byKey))
		}
	})
}
