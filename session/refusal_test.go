package session_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// F17: a session that is of no use on one server is rejected there, and kept: cookie and record are
// still valid on the other server.
func TestSession_F17_RejectedAndKept(t *testing.T) {
	another := func(c *session.Config) {
		c.Secret = "8f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff1"
	}
	behind := func(by time.Duration) func(*session.Config) {
		return func(c *session.Config) {
			now := c.Now
			c.Now = func() time.Time { return now().Add(-by) }
		}
	}
	for name, row := range map[string]struct {
		other func(app *rig.App) http.Handler
		log   string
	}{
		"two minutes behind": {func(app *rig.App) http.Handler {
			return app.Again(t, behind(2*time.Minute))
		}, "clocks"},
		"days behind": {func(app *rig.App) http.Handler {
			return app.Again(t, behind(50*time.Hour))
		}, "clocks"},
		"another secret": {func(app *rig.App) http.Handler {
			return app.Again(t, another)
		}, "Session.Secret"},
		"provider unknown there": {func(app *rig.App) http.Handler {
			return app.AgainWith(t, provider.Set{"other": app.OP.OIDC()})
		}, `\"op\" is not configured`},
	} {
		t.Run(name, func(t *testing.T) {
			rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
				app := rig.New(t, keep)
				b := rig.SignedIn(t, app, "alice", "/me")
				first := app.Server.Config.Handler
				app.Server.Config.Handler = row.other(app)
				for range 3 {
					if resp := app.Get(t, b, "/me"); resp.StatusCode != http.StatusFound ||
						len(resp.Cookies()) != 0 {
						t.Errorf("on the other server: status %d, cookies %v", resp.StatusCode,
							resp.Cookies())
					}
				}
				if n := strings.Count(app.Log(), "rejected"); n != 1 ||
					!strings.Contains(app.Log(), row.log) {
					t.Errorf("the reason is logged %d times:\n%s", n, app.Log())
				}
				app.Server.Config.Handler = first
				if !rig.Alive(t, app, b) {
					t.Error("the session has ended on the first server, too")
				}
			})
		})
	}
}

// F17: what one server does not understand stays when it ends a user's other sessions.
func TestSession_F17_EndAllKeepsOtherRecords(t *testing.T) {
	backend := &recordsKept{Backend: session.NewMemoryBackend(session.MemoryLimits{}, nil)}
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Session.Store = session.NewServerStore(backend)
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
	})
	app.Mux.HandleFunc("/everywhere", func(w http.ResponseWriter, r *http.Request) {
		s, _ := session.FromContext(r.Context())
		if err := app.Auth.Sessions.EndAll(r.Context(), s); err != nil {
			t.Error(err)
		}
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	backend.foreign = []session.Record{{Version: 1, Data: "AgAA.newer", TTL: time.Hour}}
	app.Get(t, b, "/everywhere")
	if backend.deleted != 1 {
		t.Errorf("%d records deleted, want the one of this server", backend.deleted)
	}
}

// F12: junk under the session cookie's name neither signs the user out nor keeps a sign-out from
// the store.
func TestSession_F12_Junk(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, keep)
		for _, junk := range [][]string{
			{"=junk"}, {"=x", "=y", "=z", "=1", "=2", "=3"}, {".1=x", ".2=x", ".4=x", ".17=x"},
			{"=" + strings.Repeat("A", 3800), ".1=" + strings.Repeat("A", 3800),
				".2=" + strings.Repeat("B", 3800), ".3=" + strings.Repeat("C", 3800),
				".4=" + strings.Repeat("C", 3800), ".1=" + strings.Repeat("D", 3800)},
		} {
			b := rig.SignedIn(t, app, "alice", "/me")
			own := app.SessionCookies(b)[0]
			var others []string
			for _, cookie := range junk {
				others = append(others, own.Name+cookie)
			}
			header := strings.Join(others, "; ") + "; " + own.Name + "=" + own.Value
			resp := send(app, "GET", "/me", header)
			if resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 0 {
				t.Errorf("%.40q: status %d, cookies %v", junk, resp.StatusCode, resp.Cookies())
			}
			for _, c := range send(app, "GET", "/", strings.Join(others, "; ")).Cookies() {
				t.Errorf("%.40q: junk alone is answered with %v", junk, c)
			}
			if resp := send(app, "POST", "/auth/logout",
				header); resp.StatusCode != http.StatusSeeOther {
				t.Errorf("%.40q: the sign-out: status %d", junk, resp.StatusCode)
			}
			if who := authtest.Body(t,
				send(app, "GET", "/", own.Name+"="+own.Value)); who != "anonymous" {
				t.Errorf("%.40q: the sign-out did not reach the store", junk)
			}
		}
	})
}

// send sends one request with a Cookie header as it is.
func send(app *rig.App, method, path, cookie string) *http.Response {
	r := httptest.NewRequest(method, app.URL+path, nil)
	r.Header.Set("Cookie", cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	app.Server.Config.Handler.ServeHTTP(w, r)
	return w.Result()
}

// recordsKept has more records of each user than were put there.
type recordsKept struct {
	session.Backend
	foreign []session.Record
	deleted int
}

func (b *recordsKept) List(ctx context.Context, owner string) ([]session.Record, error) {
	records, err := b.Backend.List(ctx, owner)
	return append(records, b.foreign...), err
}

func (b *recordsKept) Delete(ctx context.Context, key session.Key) error {
	b.deleted++
	return b.Backend.Delete(ctx, key)
}
