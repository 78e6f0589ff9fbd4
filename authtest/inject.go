package authtest

import (
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// WithSession returns the request as it comes from a signed-in user: session.FromContext finds s,
// and the guards admit it as if it had been read from a cookie.
//
//	r := authtest.WithSession(httptest.NewRequest("GET", "/profile", nil), &session.Session{
//		User: session.User{Issuer: "https://login.example.com", Subject: "1001", Name: "Alice"},
//	})
//
// Only sessions that a request can have are accepted: with a session that has expired, or a nil
// one, the request comes from a signed-out user, and WithSession panics if there is no
// User.Subject. Guards go by the clock of session.Config.Now, WithSession by time.Now.
func WithSession(r *http.Request, s *session.Session) *http.Request {
	if s != nil && s.User.Subject == "" {
		panic(
			"authtest: WithSession: the session has no user, which no request can have: set " +
				"User.Issuer and User.Subject, " +
				"or pass nil for a signed-out user",
		)
	}
	if s != nil && !s.Expires.IsZero() && !s.Expires.After(time.Now()) {
		s = nil
	}
	return r.WithContext(session.NewContext(r.Context(), s))
}
