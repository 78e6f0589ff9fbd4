package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
)

// byScript are the headers of a fetch by a page of the application.
var byScript = []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site",
	"same-origin", "Accept", "*/*"}

// endpoint turns the routes for scripts on.
func endpoint(s *rig.Setup) { s.Config.SessionEndpoint = true }

// asked is the answer of the session endpoint.
type asked struct {
	User       *session.User
	Claims     map[string]any
	ExpiresIn  int    `json:"expires_in"`
	IdleIn     int    `json:"idle_in"`
	Revalidate bool   `json:"revalidate"`
	LoginURL   string `json:"login_url"`
	LogoutURL  string `json:"logout_url"`
	Param      string `json:"return_param"`
}

// ask sends a request of a script to the session endpoint.
func ask(t *testing.T, app *rig.App, b *http.Client, method string, headers ...string) asked {
	t.Helper()
	resp := app.Do(t, b, method, "/auth/session", nil, append(byScript, headers...)...)
	var a asked
	if err := json.Unmarshal([]byte(authtest.Body(t, resp)), &a); err != nil ||
		resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s\n%s", resp.StatusCode, authtest.Body(t, resp), app.Log())
	}
	return a
}

// R161
func TestSession_R161_Answer(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, endpoint, keep, func(s *rig.Setup) {
			s.Config.SessionClaims = func(_ context.Context, s *session.Session) (map[string]any,
				error) {
				return map[string]any{"plan": "gold", "acr": s.ACR}, nil
			}
		})
		b := rig.Browser(t)
		out := ask(t, app, b, "GET")
		want := asked{LoginURL: "/auth/login", LogoutURL: "/auth/logout", Param: "return_to"}
		if !reflect.DeepEqual(out, want) {
			t.Errorf("signed out: %+v", out)
		}
		resp := app.Do(t, b, "GET", "/auth/session", nil, byScript...)
		if !strings.HasPrefix(authtest.Body(t, resp), `{"user":null,`) {
			t.Errorf("signed out: %s", authtest.Body(t, resp))
		}
		app.SignIn(t, b, "alice", "/me")
		in := ask(t, app, b, "GET")
		if in.User == nil || in.User.Name != "Alice Adams" || in.User.Subject == "" ||
			in.Claims["plan"] != "gold" || in.ExpiresIn != 7*24*3600 || in.IdleIn != 24*3600 {
			t.Errorf("signed in: %+v %+v", in.User, in)
		}
		resp = app.Do(t, b, "GET", "/auth/session", nil, byScript...)
		if secret := app.Leaked(authtest.Body(t, resp)); secret != "" {
			t.Errorf("the answer holds %s", secret)
		}
	})
}

// R161
func TestSession_R161_Headers(t *testing.T) {
	app := rig.New(t, endpoint)
	b := rig.SignedIn(t, app, "alice", "/me")
	for _, path := range []string{"/auth/session", "/auth/providers"} {
		for _, site := range []string{"same-origin", "cross-site"} {
			resp := app.Do(t, b, "GET", path, nil, append(byScript, "Sec-Fetch-Site", site)...)
			for name, want := range map[string]string{
				"Cache-Control":                "no-store",
				"Cross-Origin-Resource-Policy": "same-origin",
				"X-Content-Type-Options":       "nosniff",
			} {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s %s: %s %q", path, site, name, got)
				}
			}
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
					t.Errorf("%s %s: %s", path, site, name)
				}
			}
			if want := site == "same-origin"; (resp.Header.Get("Content-Type") ==
				"application/json") != want {
				t.Errorf("%s %s: %s", path, site, resp.Header.Get("Content-Type"))
			}
		}
	}
}

