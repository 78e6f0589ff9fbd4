package middleware

import (
	"context"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// SessionContext returns the request's context, which also ends with the user's session: when it
// expires, when the user signs out here or elsewhere, or when the provider ends it. Its cause
// ([context.Cause]) is then session.ErrEnded. Long responses (server-sent events, WebSockets, long
// polls) last until it is done:
//
//	ctx, cancel := auth.SessionContext(r)
//	defer cancel()
//
// session.Manager.Watch says how soon it ends. Without a session, the context has already ended,
// with the cause session.ErrNone. With an access token (Bearer), it ends with the token.
func (g *Guard) SessionContext(r *http.Request) (context.Context, context.CancelFunc) {
	m := g.config.Sessions
	s := g.sessionOf(r)
	switch {
	case s == nil:
		ctx, end := context.WithCancelCause(r.Context())
		end(session.ErrNone)
		return ctx, func() {}
	case s.ID != "":
		return m.Watch(r.Context(), s)
	case s.Expires.IsZero():
		return context.WithCancel(r.Context())
	}
	return context.WithTimeoutCause(r.Context(), s.Expires.Sub(m.Now()), session.ErrEnded)
}

// opensSocket reports whether a request opens a WebSocket. Its method is GET, but it can do what a
// POST can, and browsers let every site open one with the user's cookies (RFC 6455 section 10.2).
func opensSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
