package session

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// An Event reports what happened to a login or a session, for audit logs and metrics. It holds no
// secret.
type Event struct {
	Time time.Time
	Kind string // "login", "logout", "link", "session"
	// "ok" or one fixed code, such as "state_mismatch"; see the package docs of handlers
	Outcome  string
	Provider string // the provider's configured name, or empty
	Issuer   string // with Subject: the user, if known
	Subject  string
	Count    int    // number of sessions, for "evicted" only
	Ref      string // the reference number in the browser's page and the log
}

// event calls onEvent. A panic there does not fail the request.
func (m *Manager) event(ctx context.Context, e Event) {
	if m.onEvent == nil {
		return
	}
	err := recovered.Call(func() error { m.onEvent(ctx, e); return nil })
	if err != nil {
		m.site.Logger.ErrorContext(ctx, "session: OnEvent failed", "error", err,
			recovered.Stack(err))
	}
}
