package authtest

import "net/http"

// revoke takes a token back (RFC 7009): a refresh token with everything that came from the login,
// an access token alone.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	if !p.authenticated(r) {
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	token := r.PostForm.Get("token")
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, known := p.refresh[token]; known {
		t.to.revoked = true
	}
	delete(p.access, token)
}

// RevokeAccessTokens takes back all access tokens, but not the refresh tokens: APIs answer 401 from
// now on although the tokens have not expired.
func (p *Provider) RevokeAccessTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.access)
	clear(p.oauth1.tokens)
}

// RevokeLogins takes back all tokens, as when an administrator ends the users' sessions.
func (p *Provider) RevokeLogins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.access)
	clear(p.refresh)
	clear(p.oauth1.tokens)
}
