package middleware

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// revalidate re-checks a session with the provider if that is due (session.Config.Revalidate). It
// returns the session with which the request continues, nil for none, and whether a response has
// been written: a redirect to the provider.
//
// A provider that cannot be reached proves nothing; the session goes on, and is asked about again
// soon.
func (g *Guard) revalidate(
	w http.ResponseWriter, r *http.Request, s *session.Session,
) (*session.Session, bool) {
	tokens, err := s.Tokens()
	p, _ := g.config.Providers.Find(r.Context(), s.Provider) // Load has just found it
	_, canRefresh := p.(provider.Refresher)
	if err == nil && canRefresh && tokens.RefreshToken != "" {
		return g.revalidateByRefresh(w, r, s), false
	}
	if r.Method == http.MethodGet && answer.IsNavigation(r) {
		if g.config.Silent(w, r, s, g.config.Paths.Requested(r)) {
			return nil, true
		}
		return s, false
	}
	return nil, false // not re-checked: anonymous, until a page is opened
}

func (g *Guard) revalidateByRefresh(
	w http.ResponseWriter, r *http.Request, s *session.Session,
) *session.Session {
	if !mayRefresh(r) {
		return nil
	}
	proven := func(s *session.Session, _ session.Tokens) bool { return !g.config.Sessions.Due(s) }
	next, err := g.config.Sessions.Refresh(w, r, s, proven, g.refresh)
	switch {
	case errors.Is(err, session.ErrEnded), errors.Is(err, session.ErrInvalid):
		return nil
	case err != nil:
		return s
	}
	return next
}
