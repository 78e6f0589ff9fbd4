package redisstore_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/ratio"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// A discard is a ResponseWriter that ignores its input.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

// Compares a guarded request with a plain round trip to Redis for the same bytes, with the same
// client.
func BenchmarkGuard(b *testing.B) {
	server := startServer(b)
	client := server.client(b)
	for name, row := range map[string]struct {
		keep        func(*session.Config, *redisstore.Store)
		profileOnly bool
	}{
		"sessions-in-Redis/profile":   {keeps["sessions in Redis"], true},
		"sessions-in-Redis/tokens":    {keeps["sessions in Redis"], false},
		"sessions-in-cookies/profile": {keeps["sessions in cookies"], true},
		"sessions-in-cookies/tokens":  {keeps["sessions in cookies"], false},
	} {
		b.Run(name, func(b *testing.B) {
			if err := client.FlushAll(b.Context()).Err(); err != nil {
				b.Fatal(err)
			}
			store := open(b, server.url())
			app := rig.New(b, func(s *rig.Setup) {
				s.Config.Session.ProfileOnly = row.profileOnly
				row.keep(&s.Config.Session, store)
			})
			browser := rig.Browser(b)
			app.SignIn(b, browser, "alice", "/me")
			r, _ := http.NewRequestWithContext(b.Context(), "GET", app.URL+"/me", nil)
			for _, c := range app.SessionCookies(browser) {
				r.AddCookie(c)
			}
			guard := app.Auth.Handler(
				app.Auth.RequireAuth(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
			w := &discard{header: http.Header{}}
			guarded := func() {
				clear(w.header)
				guard.ServeHTTP(w, r)
			}
			keys := []string{"sallyport:{a}:revoked", "sallyport:{b}:revoked",
				"sallyport:{c}:revoked"}
			for _, key := range client.Keys(b.Context(), "*").Val() {
				if strings.Contains(key, ":session:") {
					keys[0] = key // the record, and two missing marks
				}
			}
			bare := func() {
				batch := store.Client.Pipeline()
				for _, key := range keys {
					batch.Get(b.Context(), key)
				}
				batch.Exec(b.Context())
			}
			b.ReportAllocs()
			for b.Loop() {
				guarded()
			}
			x := ratio.OfTimed(ratio.Elapsed(guarded), ratio.Elapsed(bare))
			b.ReportMetric(x, "x-round-trip")
			b.ReportMetric(float64(client.StrLen(b.Context(), keys[0]).Val()), "record-bytes")
		})
	}
}
