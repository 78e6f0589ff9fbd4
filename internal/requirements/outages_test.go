package requirements_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// hookRows are errors of a hook, and what the user gets for each. refused is the code of a refusal.
func hookRows(refused string) map[string]struct {
	err    error
	status int
	code   string
} {
	type row = struct {
		err    error
		status int
		code   string
	}
	return map[string]row{
		"refused":            {sallyport.ErrRefused, 403, refused},
		"wrapped refusal":    {fmt.Errorf("not on the list: %w", sallyport.ErrRefused), 403, refused},
		"own words":          {&problem.Error{Status: 409, Code: "taken", Title: "Taken"}, 409, "taken"},
		"wrapped own words":  {fmt.Errorf("x: %w", &problem.Error{Status: 402, Code: "pay", Title: "Pay"}), 402, "pay"},
		"failure":            {errors.New("sql: no such table"), 500, "hook_failed"},
		"network":            {&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}, 500, "hook_failed"},
		"deadline":           {fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "hook_timeout"},
		"store":              {fmt.Errorf("x: %w", session.ErrStore), 503, "store_unavailable"},
		"provider":           {fmt.Errorf("x: %w", provider.ErrUnavailable), 503, "provider_unavailable"},
		"refused and failed": {errors.Join(sallyport.ErrRefused, errors.New("x")), 403, refused},
	}
}

// wantAnswer checks status and code, and that 503 says when to try again.
func wantAnswer(t *testing.T, app *rig.App, resp *http.Response, kind string, status int, code string) {
	t.Helper()
	if resp.StatusCode != status || !app.Happened(kind, code) {
		t.Errorf("status %d, events %v; want %d %s", resp.StatusCode, app.Outcomes(), status, code)
	}
	if got := resp.Header.Get("Retry-After"); (got != "") != (status == http.StatusServiceUnavailable) {
		t.Errorf("status %d, Retry-After %q", status, got)
	}
	if body := authtest.Body(t, resp); strings.Contains(body, "sql") || strings.Contains(body, "the list") {
		t.Errorf("the error of the hook shows up: %s", body)
	}
}

// F43: an error of a hook is a refusal only if the application says so; a database that is down is not.
func TestHooks_F43_ErrorsOfLogins(t *testing.T) {
	for _, hook := range []string{"Begin", "Login"} {
		for name, row := range hookRows("login_refused") {
			t.Run(hook+"/"+name, func(t *testing.T) {
				failing := false
				app := rig.New(t, func(s *rig.Setup) {
					fail := func() error {
						if failing {
							return row.err
						}
						return nil
					}
					if hook == "Begin" {
						s.Config.Hooks.Begin = func(*http.Request, *provider.Flow) error { return fail() }
					} else {
						s.Config.Hooks.Login = func(context.Context, *session.Session) error { return fail() }
					}
				})
				b := signedIn(t, app, "alice", "/auth/login")
				failing = true
				path := "/auth/login"
				if hook == "Login" {
					path = app.Callback(t, b, "bob", path).String()
				}
				wantAnswer(t, app, app.Get(t, b, path), "login", row.status, row.code)
				if who := app.Visit(t, b, "/"); who != app.Is("alice") {
					t.Errorf("afterwards the browser is signed in as %s, want the session of before", who)
				}
			})
		}
	}
}

// F43: the same of Hooks.Link.
func TestHooks_F43_ErrorsOfLinks(t *testing.T) {
	for name, row := range hookRows("link_refused") {
		t.Run(name, func(t *testing.T) {
			app, a := linking(t)
			b := signedIn(t, app, "alice", "/auth/login/op")
			a.hook = func(_, _ *session.Session) error { return row.err }
			wantAnswer(t, app, app.Get(t, b, linkCallback(t, app, b, "bob")), "link", row.status, row.code)
			if !alive(t, app, b) {
				t.Error("the session has ended")
			}
		})
	}
}

