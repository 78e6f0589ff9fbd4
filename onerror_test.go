package sallyport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/middleware"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/session"
)

// inOwnWords is an application that says everything itself.
func inOwnWords(s *rig.Setup) {
	s.Config.OnError = func(w http.ResponseWriter, r *http.Request, e *problem.Error) bool {
		w.WriteHeader(e.Status)
		fmt.Fprintf(w, "own words: %s %s %t %t", e.Code, e.LoginURL, hasButton(e), len(e.Links) > 0)
		return true
	}
	s.Second = true
	s.Config.Hooks.Link = (&rig.Accounts{}).Link
}

// hasButton reports whether one of the links is a button that POSTs.
func hasButton(e *problem.Error) bool {
	return slices.ContainsFunc(e.Links, func(l problem.Link) bool { return l.Post })
}

// F44: everything that a user or client reads can be replaced in one place.
func TestOnError_F44_ReplacesEverything(t *testing.T) {
	app := rig.New(t, inOwnWords, func(s *rig.Setup) { s.Config.Session.Revalidate = 0 })
	app.Mux.Handle("/recent", app.Auth.RequireRecent(time.Minute)(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/scope", app.Auth.RequireScope("calendar")(http.HandlerFunc(app.Guarded)))
	app.Mux.Handle("/tenant", app.Auth.RequireTenant(func(*http.Request) string {
		return "op2"
	})(http.HandlerFunc(app.Guarded)))
	api := app.Auth.Bearer(middleware.API{Audience: "api", Provider: "op", BearerOnly: true})
	app.Mux.Handle("/api", api(http.HandlerFunc(app.Guarded)))
	script := []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}
	crossSite := []string{"Sec-Fetch-Site", "cross-site"}

	stranger := rig.Browser(t)
	user := rig.SignedIn(t, app, "bob", "/auth/login/op")
	app.Clock.Advance(5 * time.Minute)
	for name, row := range map[string]struct {
		browser      *http.Client
		method, path string
		headers      []string
		status       int
		code         string
		header, has  string
	}{
		"script": {stranger, "GET", "/me", script, 401, "sign_in_required " + app.URL +
			"/auth/login", "WWW-Authenticate", "Session"},
		"form": {stranger, "POST", "/me", nil, 401, "sign_in_required " + app.URL +
			"/auth/login", "WWW-Authenticate", "Session"},
		"tenant": {stranger, "GET", "/tenant", script, 401, "sign_in_required " + app.URL +
			"/auth/login/op2", "Vary", "Cookie"},
		"other tenant": {user, "GET", "/tenant", nil, 403, "other_tenant", "Vary", "Cookie"},
		"role": {user, "GET", "/admin", nil, 403, "forbidden", "Cache-Control",
			"no-store"},
		"step-up": {user, "GET", "/recent", script, 401, "insufficient_user_authentication",
			"WWW-Authenticate", `max_age="60"`},
		"scope": {user, "GET", "/scope", script, 403, "insufficient_scope",
			"WWW-Authenticate", `scope="calendar"`},
		"cross-site": {user, "POST", "/me", crossSite, 403, "cross_site", "Vary", "Cookie"},
		"no token": {stranger, "GET", "/api", nil, 401, "token_missing", "WWW-Authenticate",
			"Bearer"},
		"odd token": {stranger, "GET", "/api", []string{"Authorization", "Bearer a b"}, 400,
			"invalid_request", "WWW-Authenticate", "invalid_request"},
		"bad token": {stranger, "GET", "/api", []string{"Authorization", "Bearer x"}, 401,
			"invalid_token", "WWW-Authenticate", "invalid_token"},
		"sign-out page": {user, "GET", "/auth/logout", nil, 200, "ask_logout  true true",
			"Referrer-Policy", "same-origin"},
		"signed out": {stranger, "GET", "/auth/logged-out", nil, 200, "signed_out",
			"Cache-Control", "no-store"},
		"still signed in": {user, "GET", "/auth/logged-out", nil, 200, "still_signed_in",
			"Cache-Control", "no-store"},
		"link page": {user, "GET", "/auth/link/op2", nil, 200, "ask_link  true true",
			"Referrer-Policy", "same-origin"},
		"no session to link": {stranger, "GET", "/auth/link/op2", nil, 401, "sign_in_required",
			"Cache-Control", "no-store"},
		"sign-out denied": {user, "POST", "/auth/logout", crossSite, 403, "cross_site",
			"Cache-Control", "no-store"},
		"method": {user, "PUT", "/auth/login", nil, 405, "method_not_allowed",
			"Allow", "GET"},
		"callback": {user, "GET", "/auth/callback/op", nil, 400, "no_flow", "Cache-Control",
			"no-store"},
		"nothing there": {user, "GET", "/auth/nothing", nil, 404, "not_found", "Cache-Control",
			"no-store"},
		"unknown name": {user, "GET", "/auth/login/nobody", nil, 404, "unknown_provider",
			"Cache-Control", "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			var form url.Values
			if row.method == "POST" {
				form = url.Values{"text": {"hello"}}
			}
			resp := app.Do(t, row.browser, row.method, row.path, form, row.headers...)
			body := authtest.Body(t, resp)
			if resp.StatusCode != row.status || !strings.HasPrefix(body, "own words: "+row.code) {
				t.Errorf("status %d: %.100s; want %d %s", resp.StatusCode, body, row.status,
					row.code)
			}
			if got := resp.Header.Get(row.header); !strings.Contains(got, row.has) {
				t.Errorf("%s is %q, want %q in it", row.header, got, row.has)
			}
		})
	}
}

