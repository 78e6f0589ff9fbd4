package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/session"
)

// sessionInfo is what the session endpoint answers.
type sessionInfo struct {
	User   *session.User  `json:"user"` // null: signed out
	Claims map[string]any `json:"claims,omitempty"`

	ExpiresIn int64 `json:"expires_in,omitempty"` // seconds until the session ends in any case
	IdleIn    int64 `json:"idle_in,omitempty"`    // seconds until it ends without activity

	// Revalidate says that the session has to be confirmed by the provider (Session.Revalidate)
	// before it is known who the user is. A POST does that, if it can be done without the user.
	Revalidate bool `json:"revalidate,omitempty"`

	LoginURL    string `json:"login_url"`
	LogoutURL   string `json:"logout_url"`
	ReturnParam string `json:"return_param"` // of both URLs
}

// sessionInfo tells the application's own pages who is signed in and for how long, without tokens.
// A GET is no activity: it moves no limit and sets no cookie. A POST extends the session, like a
// request that a guard admits.
func (h *routes) sessionInfo(w http.ResponseWriter, r *http.Request) {
	if !h.ownPages(w, r, http.MethodGet, http.MethodHead, http.MethodPost) {
		return
	}
	s, err := h.config.Sessions.Load(r)
	switch {
	case errors.Is(err, session.ErrStore):
		h.config.Login.FailJSON(w, r, h.loginError("", err))
	case err != nil:
		writeJSON(w, r, h.describe(nil))
	case r.Method == http.MethodPost:
		h.config.RequireAuth(http.HandlerFunc(h.extend)).ServeHTTP(w, r)
	case h.config.Sessions.Due(s):
		info := h.describe(nil)
		info.Revalidate = true
		writeJSON(w, r, info)
	default:
		h.writeSession(w, r, s)
	}
}

// extend moves the idle limit. The guard around it has revalidated the session if that was due.
func (h *routes) extend(w http.ResponseWriter, r *http.Request) {
	s, ok := session.FromContext(r.Context())
	if !ok {
		writeJSON(w, r, h.describe(nil))
		return
	}
	if err := h.config.Sessions.Extend(w, r, s); err != nil {
		h.config.Login.FailJSON(w, r, h.loginError("", err))
		return
	}
	h.writeSession(w, r, s)
}

func (h *routes) writeSession(w http.ResponseWriter, r *http.Request, s *session.Session) {
	info := h.describe(s)
	claims, err := h.claimsOf(r.Context(), s)
	if err != nil {
		h.config.Login.FailJSON(w, r, h.loginError("", h.refused(err)))
		return
	}
	info.Claims = claims
	writeJSON(w, r, info)
}

// claimsOf calls the application's SessionClaims.
func (h *routes) claimsOf(ctx context.Context, s *session.Session) (map[string]any, error) {
	choose := h.config.SessionClaims
	if choose == nil {
		return nil, nil
	}
	return recovered.Get(func() (map[string]any, error) { return choose(ctx, s) })
}

// describe returns everything but the claims. A nil session means anonymous.
func (h *routes) describe(s *session.Session) sessionInfo {
	info := sessionInfo{
		LoginURL: h.LoginURL(""), LogoutURL: h.LogoutURL(""), ReturnParam: returnParam,
	}
	if s == nil {
		return info
	}
	now := h.config.Sessions.Now()
	info.User = &s.User
	info.ExpiresIn = seconds(s.Expires.Sub(now))
	info.IdleIn = seconds(h.config.Sessions.IdleEnd(s).Sub(now))
	return info
}

// seconds rounds down, so that the session does not end earlier than announced, but never to zero:
// the session is valid now.
func seconds(d time.Duration) int64 { return max(int64(d/time.Second), 1) }