// F43: a check that cannot decide is an outage.
func TestRequire_F43_CheckCannotDecide(t *testing.T) {
	for name, row := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"no":       {errors.New("not an editor"), 403, "forbidden"},
		"refused":  {sallyport.ErrRefused, 403, "forbidden"},
		"store":    {fmt.Errorf("x: %w", session.ErrStore), 503, "store_unavailable"},
		"provider": {fmt.Errorf("x: %w", provider.ErrUnavailable), 503, "provider_unavailable"},
	} {
		app := rig.New(t)
		app.Mux.Handle("/checked", app.Auth.Require(func(*session.Session) error { return row.err })(http.HandlerFunc(app.Guarded)))
		b := signedIn(t, app, "alice", "/auth/login")
		resp := app.Get(t, b, "/checked")
		t.Run(name, func(t *testing.T) { wantAnswer(t, app, resp, "session", row.status, row.code) })
	}
}

// F43: an API that cannot be reached is an outage; a request that must not be sent is a fault.
func TestRefuse_F43_UnreachableAPI(t *testing.T) {
	closing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/half" {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}
		if r.URL.Path == "/garbage" {
			io.WriteString(conn, "SSH-2.0-x\r\n\r\n")
		}
		conn.Close()
	}))
	defer closing.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	read := func(address string) func(context.Context, *http.Client) error {
		return func(ctx context.Context, c *http.Client) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil) // which is not repeated
			if err != nil {
				return err
			}
			resp, err := c.Do(req)
			if err != nil {
				return fmt.Errorf("reports: %w", err)
			}
			defer resp.Body.Close()
			_, err = io.ReadAll(resp.Body)
			return err
		}
	}
	for name, row := range map[string]struct {
		call   func(context.Context, *http.Client) error
		status int
		code   string
	}{
		"refused": {read(gone.URL), 503, "api_unavailable"},
		"closed":  {read(closing.URL), 503, "api_unavailable"},
		"cut":     {read(closing.URL + "/half"), 503, "api_unavailable"},
		"no HTTP": {read(closing.URL + "/garbage"), 503, "api_unavailable"},
		"no such host": {func(context.Context, *http.Client) error {
			return &net.DNSError{Err: "no such host", Name: "api.example", IsNotFound: true}
		}, 503, "api_unavailable"},
		"wrong port": {read(strings.Replace(closing.URL, "http:", "https:", 1)), 503, "api_unavailable"},
		"deadline": {func(ctx context.Context, c *http.Client) error {
			ctx, cancel := context.WithTimeout(ctx, 0)
			defer cancel()
			return read(closing.URL)(ctx, c)
		}, 503, "api_unavailable"},
		"plain deadline": {func(context.Context, *http.Client) error { return context.DeadlineExceeded }, 503, "api_unavailable"},
		"own words": {func(context.Context, *http.Client) error {
			return &problem.Error{Status: 418, Code: "teapot", Title: "Teapot", Err: context.DeadlineExceeded}
		}, 418, "teapot"},
		"scheme":   {read("gopher://api.example"), 500, "internal_error"},
		"address":  {func(ctx context.Context, c *http.Client) error { return read("http://[")(ctx, c) }, 500, "internal_error"},
		"relative": {read("/reports"), 500, "internal_error"}, // no APIBase
		"other":    {func(context.Context, *http.Client) error { return errors.New("x") }, 500, "internal_error"},
	} {
		t.Run(name, func(t *testing.T) {
			app := rig.New(t, offline, func(s *rig.Setup) { s.OIDC.InsecureLoopbackHTTP = true })
			app.Mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
				client, err := app.Auth.Client(w, r)
				if err == nil {
					err = row.call(r.Context(), client)
				}
				app.Auth.Refuse(w, r, err)
			})
			b := signedIn(t, app, "alice", "/auth/login")
			wantAnswer(t, app, app.Get(t, b, "/report"), "session", row.status, row.code)
			if slices.Contains(app.Outcomes(), "session internal_error") != (row.code == "internal_error") {
				t.Errorf("events %v", app.Outcomes())
			}
		})
	}
}
