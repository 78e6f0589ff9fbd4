package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// livePage shows what liveEvents sends.
func (p *pages) livePage(w http.ResponseWriter, r *http.Request) {
	p.render(w, r, "live", view{Title: "Live", Script: "/static/live.js"})
}

// liveEvents sends the time every second (server-sent events) for as long as the user is signed in:
// the context ends when the session does, wherever that is ended.
func (p *pages) liveEvents(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := p.auth.SessionContext(r)
	defer cancel()
	answer := http.NewResponseController(w)
	if err := answer.SetWriteDeadline(time.Time{}); err != nil { // the server's limit is for pages
		http.Error(w, "This connection cannot be kept open.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		fmt.Fprintf(w, "data: %s\n\n", time.Now().UTC().Format(time.TimeOnly))
		if answer.Flush() != nil {
			return
		}
		select {
		case <-ticks.C:
		case <-p.stopping:
			return
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), session.ErrEnded) {
				fmt.Fprint(w, "event: ended\ndata:\n\n")
			}
			return
		}
	}
}
