package authtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// SetBackchannelLogout registers where the application takes logout tokens (OpenID Connect
// Back-Channel Logout 1.0), such as baseURL + "/auth/backchannel/op". From then on the provider
// sends one there whenever a user signs out of it. Empty means nowhere.
func (p *Provider) SetBackchannelLogout(uri string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backchannel = uri
}

// LogoutToken returns a logout token for a user: for all sessions, or for the one with the given
// sid.
func (p *Provider) LogoutToken(username string, sid ...string) string {
	return p.SignLogout(p.LogoutClaims(username, sid...))
}

// LogoutClaims returns what LogoutToken has in it, for a test to change before SignLogout.
func (p *Provider) LogoutClaims(username string, sid ...string) map[string]any {
	user, known := p.user(username)
	if !known {
		panic("authtest: there is no user " + username)
	}
	now := p.time()
	claims := map[string]any{
		"iss": p.Issuer(),
		"sub": user.Subject,
		"aud": ClientID,
		"iat": now.Unix(),
		"exp": now.Add(2 * time.Minute).Unix(),
		"jti": rand.Text(),
		"events": map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{},
		},
	}
	if len(sid) > 0 {
		claims["sid"] = sid[0]
	}
	return claims
}

// SignLogout signs the claims of a logout token. Faults apply to it.
func (p *Provider) SignLogout(claims map[string]any) string {
	f, _ := p.fault()
	apply(f.LogoutToken, claims)
	token := p.sign(payloadOf(claims), "logout+jwt", f.LogoutTokenHeader)
	if f.LogoutTokenRaw != nil {
		token = f.LogoutTokenRaw(token)
	}
	return token
}

// Sessions returns the sids of a user's sessions at the provider, the oldest first.
func (p *Provider) Sessions(username string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var logins []*login
	for _, l := range p.logins {
		if l.user.Username == username {
			logins = append(logins, l)
		}
	}
	slices.SortFunc(logins, func(a, b *login) int { return a.number - b.number })
	var sids []string
	for _, l := range logins {
		if !slices.Contains(sids, l.sid) {
			sids = append(sids, l.sid)
		}
	}
	return sids
}

// EndSessions ends all sessions of a user at the provider, as an administrator would, and sends the
// application one logout token without a sid. The error tells that it was not taken.
func (p *Provider) EndSessions(username string) error {
	p.mu.Lock()
	for cookie, l := range p.logins {
		if l.user.Username == username {
			delete(p.logins, cookie)
		}
	}
	p.mu.Unlock()
	return p.SendLogout(p.LogoutToken(username))
}

// SendLogout sends a logout token to the application. The error tells that it was not taken, or
// that nothing is registered.
func (p *Provider) SendLogout(token string) error {
	p.mu.Lock()
	uri := p.backchannel
	p.mu.Unlock()
	if uri == "" {
		return errors.New("authtest: no back-channel logout is registered (SetBackchannelLogout)")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	form := url.Values{"logout_token": {token}}
	req, err := http.NewRequestWithContext(
		ctx, http.MethodPost, uri, strings.NewReader(form.Encode()),
	)
	if err != nil {
		return fmt.Errorf("authtest: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := outbound()
	transport.DisableKeepAlives = true
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("authtest: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf(
			"authtest: the application answers a logout token with status %d: %s",
			resp.StatusCode, body,
		)
	}
	return nil
}
