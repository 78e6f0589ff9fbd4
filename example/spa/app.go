package main

import (
	"context"
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

//go:embed web/index.html web/app.js web/style.css
var web embed.FS

// newApp returns the application: the pages, which anyone may load, and an API behind guards.
func newApp(baseURL, secret string, idle time.Duration, p provider.Provider) (http.Handler, error) {
	auth, err := sallyport.New(sallyport.Config{
		BaseURL:         baseURL,
		Providers:       provider.Set{"work": p},
		Session:         session.Config{Secret: secret, Idle: idle},
		SessionEndpoint: true,
		SessionClaims:   claims,
	})
	if err != nil {
		return nil, err
	}
	pages, err := fs.Sub(web, "web")
	if err != nil {
		return nil, err
	}
	notes := &notes{}
	mux := http.NewServeMux()
	mux.Handle("GET /api/notes", auth.RequireAuth(http.HandlerFunc(notes.list)))
	mux.Handle("POST /api/notes", auth.RequireAuth(http.HandlerFunc(notes.add)))
	mux.Handle("GET /", policy(http.FileServerFS(pages)))
	return auth.Handler(mux), nil
}

// claims are what the pages learn besides the user.
func claims(_ context.Context, s *session.Session) (map[string]any, error) {
	return map[string]any{"provider": s.Provider}, nil
}

// policy allows scripts and requests of this origin only, which client.js is content with.
func policy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin") // popups still work
		next.ServeHTTP(w, r)
	})
}

// notes are texts by user.
type notes struct {
	mu  sync.Mutex
	all map[string][]string // by User.Key
}

func (n *notes) list(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context())
	n.mu.Lock()
	defer n.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(n.all[s.User.Key()])
}

// maxNotes and maxNote bound what a user can store.
const (
	maxNotes = 100
	maxNote  = 1000
)

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	var text string
	body := http.MaxBytesReader(w, r.Body, 8*maxNote)
	if json.NewDecoder(body).Decode(&text) != nil || text == "" || len(text) > maxNote {
		http.Error(w, "a note is a JSON string of 1 to 1000 bytes", http.StatusBadRequest)
		return
	}
	s, _ := session.FromContext(r.Context())
	n.mu.Lock()
	defer n.mu.Unlock()
	key := s.User.Key()
	if n.all == nil {
		n.all = map[string][]string{}
	}
	if len(n.all[key]) >= maxNotes {
		http.Error(w, "there are too many notes", http.StatusConflict)
		return
	}
	n.all[key] = append(n.all[key], text)
	w.WriteHeader(http.StatusCreated)
}
