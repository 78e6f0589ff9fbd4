package sallyport_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/ratio"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// P13: what a request with a hostile header, query or body costs grows no faster than the request.
// The handlers are called directly, because net/http bounds headers to 1 MB.

// hostileApp is an application with every route.
func hostileApp(t testing.TB) (*rig.App, http.Handler) {
	rig.Serial(t, "it measures")
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.ThirdPartyLogin, s.Config.FrontchannelLogout = true, true
		s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
		s.Config.Hooks.Link = func(context.Context, *session.Session, *session.Session) error {
			return nil
		}
		posting := s.OP.OIDC()
		posting.FormPost = true
		s.Config.Providers = provider.Set{"op": s.OIDC, "posting": posting}
	})
	return app, app.Server.Config.Handler
}

// hostileRoutes are the routes, by method and path.
var hostileRoutes = []string{
	"GET /auth/login", "GET /auth/login/op", "POST /auth/login", "GET /auth/callback/op",
	"POST /auth/callback/posting",
	"GET /auth/link/op", "POST /auth/link/op", "GET /auth/logout", "POST /auth/logout",
	"GET /auth/logged-out",
	"POST /auth/backchannel/op", "GET /auth/frontchannel/op", "GET /auth/unknown", "GET /",
	"GET /me",
}

// hostileCookies make the n-th cookie of a header, for each family of names.
func hostileCookies(t testing.TB, app *rig.App) map[string]func(n int) string {
	name := "__Host-" + app.CookieName()
	// A value that looks like one of ours up to the ciphertext.
	sealed, _ := app.Engine(t, func(*session.Config) {}).Seal(
		engine.Ticket{Name: "x", Binding: "y"}, make([]byte, 60))
	state := strings.Repeat("s", 22)
	return map[string]func(n int) string{
		"flows": func(n int) string { return fmt.Sprintf("%s-flow-%d=x", name, n) },
		"flows like ours": func(n int) string {
			return fmt.Sprintf("%s-flow-%012d=%s", name, n, sealed)
		},
		"rounds": func(n int) string {
			return fmt.Sprintf("%s-%012d-rounds=%s", name, n, sealed)
		},
		"one flow": func(n int) string {
			return fmt.Sprintf("%s-flow-%s=%s%d", name, state, sealed, n)
		},
		"session": func(n int) string { return fmt.Sprintf("%s=%s%d", name, sealed, n) },
		"chunks": func(n int) string {
			return fmt.Sprintf("%s.%d=%s%d", name, n%120, sealed, n)
		},
		"logout": func(n int) string {
			return fmt.Sprintf("%s-logout=%s%d", name, sealed, n)
		},
		"names with our own": func(n int) string { return fmt.Sprintf("%s%d=x", name, n) },
		"nothing of ours":    func(n int) string { return fmt.Sprintf("c%d=x", n) },
		"separators":         func(int) string { return "=" },
	}
}

// repeat makes a text of about the given size.
func repeat(size int, separator string, piece func(n int) string) string {
	var b strings.Builder
	b.Grow(size + 256)
	for n := 0; b.Len() < size; n++ {
		b.WriteString(piece(n))
		b.WriteString(separator)
	}
	return b.String()
}

// hostileRequest is a request of a route. Where and what come from hostileInputs.
func hostileRequest(app *rig.App, route, where, text string) *http.Request {
	method, path, _ := strings.Cut(route, " ")
	body := ""
	switch where {
	case "query":
		path += "?" + text
	case "body":
		body = text
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = strings.TrimPrefix(app.URL, "https://")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if where == "cookie" {
		r.Header.Set("Cookie", text)
	}
	return r
}

// hostileParams make the n-th parameter of a query or form.
var hostileParams = map[string]func(n int) string{
	"parameters":    func(n int) string { return fmt.Sprintf("p%d=x", n) },
	"one parameter": func(int) string { return "state=x" },
	"return_to":     func(n int) string { return fmt.Sprintf("return_to=%%2F%d", n) },
	"percent":       func(int) string { return "%41%42%43" },
	"empty":         func(int) string { return "" },
	"logout_token": func(n int) string {
		return fmt.Sprintf("logout_token=%s.%d.x",
			base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)), n)
	},
}

// F1: whatever the Cookie header holds, a response sets a small number of cookies.
func TestHostile_F1_FewCookiesAreSet(t *testing.T) {
	app, handler := hostileApp(t)
	for family, piece := range hostileCookies(t, app) {
		header := repeat(1<<20, "; ", piece)
		for _, route := range hostileRoutes {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, hostileRequest(app, route, "cookie", header))
			if n := len(w.Header()["Set-Cookie"]); n > 20 || w.Code >= 500 {
				t.Errorf("%s, %s: status %d, %d cookies", family, route, w.Code, n)
			}
		}
	}
}

// F1: nor do many that are real, such as those of another browser.
func TestHostile_F1_FewRealCookiesAreRemoved(t *testing.T) {
	app, handler := hostileApp(t)
	var header strings.Builder
	for range 40 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, hostileRequest(app, "GET /auth/login/op", "query", "return_to=%2Fme"))
		for _, c := range w.Result().Cookies() {
			header.WriteString(c.Name + "=" + c.Value + "; ")
		}
	}
	for _, age := range []time.Duration{0, 20 * time.Minute} {
		app.Clock.Advance(age)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, hostileRequest(app, "GET /auth/login/op", "cookie", header.String()))
		if n := len(w.Header()["Set-Cookie"]); n < 3 || n > 12 {
			t.Errorf("after %v: %d cookies are set", age, n)
		}
	}
}

