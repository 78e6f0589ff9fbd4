package authtest

import (
	"net/http"
	"net/http/httptest"

	"github.com/sallyport-go/sallyport/session"
)

// Cookies returns the cookies of a new session, for browser tests that start signed in:
//
//	cookies := authtest.Cookies(auth, &session.Session{
//		User: session.User{Subject: "1001", Name: "Alice", Roles: []string{"admin"}},
//	})
//
// auth is a *sallyport.Auth. The session is one of an own login, started by Auth.SignIn, whose
// rules apply: guards admit the user, and User.Issuer is session.OwnIssuer. To test the login with
// a provider, use [SignIn]. Cookies panics if the session cannot be started.
func Cookies(auth interface {
	SignIn(w http.ResponseWriter, r *http.Request, s *session.Session) error
}, s *session.Session) []*http.Cookie {
	w := httptest.NewRecorder()
	if err := auth.SignIn(w, httptest.NewRequest(http.MethodPost, "/", nil), s); err != nil {
		panic("authtest: Cookies: " + err.Error())
	}
	return w.Result().Cookies()
}
