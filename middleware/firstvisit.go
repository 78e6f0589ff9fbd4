package middleware

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/session"
)

// firstVisit has a browser without a session ask the provider, once, whether the user is signed in
// there (Config.SilentLogin). It reports whether the request has been answered.
func (g *Guard) firstVisit(w http.ResponseWriter, r *http.Request, err error) bool {
	if g.config.FirstVisit == nil || !opensPage(r) ||
		!errors.Is(err, session.ErrNone) && !errors.Is(err, session.ErrEnded) {
		return false
	}
	answered := false
	g.config.Report.Serve(w, r, func() {
		answered = g.config.FirstVisit(w, r, g.config.Paths.Requested(r))
	})
	return answered
}

// opensPage reports whether a browser says that it opens a page at the top level (Fetch Metadata).
// Crawlers and other programs do not, so they get the page at once.
func opensPage(r *http.Request) bool {
	return r.Method == http.MethodGet && answer.IsNavigation(r) &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") == "document"
}
