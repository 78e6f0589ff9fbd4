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

// logout signs the user out. A POST always ends the session here first, and then leads to the
// provider's logout if there is one (OpenID Connect RP-Initiated Logout 1.0). A GET shows a page
// with a button, because a link or an image on another site must not sign users out. POSTs from
// other sites are rejected. A script gets JSON instead of a redirect; see [routes.answerLogout].
func (h *routes) logout(w http.ResponseWriter, r *http.Request) {
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
	target := h.afterLogout(w, r, s, returnTo)
	if !answer.WantsPage(r) || answer.IsHTMX(r) {
		h.answerLogout(w, r, target)
		return
	}
	redirect(w, target)
}

// askLogout shows the page with the button.
func (h *routes) askLogout(w http.ResponseWriter, r *http.Request) {
	signOut := h.button(r, h.LogoutURL(""), "sign_out")
	e := failed("ask_logout", nil, signOut, h.homeAs("stay_signed_in"))
	h.config.Logout.Show(w, r, e)
}

// button returns a button that POSTs to a route and keeps the return address of the request.
func (h *routes) button(r *http.Request, action, key string) problem.Link {
	button := problem.Link{Href: action, TextKey: key, Post: true}
	if to := h.returns.clean(queryOf(r).Get("return_to")); to != h.returns.start() {
		button.Fields = map[string]string{"return_to": to}
	}
	return button
}

// postedReturn reads return_to from the form or from the query. It returns "" if there is none.
func (h *routes) postedReturn(w http.ResponseWriter, r *http.Request) string {
	// an unreadable one is the same as none: signing out must not fail by it
	form, _ := formOf(w, r)
	raw := cmp.Or(form.Get("return_to"), queryOf(r).Get("return_to"))
	if raw == "" {
		return ""
	}
	return h.returns.clean(raw)
}

// revokeTimeout limits the revocation of tokens, which runs in the background.
const revokeTimeout = 10 * time.Second

// revoke revokes the session's tokens with the provider, in the background: signing out must not
// depend on it.
func (h *routes) revoke(r *http.Request, s *session.Session) {
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
			"provider", s.Provider, "cause", answer.Printable(err.Error()), recovered.Stack(err))
	}
	recovered.Go(func() {
		defer cancel()
		if err := p.Revoke(ctx, tokens); err != nil {
			failed(err)
		}
	}, failed)
}

// logoutDone reports the event and calls Hooks.Logout.
func (h *routes) logoutDone(r *http.Request, s *session.Session) {
	if s == nil {
		return
	}
	h.config.Logout.Event(r.Context(), session.Event{
		Outcome: "ok", Provider: s.Provider, Issuer: s.User.Issuer, Subject: s.User.Subject,
	})
	hook := h.hooks.Logout
	if hook == nil {
		return
	}
	if err := recovered.Call(func() error { hook(r.Context(), s); return nil }); err != nil {
		h.config.Logout.Logger.ErrorContext(r.Context(), "sallyport: Hooks.Logout failed",
			"error", answer.Printable(err.Error()), recovered.Stack(err))
	}
}

func (h *routes) logoutError(err error) *problem.Error {
	e := h.loginError("", err)
	answer.Reword(e, "not_signed_out")
	again := problem.Link{Href: h.config.Paths.Prefix + "/logout", TextKey: "try_again"}
	e.Links = []problem.Link{again, h.toHome()}
	return e
}

// afterLogout returns the URL to redirect to: that of the provider's logout, which returns to
// loggedOut, or the return address.
func (h *routes) afterLogout(w http.ResponseWriter, r *http.Request, s *session.Session,
	returnTo string) string {
	here := h.config.Paths.Prefix + "/logged-out"
	if returnTo != "" {
		here = returnTo
	}
	if s == nil {
		return here
	}
	found, err := h.config.Providers.Find(r.Context(), s.Provider)
	p, ok := found.(provider.SessionEnder)
	if err != nil || !ok {
		return here
	}
	state := rand.Text()
	there, err := recovered.Get(func() (string, error) {
		return p.EndSessionURL(r.Context(), h.logoutRequest(s, state)), nil
	})
	switch {
	case err != nil:
		h.config.Logout.Logger.ErrorContext(r.Context(), "sallyport: no logout at the provider",
			"provider", s.Provider, "cause", answer.Printable(err.Error()), recovered.Stack(err))
		return here
	case there == "":
		return here
	// the browser will come back without it, and just get the page
	case !strings.Contains(there, state):
		return there
	case h.keepLogout(w, state, returnTo) != nil:
		return here
	}
	return there
}

// logoutRequest describes the session to the provider. The ID token and the claims are optional.
func (h *routes) logoutRequest(s *session.Session, state string) provider.EndSession {
	tokens, _ := s.Tokens()
	var claims json.RawMessage
	_ = s.Claims(&claims)
	end := provider.EndSession{IDToken: tokens.IDToken, Claims: claims}
	if h.config.Relay == nil { // the provider knows the redirect URI of the relay only
		end.State = state
		end.ReturnURL = h.config.Origin.String() + h.config.Paths.Prefix + "/logged-out"
	}
	return end
}
