package authtest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/internal/loopback"
)

// SetFrontchannelLogout registers what the provider shows in a frame when a user signs out of it
// (OpenID Connect Front-Channel Logout
// 1.0), such as baseURL + "/auth/frontchannel/op". Empty means nothing.
func (p *Provider) SetFrontchannelLogout(uri string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frontchannel = uri
}

// endSession signs out (OpenID Connect RP-Initiated Logout 1.0), tells the application, and sends
// the browser back if it may.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	v := page{Title: "You are signed out", Text: "You have signed out of the provider."}
	if l, ok := p.current(r); ok {
		p.forget(r)
		_ = p.SendLogout(
			p.LogoutToken(l.user.Username, l.sid),
		) // the provider has done its part, whatever the application does
		v.Frame = p.frame(l.sid)
	}
	back := returnAddress(r.Form)
	switch {
	case back != "" && v.Frame == "":
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	case back != "":
		v.Continue = back
	}
	p.page(w, http.StatusOK, v)
}

// forget ends the session of the browser at the provider.
func (p *Provider) forget(r *http.Request) {
	cookie, err := r.Cookie(p.cookieName())
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.logins, cookie.Value)
}

// returnAddress is where the application wants the user to go, if that is permitted.
func returnAddress(form url.Values) string {
	back := form.Get("post_logout_redirect_uri")
	if !loopback.URL(back) || form.Get("client_id") != ClientID && form.Get("id_token_hint") == "" {
		return ""
	}
	if state := form.Get("state"); state != "" {
		back += "?" + url.Values{"state": {state}}.Encode()
	}
	return back
}

// frame is the address of the application's logout for a session, or empty.
func (p *Provider) frame(sid string) string {
	p.mu.Lock()
	uri := p.frontchannel
	p.mu.Unlock()
	if uri == "" {
		return ""
	}
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + url.Values{"iss": {p.Issuer()}, "sid": {sid}}.Encode()
}
