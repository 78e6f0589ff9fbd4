package middleware_test

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

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/problem"
)

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
	t.Cleanup(closing.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	read := func(address string) func(context.Context, *http.Client) error {
		return func(ctx context.Context, c *http.Client) error {
			// which is not repeated
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, nil)
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
		"wrong port": {read(strings.Replace(closing.URL, "http:", "https:", 1)), 503,
			"api_unavailable"},
		"deadline": {func(ctx context.Context, c *http.Client) error {
			ctx, cancel := context.WithTimeout(ctx, 0)
			defer cancel()
			return read(closing.URL)(ctx, c)
		}, 503, "api_unavailable"},
		"plain deadline": {func(context.Context, *http.Client) error {
			return context.DeadlineExceeded
		}, 503, "api_unavailable"},
		"own words": {func(context.Context, *http.Client) error {
			return &problem.Error{Status: 418, Code: "teapot", Title: "Teapot",
				Err: context.DeadlineExceeded}
		}, 418, "teapot"},
		"scheme": {read("gopher://api.example"), 500, "internal_error"},
		"address": {func(ctx context.Context, c *http.Client) error {
			return read("http://[")(ctx, c)
		}, 500, "internal_error"},
		"relative": {read("/reports"), 500, "internal_error"}, // no APIBase
		"other": {func(context.Context, *http.Client) error {
			return errors.New("x")
		}, 500, "internal_error"},
	} {
		t.Run(name, func(t *testing.T) {
			rig.Serial(t, "the port of the closed server must stay free")
			app := rig.New(t, rig.Offline, func(s *rig.Setup) {
				s.OIDC.InsecureLoopbackHTTP = true
			})
			app.Mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
				client, err := app.Auth.Client(w, r)
				if err == nil {
					err = row.call(r.Context(), client)
				}
				app.Auth.Refuse(w, r, err)
			})
			b := rig.SignedIn(t, app, "alice", "/auth/login")
			rig.WantAnswer(t, app, app.Get(t, b, "/report"), "session", row.status, row.code)
			if slices.Contains(app.Outcomes(),
				"session internal_error") != (row.code == "internal_error") {
				t.Errorf("events %v", app.Outcomes())
			}
		})
	}
}
