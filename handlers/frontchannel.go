package handlers

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// frontchannelLogout serves the page that a page of the provider shows in a frame to sign the user
// out (OpenID Connect Front-Channel Logout 1.0), if Config.FrontchannelLogout is set. Other sites
// can cause this GET, so it ends only the session of this browser, and only if the request names
// both its issuer and its sid. Other requests just get the page. The tokens are not revoked.
func (h *routes) frontchannelLogout(w http.ResponseWriter, r *http.Request) {
	if !h.config.FrontchannelLogout || !h.config.Sessions.Revocable() {
		h.config.Login.Fail(w, r, h.errNotFound())
		return
	}
	name, p, err := h.provider(r, "frontchannel")
	if errors.Is(err, provider.ErrUnavailable) {
		h.config.Logout.Fail(w, r, h.loginError(name, err))
		return
	}
	var origins []string
	if d, ok := p.(provider.Describer); ok {
		origins = d.Describe().LogoutOrigins
	}
	if origins == nil {
		h.config.Login.Fail(w, r, h.errNotFound())
		return
	}
	if !h.admit(w, r, h.config.Logout, http.MethodGet) {
		return
	}
	if s := h.namedSession(r, name); s != nil {
		if err := h.config.Sessions.End(w, r); err != nil {
			h.config.Logout.Fail(w, r, h.logoutError(err))
			return
		}
		h.logoutDone(r, s)
	}
	writeFramed(w, origins)
}

// namedSession returns the session of the request if the query names it exactly, else nil.
func (h *routes) namedSession(r *http.Request, name string) *session.Session {
	query, err := strictQueryOf(r)
	if err != nil || len(query["iss"]) != 1 || len(query["sid"]) != 1 || query.Get("sid") == "" {
		return nil
	}
	s, err := h.config.Sessions.Load(r)
	if err != nil || s.Provider != name || s.User.Issuer != query.Get("iss") ||
		s.SID != query.Get("sid") {
		return nil
	}
	return s
}

// writeFramed writes an empty page for frames on these origins. Users do not see it.
func writeFramed(w http.ResponseWriter, origins []string) {
	ancestors := "'none'"
	if len(origins) > 0 {
		ancestors = strings.Join(origins, " ")
	}
	answer.Protect(w.Header())
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors "+ancestors)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!doctype html>\n<html lang=\"en\">\n<title>Sign-out</title>\n</html>\n")
}