// F44: what OnError does not answer is answered as without it, and pages keep their button. All
// fields of the error have their values by then.
func TestOnError_F44_HandsOnTheRest(t *testing.T) {
	plain := rig.New(t, func(s *rig.Setup) { s.Config.AppName = "App" })
	handing := rig.New(t, func(s *rig.Setup) {
		s.Config.AppName = "App"
		s.Config.OnError = func(w http.ResponseWriter, r *http.Request, e *problem.Error) bool {
			if !slices.Contains(w.Header().Values("Vary"), "Accept-Language") || e.Lang != "en" {
				t.Errorf("OnError got %q, with the headers %v", e.Lang, w.Header())
			}
			if e.Title == "" || e.Text == "" || e.Page == (r.URL.Path == "/me") {
				t.Errorf("OnError got %+v", e)
			}
			for _, link := range e.Links {
				if link.Text == "" || link.Href == "" {
					t.Errorf("%s: OnError got %+v", e.Code, link)
				}
			}
			return false
		}
	})
	for _, row := range []struct {
		path    string
		headers []string
	}{
		{"/auth/logout", nil},
		{"/auth/logged-out", nil},
		{"/me", []string{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}},
		{"/auth/nothing", nil},
	} {
		want := plain.Get(t, rig.Browser(t), row.path, row.headers...)
		got := handing.Get(t, rig.Browser(t), row.path, row.headers...)
		wanted := strings.ReplaceAll(authtest.Body(t, want), plain.URL, handing.URL)
		if a, b := withoutRef(authtest.Body(t, got)),
			withoutRef(wanted); got.StatusCode != want.StatusCode || a != b {
			t.Errorf("%s: status %d\n%s, want %d\n%s", row.path, got.StatusCode, a,
				want.StatusCode, b)
		}
	}
}

// withoutRef cuts the reference number from a page.
func withoutRef(page string) string {
	before, _, _ := strings.Cut(page, `<p class="ref">`)
	return before
}

// F46: links lead to the start page of an application below a path.
func TestHome_F46_BelowAPath(t *testing.T) {
	app := rig.New(t, func(s *rig.Setup) {
		s.Config.Home, s.Second = "/app/", true
		s.Config.Hooks.Link = func(_ context.Context, _, _ *session.Session) error { return nil }
	})
	app.Mux.HandleFunc("/app/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "start page")
	})
	b := rig.Browser(t)
	if end := app.SignIn(t, b, "bob", "/auth/login/op"); end.Request.URL.Path != "/app/" {
		t.Errorf("a login without an address ends at %s", end.Request.URL)
	}
	for path, status := range map[string]int{
		"/auth/logout": 200, "/auth/logged-out": 200, "/auth/link/op2": 200, "/admin": 403,
		"/auth/nothing":     404,
		"/auth/callback/op": 400, "/auth/login/nobody": 404,
	} {
		resp := app.Get(t, b, path)
		body := authtest.Body(t, resp)
		if resp.StatusCode != status || !strings.Contains(body, `/app/"`) ||
			strings.Contains(body, `href="/"`) {
			t.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
		}
	}
	if resp := app.Do(t, b, "PUT", "/auth/login", nil); !strings.Contains(authtest.Body(t, resp),
		`href="/app/"`) {
		t.Errorf("method: %s", authtest.Body(t, resp))
	}
}
