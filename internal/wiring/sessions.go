package wiring

import (
	"context"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/cookies"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/session"
)

// Sessions is the session manager as the login routes and the guards see it. session.New returns
// one: a session.Manager, with methods that applications do not need. Package session documents
// them.
type Sessions interface {
	// Methods of session.Manager.
	Load(r *http.Request) (*session.Session, error)
	Start(w http.ResponseWriter, r *http.Request, s *session.Session) error
	Save(w http.ResponseWriter, r *http.Request, s *session.Session) error
	End(w http.ResponseWriter, r *http.Request) error
	Extend(w http.ResponseWriter, r *http.Request, s *session.Session) error
	IdleEnd(s *session.Session) time.Time
	Watch(ctx context.Context, s *session.Session) (context.Context, context.CancelFunc)
	Revocable() bool
	Stored() bool // in a ServerStore

	Lists() bool // the sessions are in a ServerStore

	// The session of the request.
	Attach(ctx context.Context, s *session.Session) context.Context
	Attached(ctx context.Context) (s *session.Session, mounted bool)
	Use(ctx context.Context) context.Context

	// A login.
	Epoch(ctx context.Context) (uint64, error)
	Name(s *session.Session) string
	Names(name string, s *session.Session) bool
	StartAfter(w http.ResponseWriter, r *http.Request, s *session.Session, name string) error

	// A session that goes on.
	Renew(w http.ResponseWriter, r *http.Request, s *session.Session) (bool, error)
	Due(s *session.Session) bool
	Continue(w http.ResponseWriter, r *http.Request, s *session.Session,
		renew func() (*session.Session, error)) error
	Refresh(w http.ResponseWriter, r *http.Request, s *session.Session,
		good func(*session.Session, session.Tokens) bool,
		renew func(ctx context.Context, s *session.Session, store func(*session.Session)) (
			*session.Session, error),
	) (*session.Session, error)

	// The end of sessions.
	Discard(w http.ResponseWriter, r *http.Request) error
	LoadExpired(r *http.Request) (*session.Session, error)
	EndProviderSessions(ctx context.Context, l engine.ProviderLogout) error

	// Sealed values, cookies, messages that are processed once, and the clock.
	Seal(t engine.Ticket, plain []byte) (string, error)
	Unseal(t engine.Ticket, text string) ([]byte, error)
	Cookies() cookies.Jar
	CookieName() string
	Once(ctx context.Context, key string, keep time.Duration, f func(context.Context) error) (
		bool, error)
	Now() time.Time
}
