package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/engine"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// backchannelLogout ends the sessions that a logout token of the provider names (OpenID Connect
// Back-Channel Logout 1.0). It needs no authentication, so the response says only whether the token
// was valid: an unknown session gets the same response, after the same work, as a known one. The
// route exists only if sessions can be revoked.
func (h *routes) backchannelLogout(w http.ResponseWriter, r *http.Request) {
	name, p, lookup := h.provider(r, "backchannel")
	verifier, able := p.(provider.LogoutVerifier)
	away := errors.Is(lookup, provider.ErrUnavailable)
	if !able && !away || !h.config.Sessions.Revocable() {
		h.config.Login.Fail(w, r, h.errNotFound())
		return
	}
	if !h.admit(w, r, h.config.Logout, http.MethodPost) {
		return
	}
	about := session.Event{Outcome: "ok", Provider: name}
	if away {
		h.refuseLogout(w, r, about, lookup)
		return
	}
	if err := h.endProviderSessions(w, r, verifier, &about); err != nil {
		h.refuseLogout(w, r, about, err)
		return
	}
	h.config.Logout.Event(r.Context(), about)
	answer.Protect(w.Header())
	w.WriteHeader(http.StatusOK)
}

// endProviderSessions executes a logout token, once. It completes the event.
func (h *routes) endProviderSessions(w http.ResponseWriter, r *http.Request,
	v provider.LogoutVerifier, about *session.Event) error {
	// 1. Find the token.
	raw, err := logoutToken(w, r)
	if err != nil {
		return failed("bad_request", err)
	}
	// 2. Let the provider verify it: until then, a forged token must not use up an ID.
	ctx, cancel := context.WithTimeout(r.Context(), providerTimeout)
	defer cancel()
	token, err := v.VerifyLogoutToken(ctx, raw)
	if err != nil {
		return err
	}
	about.Issuer, about.Subject = token.Issuer, token.Subject
	// 3. End the sessions, unless this token has come before.
	sessions := h.config.Sessions
	ended := engine.ProviderLogout{
		Provider: about.Provider, Issuer: token.Issuer, Subject: token.Subject, SID: token.SID,
		IssuedAt: token.IssuedAt,
	}
	keep := max(token.Until.Sub(sessions.Now()), 0) + replaySkew
	first, err := sessions.Once(ctx, logoutKey(about.Provider, token), keep,
		func(ctx context.Context) error {
			return recovered.Call(func() error { return sessions.EndProviderSessions(ctx, ended) })
		})
	if err == nil && !first {
		err = failed("logout_replayed", nil)
	}
	return err
}

const (
	// replaySkew is how far the clocks of processes that remember a token together may be apart.
	replaySkew = time.Minute

	formType = "application/x-www-form-urlencoded"
)

// logoutToken reads the one parameter of a back-channel logout (section 2.5). It must be in the
// body, because URLs are logged. Other parameters are ignored, as the specification requires.
func logoutToken(w http.ResponseWriter, r *http.Request) (string, error) {
	query, err := strictQueryOf(r)
	if err != nil || query.Has("logout_token") {
		return "", errors.New("the query is not readable, or has the token in it")
	}
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return "", errors.New("there is no Content-Type, or more than one")
	}
	if media, _, err := mime.ParseMediaType(types[0]); err != nil || media != formType {
		return "", errors.New("the body is no form")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxParams))
	if err != nil {
		return "", errors.New("the body is not readable or too long")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", errors.New("the form is not readable") // the error's text would quote it
	}
	tokens := form["logout_token"]
	if len(tokens) != 1 {
		return "", fmt.Errorf("the form has %d logout tokens", len(tokens))
	}
	return tokens[0], nil
}

// logoutKey names a logout token uniquely among those of all providers.
func logoutKey(name string, t *provider.LogoutToken) string {
	sum := sha256.Sum256([]byte("logout " + strconv.Quote(name) + strconv.Quote(t.Issuer) +
		strconv.Quote(t.ID)))
	return name + "." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// refuseLogout answers a back-channel logout that failed. The status is 400 even if the fault is
// ours (section 2.8), and only the log has the cause.
func (h *routes) refuseLogout(w http.ResponseWriter, r *http.Request, about session.Event,
	err error) {
	e := h.loginError(about.Provider, err)
	code := "invalid_request"
	if e.Status >= 500 { // the token may be good; the provider may try again
		code = "temporarily_unavailable"
	}
	h.config.Logout.Log(r.Context(), e)
	about.Outcome = e.Code
	h.config.Logout.Event(r.Context(), about)
	answer.Protect(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	io.WriteString(w, `{"error":"`+code+`"}`)
}