// F1: what is kept of finished logins is bounded.
func TestHostile_F1_FinishedLoginsAreBounded(t *testing.T) {
	rig.Serial(t, "it counts allocations")
	app := rig.New(t)
	b := rig.Browser(t)
	for i := range 30 {
		app.SignIn(t, b, "alice", fmt.Sprintf("/auth/login?return_to=/me/%d", i))
	}
	if n := len(app.Cookies(b)); n > 12 {
		t.Errorf("%d cookies", n)
	}
}

// F1: the login opens a fixed number of cookies, so that twice the header makes no more garbage.
func TestHostile_F1_FewCookiesAreOpened(t *testing.T) {
	app, handler := hostileApp(t)
	cookies := hostileCookies(t, app)
	for _, family := range []string{"flows", "flows like ours", "rounds", "one flow", "logout",
		"names with our own", "nothing of ours"} {
		for _, route := range []string{"GET /auth/login/op",
			"GET /auth/callback/op?state=ssssssssssssssssssssss&code=x",
			"GET /auth/logged-out?state=x"} {
			var allocations [2]float64
			for i := range allocations {
				r := hostileRequest(app, route, "cookie", repeat((i+1)<<17, "; ", cookies[family]))
				w := &discard{header: http.Header{}}
				allocations[i] = testing.AllocsPerRun(5, func() {
					clear(w.header)
					handler.ServeHTTP(w, r)
				})
			}
			if allocations[1] > allocations[0]+20 || allocations[0] > 2000 {
				t.Errorf("%s, %s: %v allocations, with twice the header %v", family, route,
					allocations[0], allocations[1])
			}
		}
	}
}

// F1: junk under the names of our cookies, before or after the real ones, takes the place of no
// login.
func TestHostile_F1_JunkDisplacesNoLogin(t *testing.T) {
	rig.Serial(t, "it counts allocations")
	for family := range hostileCookies(t, rig.New(t)) {
		for _, first := range []bool{true, false} {
			app, handler := hostileApp(t)
			junk := repeat(1<<16, "; ", hostileCookies(t, app)[family])
			app.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				if own := r.Header.Get("Cookie"); first {
					r.Header.Set("Cookie", junk+own)
				} else {
					r.Header.Set("Cookie", own+"; "+junk)
				}
				handler.ServeHTTP(w, r)
			})
			b := rig.Browser(t)
			pending := app.Callback(t, b, "alice", "/auth/login/op?return_to=/me/1").String()
			other := app.Callback(t, b, "alice", "/auth/login/op?return_to=/me/2").String()
			for callback, want := range map[string]string{pending: "/me/1", other: "/me/2"} {
				resp := app.Get(t, b, callback)
				if got := resp.Header.Get("Location"); got != want {
					t.Errorf("%s, junk first %v: status %d, Location %q, want %q", family, first,
						resp.StatusCode, got, want)
				}
			}
		}
	}
}

// BenchmarkHostile_P13 reports the worst ratio of the times for twice the input and for the input.
func BenchmarkHostile_P13(b *testing.B) {
	app, handler := hostileApp(b)
	for _, in := range []struct {
		where, separator string
		size             int
		pieces           map[string]func(int) string
	}{
		{"cookie", "; ", 1 << 18, hostileCookies(b, app)}, {"query", "&", 1 << 18, hostileParams},
		{"body", "&", 1 << 15, hostileParams},
	} {
		b.Run(in.where, func(b *testing.B) {
			runtime.LockOSThread() // for the clock
			defer runtime.UnlockOSThread()
			worst, which := 0.0, ""
			for b.Loop() {
				for _, route := range hostileRoutes {
					for family, piece := range in.pieces {
						once, twice := repeat(in.size, in.separator, piece),
							repeat(2*in.size, in.separator, piece)
						x := doubling(app, handler, route, in.where, once, twice)
						if x > worst {
							worst, which = x, route+", "+family
						}
					}
				}
			}
			b.ReportMetric(worst, "x-twice")
			b.Logf("the worst: %s", which)
		})
	}
}

// doubling is the ratio of the times of two requests. A quick measurement rules out most pairs of
// requests.
func doubling(app *rig.App, handler http.Handler, route, where, once, twice string) float64 {
	timed := func(text string) func(n int) time.Duration {
		return hostileTime(app, handler, route, where, text)
	}
	least := 100.0
	for try := 0; try < 8 && least > 2.1; try++ {
		least = min(least, best(timed(twice))/best(timed(once)))
	}
	if least > 2.1 {
		least = ratio.OfTimed(timed(twice), timed(once))
	}
	return least
}

// best is the time of a call, the best of several.
func best(timed func(n int) time.Duration) float64 {
	least := time.Duration(1 << 62)
	for range 5 {
		least = min(least, timed(1))
	}
	return float64(least)
}

// hostileTime returns a function that handles a request n times, and returns the CPU time.
func hostileTime(app *rig.App, handler http.Handler, route, where,
	text string) func(n int) time.Duration {
	return func(n int) (spent time.Duration) {
		for range n {
			r := hostileRequest(app, route, where, text)
			w := &discard{header: http.Header{}}
			begin := ratio.CPU()
			handler.ServeHTTP(w, r)
			spent += ratio.CPU() - begin
		}
		return spent
	}
}
