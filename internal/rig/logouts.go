package rig

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/session"
)

// DeliverLogout sends a logout token as a provider does.
func DeliverLogout(t *testing.T, app *App, name, token string) *http.Response {
	t.Helper()
	return DeliverLogoutForm(t, app, name, url.Values{"logout_token": {token}})
}

// DeliverLogoutForm is DeliverLogout with any form.
func DeliverLogoutForm(t *testing.T, app *App, name string, form url.Values) *http.Response {
	t.Helper()
	return app.Do(
		t, app.Server.Client(), "POST", "/auth/backchannel/"+name, form, "Content-Type",
		"application/x-www-form-urlencoded",
	)
}

// WantLogoutAccepted checks the answer to a good logout token.
func WantLogoutAccepted(t *testing.T, app *App, resp *http.Response) {
	t.Helper()
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusOK || body != "" {
		t.Errorf("status %d: %s, want 200\n%s", resp.StatusCode, body, app.Log())
	}
	WantPlainAnswer(t, resp)
}

// WantLogoutRefused checks the answer to a bad one, which is always the same.
func WantLogoutRefused(t *testing.T, name string, resp *http.Response) {
	t.Helper()
	if body := authtest.Body(t, resp); resp.StatusCode != http.StatusBadRequest ||
		body != `{"error":"invalid_request"}` ||
		resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: status %d: %s, want 400 and nothing about why", name, resp.StatusCode, body)
	}
	WantPlainAnswer(t, resp)
}

// WantPlainAnswer checks what no answer of the endpoint may have, and what each must.
func WantPlainAnswer(t *testing.T, resp *http.Response) {
	t.Helper()
	if resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", resp.Header.Get("Cache-Control"))
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" ||
			name == "Location" ||
			name == "Refresh" {
			t.Errorf("the answer has %s: %s", name, resp.Header.Get(name))
		}
	}
}

// Framed serves front-channel logout, with cookies that browsers send into frames.
func Framed(s *Setup) {
	s.Config.FrontchannelLogout = true
	s.Config.Session.SameSite = http.SameSiteNoneMode
	s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
}

// OpenFrame opens an address as the frame of a page of the provider does.
func OpenFrame(t *testing.T, app *App, b *http.Client, path string) *http.Response {
	t.Helper()
	return app.Get(
		t, b, path, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site",
		"cross-site",
	)
}

// FrontchannelPath is the address that names a session.
func FrontchannelPath(name, iss, sid string) string {
	return "/auth/frontchannel/" + name + "?" + url.Values{"iss": {iss}, "sid": {sid}}.Encode()
}
