package main

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

//go:embed static
var static embed.FS

// An app is the whole application: its routes, and the sign-in around them.
type app struct {
	http.Handler
	stop         func() // ends the connections that would go on for ever
	redirectURIs map[string]sallyport.RegisteredURIs
}

func newApp(c sallyport.Config) (*app, error) {
	c.AppName = cmp.Or(c.AppName, "Sallyport Example")
	c.Hooks.Refresh = noteRefresh
	auth, err := sallyport.New(c)
	if err != nil {
		return nil, err
	}
	pages := newPages(auth, c.Providers)
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(static))
	mux.HandleFunc("GET /{$}", pages.home)
	mux.Handle("GET /profile", auth.RequireAuth(http.HandlerFunc(pages.profile)))
	mux.Handle("GET /admin", auth.RequireRole("admin")(http.HandlerFunc(pages.admin)))
	mux.Handle("GET /sessions", auth.RequireAuth(http.HandlerFunc(pages.mySessions)))
	mux.Handle("POST /sessions/end", auth.RequireAuth(http.HandlerFunc(pages.endSession)))
	mux.Handle("POST /sessions/end-all", auth.RequireAuth(http.HandlerFunc(pages.endAllSessions)))
	mux.Handle("GET /live", auth.RequireAuth(http.HandlerFunc(pages.livePage)))
	mux.Handle("GET /live/events", auth.RequireAuth(http.HandlerFunc(pages.liveEvents)))
	mux.Handle("GET /api/me", auth.RequireAuth(http.HandlerFunc(apiMe)))
	return &app{auth.Handler(mux), sync.OnceFunc(func() {
		close(pages.stopping)
	}), auth.RedirectURIs()}, nil
}

// apiMe answers programs: who am I?
func apiMe(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context()) // RequireAuth has seen to it
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(s)
}

// noteRefresh writes down when the tokens were refreshed, to be shown on the profile page.
func noteRefresh(_ context.Context, s *session.Session) error {
	if s.Values == nil {
		s.Values = map[string]string{}
	}
	s.Values[refreshedAt] = time.Now().UTC().Format(time.RFC1123)
	return nil
}
