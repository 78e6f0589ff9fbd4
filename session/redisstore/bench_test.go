package redisstore_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// A discard is a ResponseWriter that ignores its input.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header       { return d.header }
func (*discard) Write(p []byte) (int, error) { return len(p), nil }
func (*discard) WriteHeader(int)             {}

// perOp returns the time per call in nanoseconds, the best of several runs. Runs of ours and theirs
// alternate, so that other load affects both equally.
func perOp(ours, theirs func()) (our, their float64) {
	const n = 500
	times := [2]time.Duration{1 << 62, 1 << 62}
	for range 25 {
		for i, f := range []func(){ours, theirs} {
			begin := time.Now()
			for range n {
				f()
			}
			times[i] = min(times[i], time.Since(begin))
		}
	}
	return float64(times[0]) / n, float64(times[1]) / n
}

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
			ours, theirs := perOp(guarded, bare)
			b.ReportMetric(ours/theirs, "x-round-trip")
			b.ReportMetric((ours-theirs)/1000, "µs-more")
			b.ReportMetric(float64(client.StrLen(b.Context(), keys[0]).Val()), "record-bytes")
		})
	}
}
