package authtest

import (
	"net/http"

	"github.com/sallyport-go/sallyport/session"
)

// WithSession returns the request as it comes from a signed-in user: session.FromContext finds s, and the
// guards let it pass as if it had been read from a cookie.
//
//	r := authtest.WithSession(httptest.NewRequest("GET", "/profile", nil), &session.Session{
//		User: session.User{Issuer: "https://login.example.com", Subject: "1001", Name: "Alice"},
//	})
func WithSession(r *http.Request, s *session.Session) *http.Request {
	return r.WithContext(session.NewContext(r.Context(), s))
}