// R161: other origins, in every spelling, get 403; requests that say nothing pass.
func TestSession_R161_OtherOrigins(t *testing.T) {
	app := rig.New(t, endpoint, func(s *rig.Setup) {
		s.Config.TrustedOrigins = []string{"https://front.example"} // may write, but not read
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	for name, row := range map[string]struct {
		site, origin string
		want         int
	}{
		"same origin":         {"same-origin", "", 200},
		"with Origin":         {"same-origin", app.URL, 200},
		"typed":               {"none", "", 200},
		"program":             {"", "", 200},
		"old browser":         {"", app.URL, 200},
		"cross-site":          {"cross-site", "", 403},
		"same-site":           {"same-site", "", 403},
		"unknown":             {"same-planet", "", 403},
		"other origin":        {"", "https://evil.example", 403},
		"null":                {"", "null", 403},
		"contradiction":       {"same-origin", "https://evil.example", 403},
		"other contradiction": {"cross-site", app.URL, 403},
		"other scheme":        {"", "http" + strings.TrimPrefix(app.URL, "https"), 403},
		"trusted for CSRF":    {"cross-site", "https://front.example", 403},
		"suffix":              {"", app.URL + ".evil.example", 403},
		"prefix":              {"", strings.TrimSuffix(app.URL, app.URL[len(app.URL)-1:]), 403},
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			resp := app.Do(t, b, method, "/auth/session", nil, append(byScript,
				"Sec-Fetch-Site", row.site, "Origin", row.origin)...)
			if resp.StatusCode != row.want {
				t.Errorf("%s %s: status %d, want %d", method, name, resp.StatusCode, row.want)
			}
			if row.want == 403 && strings.Contains(authtest.Body(t, resp), "Alice") {
				t.Errorf("%s %s: %s", method, name, authtest.Body(t, resp))
			}
		}
	}
	for _, method := range []string{"OPTIONS", "PUT", "DELETE", "PATCH"} {
		resp := app.Do(t, b, method, "/auth/session", nil, byScript...)
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: status %d, Allow %q", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
}

// R161: polling does not keep a session alive, and a POST extends it, up to its absolute end.
func TestSession_R161_Activity(t *testing.T) {
	rig.EveryKeeper(t, func(t *testing.T, keep func(*rig.Setup)) {
		app := rig.New(t, endpoint, keep, func(s *rig.Setup) {
			s.Config.Session.Idle = time.Hour
			s.Config.Session.Lifetime = 2 * time.Hour
		})
		b := rig.SignedIn(t, app, "alice", "/me")
		for left := 3600; left > 0; left -= 60 {
			if got := ask(t, app, b, "GET"); got.User == nil || got.IdleIn != left {
				t.Fatalf("%d seconds before the end: %+v", left, got)
			}
			app.Clock.Advance(time.Minute)
		}
		if got := ask(t, app, b, "GET"); got.User != nil {
			t.Errorf("polling kept the session alive: %+v", got)
		}
		if got := ask(t, app, b, "POST", "Origin", app.URL); got.User != nil {
			t.Errorf("a POST brought the session back: %+v", got)
		}

		b = rig.SignedIn(t, app, "alice", "/me")
		app.Clock.Advance(5 * time.Minute) // less than what guards wait for
		if got := ask(t, app, b, "POST", "Origin", app.URL); got.IdleIn != 3600 ||
			got.ExpiresIn != 115*60 {
			t.Errorf("POST: %+v", got)
		}
		app.Clock.Advance(59 * time.Minute)
		if got := ask(t, app, b, "GET"); got.IdleIn != 60 {
			t.Errorf("after the POST: %+v", got)
		}
		ask(t, app, b, "POST", "Origin", app.URL)
		if got := ask(t, app, b, "GET"); got.IdleIn != 56*60 || got.ExpiresIn != 56*60 {
			t.Errorf("near the absolute end: %+v", got)
		}
		app.Clock.Advance(56 * time.Minute)
		if got := ask(t, app, b, "GET"); got.User != nil {
			t.Errorf("after the absolute end: %+v", got)
		}
	})
}

// R161: an access token that has expired does not keep a POST from extending the session.
func TestSession_R161_ExtendsWithAnExpiredAccessToken(t *testing.T) {
	app := rig.NewCalling(t, endpoint)
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Clock.Advance(2 * time.Hour)
	if got := ask(t, app, b, "POST", "Origin", app.URL); got.IdleIn != 24*3600 {
		t.Errorf("POST: %+v", got)
	}
	if got := ask(t, app, b, "GET"); got.IdleIn != 24*3600 {
		t.Errorf("GET: %+v", got)
	}
}

// R161: a GET neither asks the provider nor shows an unconfirmed user; a POST confirms the session.
func TestSession_R161_Revalidate(t *testing.T) {
	app := rig.NewCalling(t, endpoint, rig.Revalidate(10*time.Minute))
	b := rig.SignedIn(t, app, "alice", "/me")
	app.Clock.Advance(11 * time.Minute)
	before := app.OP.Count("token")
	if got := ask(t, app, b, "GET"); got.User != nil || !got.Revalidate {
		t.Errorf("GET: %+v", got)
	}
	if app.OP.Count("token") != before {
		t.Error("a GET refreshed the tokens")
	}
	if got := ask(t, app, b, "POST", "Origin", app.URL); got.User == nil || got.Revalidate {
		t.Errorf("POST: %+v", got)
	}
	if got := ask(t, app, b, "GET"); got.User == nil {
		t.Errorf("GET after the POST: %+v", got)
	}
}

// The routes are opt-in, and errors of SessionClaims are answered without their text.
func TestSession_OptInAndErrors(t *testing.T) {
	app := rig.New(t)
	b := rig.SignedIn(t, app, "alice", "/me")
	if resp := app.Do(t, b, "GET", "/auth/session", nil, byScript...); resp.StatusCode != 404 {
		t.Errorf("without SessionEndpoint: status %d", resp.StatusCode)
	}
	for want, claims := range map[int]func() (map[string]any, error){
		500: func() (map[string]any, error) { panic("secret text") },
		503: func() (map[string]any, error) { return nil, session.ErrStore },
		403: func() (map[string]any, error) { return nil, sallyport.ErrRefused },
	} {
		app := rig.New(t, endpoint, func(s *rig.Setup) {
			s.Config.SessionClaims = func(context.Context, *session.Session) (map[string]any,
				error) {
				return claims()
			}
		})
		b := rig.SignedIn(t, app, "alice", "/me")
		resp := app.Do(t, b, "GET", "/auth/session", nil, byScript...)
		if body := authtest.Body(t, resp); resp.StatusCode != want ||
			strings.Contains(body, "secret") ||
			resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("status %d, want %d: %s", resp.StatusCode, want, body)
		}
	}
	c := rig.MinimalConfig(nil)
	c.SessionClaims = func(context.Context, *session.Session) (map[string]any, error) {
		return nil, errors.ErrUnsupported
	}
	if _, err := sallyport.New(c); err == nil || !strings.Contains(err.Error(),
		"SessionClaims needs SessionEndpoint") {
		t.Errorf("SessionClaims alone: %v", err)
	}
}

// failing is a backend that can be made to fail.
type failing struct {
	session.Backend
	down atomic.Bool
}

// Get implements session.Backend.
func (f *failing) Get(ctx context.Context, k session.Key) (session.Record, error) {
	if f.down.Load() {
		return session.Record{}, errors.New("no route to host")
	}
	return f.Backend.Get(ctx, k)
}

// While the store is down it is unknown who is signed in: 503, not "signed out".
func TestSession_R161_StoreDown(t *testing.T) {
	var backend *failing
	app := rig.New(t, endpoint, func(s *rig.Setup) {
		backend = &failing{Backend: session.NewMemoryBackend(session.MemoryLimits{},
			s.Config.Session.Now)}
		s.Config.Session.Store = session.NewServerStore(backend)
	})
	b := rig.SignedIn(t, app, "alice", "/me")
	backend.down.Store(true)
	for _, method := range []string{"GET", "POST"} {
		resp := app.Do(t, b, method, "/auth/session", nil, append(byScript, "Origin", app.URL)...)
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" ||
			len(resp.Cookies()) != 0 {
			t.Errorf("%s: status %d, headers %v", method, resp.StatusCode, resp.Header)
		}
	}
}

// The ways to sign in, in the order of the login page.
func TestProviders(t *testing.T) {
	app := rig.New(t, rig.Second, func(s *rig.Setup) { s.Config.Order = []string{"op2"} })
	resp := app.Do(t, rig.Browser(t), "GET", "/auth/providers", nil, byScript...)
	want := `{"providers":[{"name":"op2","label":"authtest","login_url":"/auth/login/op2"},` +
		`{"name":"op","label":"authtest","login_url":"/auth/login/op"}],"return_param":"return_to"}`
	if got := authtest.Body(t, resp); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
