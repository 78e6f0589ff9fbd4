package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/session"
)

// authTimeLeeway is the accepted difference between the clock by which the application states an
// AuthTime and ours.
const authTimeLeeway = time.Minute

// SignIn starts the session of a user whom the application has authenticated itself; see
// sallyport.Auth.SignIn. The check comes first: a page of another site could sign the user in to
// another account (login CSRF).
func (h *routes) SignIn(w http.ResponseWriter, r *http.Request, s *session.Session) error {
	if err := h.config.Crossing.Check(r); err != nil {
		return failed("cross_site", err, h.toHome())
	}
	own, err := h.ownSession(s)
	if err != nil {
		return fmt.Errorf("handlers: SignIn: %w", err)
	}
	if err := h.config.Sessions.StartAfter(w, r, own, ""); err != nil {
		return h.signInError(err)
	}
	*s = *own
	h.config.Login.Event(r.Context(), session.Event{
		Outcome: "ok", Issuer: own.User.Issuer, Subject: own.User.Subject,
	})
	return nil
}

// ownSession returns the session to start. What identifies a provider's session must be empty, so
// that an application cannot start one of those by mistake.
func (h *routes) ownSession(s *session.Session) (*session.Session, error) {
	if s == nil {
		return nil, errors.New("the session is nil")
	}
	for _, reserved := range []struct{ field, value string }{
		{"User.Issuer", s.User.Issuer}, {"User.Tenant", s.User.Tenant}, {"Provider", s.Provider},
		{"Registration", s.Registration}, {"SID", s.SID}, {"ID", s.ID},
	} {
		if reserved.value != "" {
			return nil, fmt.Errorf("%s is set: leave it empty, and build a new Session for each "+
				"sign-in", reserved.field)
		}
	}
	if !utf8.ValidString(s.User.Subject) { // invalid bytes would be equal in User.Key
		return nil, errors.New("User.Subject is not valid UTF-8: use another form of the user ID")
	}
	if _, err := s.Tokens(); !errors.Is(err, session.ErrNoTokens) {
		return nil, errors.New("the session has tokens: only the sessions of providers have some")
	}
	now := h.config.Sessions.Now()
	if s.AuthTime.After(now.Add(authTimeLeeway)) {
		return nil, fmt.Errorf("AuthTime %v is in the future: set when the user authenticated",
			s.AuthTime)
	}
	own := s.Clone()
	own.User.Issuer, own.Epoch, own.Issued = session.OwnIssuer, 0, time.Time{}
	if own.AuthTime.IsZero() {
		own.AuthTime = now
	}
	return own, nil
}

// signInError is an error of Manager.Start. The login routes give the answers to these.
func (h *routes) signInError(err error) error {
	_, large := errors.AsType[*session.TooLargeError](err)
	if large || errors.Is(err, session.ErrStore) {
		return h.loginError("", err)
	}
	return err
}

var errImitation = errors.New("the issuer of the user is session.OwnIssuer, which is reserved " +
	"for the application's own logins")
