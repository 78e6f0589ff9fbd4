package session

import (
	"context"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// An Event is something that happened to a sign-in or a session, for audit trails and
// metrics. It holds no secret.
type Event struct {
	Time     time.Time
	Kind     string // "login", "logout", "link", "session"
	Outcome  string // "ok" or one fixed code, such as "state_mismatch"; see the package docs of handlers
	Provider string // the provider's configured name, or empty
	Issuer   string // with Subject: the user, where one is known
	Subject  string
	Count    int    // of "evicted": how many sessions; else zero
	Ref      string // the reference number that the browser's page and the log show
}

// event tells the application. A panic there is its own affair.
func (s Site) event(ctx context.Context, e Event) {
	if s.OnEvent == nil {
		return
	}
	err := recovered.Call(func() error { s.OnEvent(ctx, e); return nil })
	if err != nil {
		s.Logger.ErrorContext(ctx, "session: OnEvent failed", "error", err, recovered.Stack(err))
	}
}
