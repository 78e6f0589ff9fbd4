package handlers

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/problem"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Logout signs out. A POST ends the session here, first and always, then leads to the provider's logout if
// it has one (OpenID Connect RP-Initiated Logout 1.0). A GET shows a button that POSTs: a link or an image
// on another site must not sign anybody out. POSTs of other sites are refused.
func (h *Handlers) Logout(w http.ResponseWriter, r *http.Request) {
	if !h.admit(w, r, h.config.Logout, http.MethodGet, http.MethodPost) {
		return
	}
	if r.Method == http.MethodGet {
		h.askLogout(w, r)
		return
	}
	if err := h.crossing.Check(r); err != nil {
		h.config.Logout.Fail(w, r, h.errCrossSite(err))
		return
	}
	returnTo := h.postedReturn(w, r)
	s, err := h.config.Sessions.Load(r) // without a session there is just less to do
	if err != nil {
		s, _ = h.config.Sessions.LoadExpired(r)
	}
	if err := h.config.Sessions.End(w, r); err != nil {
		h.config.Logout.Fail(w, r, h.logoutError(err))
		return
	}
	h.revoke(r, s)
	h.logoutDone(r, s)
	redirect(w, h.afterLogout(w, r, s, returnTo))
}

// askLogout is the page with the button.
func (h *Handlers) askLogout(w http.ResponseWriter, r *http.Request) {
	e := failed("ask_logout", nil, h.homeAs(answer.StaySignedIn))
	e.Form = h.form(r, h.LogoutURL(""), answer.SignOut)
	h.config.Logout.Show(w, r, e)
}

// form is a button that POSTs, and hands on where the request wants to return to.
func (h *Handlers) form(r *http.Request, action, button string) *problem.Form {
	form := &problem.Form{Action: action, Button: button}
	if to := h.returns.clean(queryOf(r).Get("return_to")); to != h.returns.start() {
		form.Hidden = map[string]string{"return_to": to}
	}
	return form
}

// postedReturn reads return_to from the form or from the query of the form's action. Empty means that there is none.
func (h *Handlers) postedReturn(w http.ResponseWriter, r *http.Request) string {
	form, _ := formOf(w, r) // an unreadable one is the same as none: signing out must not fail by it
	raw := cmp.Or(form.Get("return_to"), queryOf(r).Get("return_to"))
	if raw == "" {
		return ""
	}
	return h.returns.clean(raw)
}

// revokeTimeout bounds taking the tokens back, which nobody waits for.
const revokeTimeout = 10 * time.Second

// revoke takes the session's tokens back at the provider, in the background: signing out must not depend on it.
func (h *Handlers) revoke(r *http.Request, s *session.Session) {
	if s == nil {
		return
	}
	tokens, err := s.Tokens()
	if err != nil {
		return // nothing to take back
	}
	found, err := h.config.Providers.Find(r.Context(), s.Provider)
	p, ok := found.(provider.Revoker)
	if err != nil || !ok {
		return // who cannot be found now cannot be asked
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), revokeTimeout)
	failed := func(err error) {
		h.config.Logout.Logger.WarnContext(ctx, "sallyport: tokens not revoked",
			"provider", s.Provider, "cause", problem.Printable(err.Error()), recovered.Stack(err))
	}
	recovered.Go(func() {
		defer cancel()
		if err := p.Revoke(ctx, tokens); err != nil {
			failed(err)
		}
	}, failed)
}

// logoutDone tells the application.
func (h *Handlers) logoutDone(r *http.Request, s *session.Session) {
	if s == nil {
		return
	}
	h.config.Logout.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: s.Provider, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
	hook := h.config.Hooks.Logout
	if hook == nil {
		return
	}
	if err := problem.Call(func() error { hook(r.Context(), s); return nil }); err != nil {
		h.config.Logout.Logger.ErrorContext(r.Context(), "sallyport: Hooks.Logout failed",
			"error", problem.Printable(err.Error()), recovered.Stack(err))
	}
}

func (h *Handlers) logoutError(err error) *problem.Error {
	e := h.loginError("", err)
	e.Title, e.Text = answer.NotSignedOut.Title, answer.NotSignedOut.Text
	e.Links = []problem.Link{{Href: h.config.Prefix + "/logout", Text: answer.TryAgain}, h.toHome()}
	return e
}

// afterLogout is where the browser goes: to the provider, which sends it back to LoggedOut, or directly.
func (h *Handlers) afterLogout(w http.ResponseWriter, r *http.Request, s *session.Session, returnTo string) string {
	here := h.config.Prefix + "/logged-out"
	if returnTo != "" {
		here = returnTo
	}
	if s == nil {
		return here
	}
	found, err := h.config.Providers.Find(r.Context(), s.Provider)
	p, ok := found.(provider.LogoutURLer)
	if err != nil || !ok {
		return here
	}
	state := rand.Text()
	there, err := recovered.Get(func() (string, error) {
		return p.LogoutURL(r.Context(), h.logoutRequest(s, state)), nil
	})
	switch {
	case err != nil:
		h.config.Logout.Logger.ErrorContext(r.Context(), "sallyport: no logout at the provider",
			"provider", s.Provider, "cause", problem.Printable(err.Error()), recovered.Stack(err))
		return here
	case there == "":
		return here
	case !strings.Contains(there, state): // the browser will come back without it, and just get the page
		return there
	case h.keepLogout(w, state, returnTo) != nil:
		return here
	}
	return there
}

// logoutRequest is what the provider is told. Without an ID token, or claims, it has to do without.
func (h *Handlers) logoutRequest(s *session.Session, state string) provider.Logout {
	tokens, _ := s.Tokens()
	var claims json.RawMessage
	_ = s.Claims(&claims)
	return provider.Logout{
		IDToken: tokens.IDToken, Claims: claims, State: state,
		ReturnURL: h.config.BaseURL.String() + h.config.Prefix + "/logged-out",
	}
}
