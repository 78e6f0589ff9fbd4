package sallyport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// transport is a provider without a network.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// F42: soon after the first request of a server, what keeps users from signing in is logged; once,
// and without a server not at all.
func TestHandler_F42_ChecksProviders(t *testing.T) {
	notFound := func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 404, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	for name, row := range map[string]struct {
		served bool
		answer transport
		want   []string // in the log
		asked  int32
	}{
		"moved": {true, notFound, []string{"level=ERROR", "misconfigured", "provider=op",
			"https://op.example/.well-known/openid-configuration"}, 1},
		"down": {true, func(*http.Request) (*http.Response, error) {
			return nil, errors.New("no route to host")
		},
			[]string{"level=WARN", "cannot be reached", "no route to host"}, 1},
		"panics": {true, func(*http.Request) (*http.Response, error) {
			panic("of the application")
		}, []string{"of the application"}, 1},
		"without a server": {false, notFound, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var asked atomic.Int32
				auth, err := sallyport.New(sallyport.Config{
					BaseURL: "https://app.example",
					Providers: provider.Set{"op": &provider.OIDC{
						Issuer: "https://op.example", ClientID: "c", ClientSecret: "s",
						HTTPClient: &http.Client{
							Transport: transport(func(r *http.Request) (*http.Response, error) {
								asked.Add(1)
								return row.answer(r)
							})},
					}},
					Session: session.Config{
						Secret: "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0"},
					Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				if err != nil {
					t.Fatal(err)
				}
				handler := auth.Handler(http.NotFoundHandler())
				ctx := t.Context()
				if row.served {
					ctx = context.WithValue(ctx, http.ServerContextKey, new(http.Server))
				}
				for range 3 {
					r := httptest.NewRequestWithContext(ctx, "GET", "https://app.example/", nil)
					handler.ServeHTTP(httptest.NewRecorder(), r)
				}
				<-time.After(time.Minute)
				synctest.Wait()
				if n := asked.Load(); n != row.asked {
					t.Errorf("the provider was asked %d times, want %d", n, row.asked)
				}
				for _, part := range row.want {
					if !strings.Contains(log.String(), part) {
						t.Errorf("the log lacks %q: %s", part, log.String())
					}
				}
				if row.want == nil && log.Len() > 0 {
					t.Errorf("the log has %s", log.String())
				}
			})
		})
	}
}
