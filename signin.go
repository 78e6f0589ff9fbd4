package sallyport

import (
	"errors"
	"net/http"

	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/session"
)

// SignIn starts a session for a user authenticated by the application itself: by password, passkey
// or magic link, or by an older session to migrate. Guards admit the user, and the session is
// listed, ended and limited (Session.Lifetime, Session.Idle) like any other. Call it before the
// response's first byte, then redirect:
//
//	err := auth.SignIn(w, r, &session.Session{User: session.User{Subject: account.ID}})
//	if err != nil {
//		auth.Refuse(w, r, err)
//		return
//	}
//	http.Redirect(w, r, auth.ReturnTo(r.PostFormValue("return_to")), http.StatusSeeOther)
//
// User.Subject is required: an ID that never changes and is never given to another user. The other
// fields of User, AuthTime (default: now), ACR, AMR, an earlier Expires, Values and SetClaims are
// optional. Fields that identify a session at a provider must be empty: SignIn sets User.Issuer to
// session.OwnIssuer and fills in s. It gives the session a new ID and ends the previous session of
// the request. It does not call Hooks.Login.
//
// RequireRecent and RequireACR send the user to Config.StepUpPage, which calls SignIn again.
// Revalidate and token refreshes do not apply, and Client and TokenSource return
// session.ErrNoTokens. Signing out involves no provider.
//
// Requests with unsafe methods from other sites are rejected with a *[problem.Error], except from
// TrustedOrigins. A GET is accepted, for migrations. A link in an email must lead to a page that
// confirms the sign-in by POST, because mail scanners open links and attackers send them. Other
// errors are those of the store, a *session.TooLargeError, and mistakes in s. Pass them to Refuse.
func (a *Auth) SignIn(w http.ResponseWriter, r *http.Request, s *session.Session) error {
	return a.routes.SignIn(w, r, s)
}

// acceptOwn accepts the sessions of own logins. They have a reserved issuer and no provider, both
// of which no provider or tenant can have.
func acceptOwn(l engine.Login) error {
	if l.Provider != "" || l.Registration != "" || l.Issuer != session.OwnIssuer {
		return errNotOwn
	}
	return nil
}

var errNotOwn = errors.New(`sallyport: a session of an own login has Provider "" and Issuer ` +
	`session.OwnIssuer: use Auth.SignIn`)
