package middleware

import (
	"context"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// SessionContext returns the request's context as one that also ends when the user's session does: when it expires, when the user signs
// out, here or elsewhere, when the provider ends it. Its cause ([context.Cause]) is session.ErrEnded then. Handlers that go on for long (server-sent
// events, WebSockets, long polls) do so until it is done:
//
//	ctx, cancel := auth.SessionContext(r)
//	defer cancel()
//
// How soon it ends is said at session.Manager.Watch. Without a session the context has ended already, with the cause
// session.ErrNone. For callers with an access token (Bearer) it ends with the token.
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

// opensSocket reports whether a request asks for a WebSocket. Its method is GET, but what comes after it is as good as any POST, and browsers
// let every site open one with the user's cookies (RFC 6455 section 10.2).
func opensSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}
