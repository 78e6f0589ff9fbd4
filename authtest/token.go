package authtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-go/sallyport/session"
)

// issued is a token that was handed out.
type issued struct {
	to    *authorization
	until time.Time // zero: until it is used
	used  bool
}

// authenticated checks the client: client_secret_basic, form-decoded as RFC 6749 section 2.3.1 has
// it, or client_secret_post, but not both; or by an assertion, if there is a client key
// ([Provider.SetClientKey]).
func (p *Provider) authenticated(r *http.Request) bool {
	if needed, ok := p.byKey(r); needed {
		return ok
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		return r.PostForm.Get("client_id") == ClientID &&
			r.PostForm.Get("client_secret") == ClientSecret
	}
	if r.PostForm.Has("client_secret") {
		return false
	}
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return err1 == nil && err2 == nil && id == ClientID && secret == ClientSecret
}

// token is the token endpoint (RFC 6749 section 4.1.3).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if !p.authenticated(r) || r.URL.RawQuery != "" {
		writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		p.redeemCode(w, r)
	case "refresh_token":
		p.redeemRefreshToken(w, r)
	default:
		if !p.machineGrant(w, r) {
			writeError(w, http.StatusBadRequest,
				"unsupported_grant_type", "this grant is not known")
		}
	}
}

func (p *Provider) redeemCode(w http.ResponseWriter, r *http.Request) {
	code := r.PostForm.Get("code")
	p.mu.Lock()
	a := p.codes[code]
	delete(p.codes, code) // one use
	p.mu.Unlock()
	if a == nil || a.redirectURI != r.PostForm.Get("redirect_uri") ||
		!a.verifies(r.PostForm.Get("code_verifier")) {
		writeError(w, http.StatusBadRequest, "invalid_grant",
			"the code is unknown, used, or not for this redirect_uri and verifier")
		return
	}
	writeJSON(w, http.StatusOK, p.grant(a))
}

// redeemRefreshToken hands out new tokens for a refresh token (RFC 6749 section 6). It is replaced
// at every use, and using one twice takes all tokens of the login back (RFC 9700 section 4.14.2).
func (p *Provider) redeemRefreshToken(w http.ResponseWriter, r *http.Request) {
	token := r.PostForm.Get("refresh_token")
	p.mu.Lock()
	old, known := p.refresh[token]
	if known && old.used {
		old.to.revoked = true
	}
	refused := !known || old.to.revoked
	if known {
		old.used = true
		p.refresh[token] = old
	}
	p.mu.Unlock()
	if refused {
		writeError(w, http.StatusBadRequest,
			"invalid_grant", "the refresh token is unknown, used before, or taken back")
		return
	}
	writeJSON(w, http.StatusOK, p.grant(old.to))
}

// verifies checks PKCE (RFC 7636 section 4.6). Without OpenID Connect a request may do without, and
// its code then goes without a verifier.
func (a *authorization) verifies(verifier string) bool {
	if a.plain && a.challenge == "" {
		return verifier == ""
	}
	return a.challenge == s256(verifier)
}

func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// grant hands out the tokens of an authorization.
func (p *Provider) grant(a *authorization) map[string]any {
	now := p.time()
	access, refresh := rand.Text(), rand.Text()
	p.mu.Lock()
	lifetime := p.lifetime
	p.access[access] = issued{to: a, until: now.Add(lifetime)}
	p.refresh[refresh] = issued{to: a}
	p.mu.Unlock()
	f, _ := p.fault()
	answer := map[string]any{
		"access_token": access,
		"token_type":   "Bearer",
		"expires_in":   int(lifetime.Seconds()),
		"scope":        strings.Join(a.scopes, " "),
	}
	if slices.Contains(a.scopes, "openid") {
		answer["id_token"] = p.idToken(f, a, access, lifetime)
	}
	if slices.Contains(a.scopes, "offline_access") {
		answer["refresh_token"] = refresh
	}
	apply(f.TokenResponse, answer)
	return answer
}

// valid returns what an access token was issued to, if it still works.
func (p *Provider) valid(access string) *authorization {
	now := p.time()
	p.mu.Lock()
	defer p.mu.Unlock()
	t, known := p.access[access]
	if !known || t.to.revoked || !now.Before(t.until) {
		return nil
	}
	return t.to
}

// idToken makes the signed ID token of the token endpoint (OpenID Connect Core section 2).
func (p *Provider) idToken(
	f Faults, a *authorization, access string, lifetime time.Duration,
) string {
	claims := p.idTokenClaims(a, lifetime)
	claims["at_hash"] = halfHash(access)
	apply(f.IDToken, claims)
	token := p.Sign(claims)
	if f.IDTokenRaw != nil {
		token = f.IDTokenRaw(token)
	}
	return token
}

// frontIDToken makes the one that goes through the browser, with the hash of the code if there is
// one.
func (p *Provider) frontIDToken(f Faults, a *authorization, code string) string {
	claims := p.idTokenClaims(a, time.Hour)
	if code != "" {
		claims["c_hash"] = halfHash(code)
	}
	apply(f.FrontIDToken, claims)
	return p.Sign(claims)
}

func halfHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func (p *Provider) idTokenClaims(a *authorization, lifetime time.Duration) map[string]any {
	now := p.time()
	claims := map[string]any{
		"iss": p.Issuer(), "sub": a.login.user.Subject, "aud": a.clientID,
		"exp": now.Add(lifetime).Unix(), "iat": now.Unix(), "auth_time": a.login.at.Unix(),
		"acr": "password", "amr": []string{"pwd"}, "sid": a.login.sid,
	}
	if a.nonce != "" {
		claims["nonce"] = a.nonce
	}
	if len(a.acrValues) > 0 {
		claims["acr"] = a.acrValues[0]
	}
	maps.Copy(claims, p.profile(a))
	return claims
}

// profile are the claims about the user that the scopes open.
func (p *Provider) profile(a *authorization) map[string]any {
	u := a.login.user
	claims := map[string]any{}
	if slices.Contains(a.scopes, "profile") {
		claims["name"], claims["preferred_username"] = u.Name, u.Username
		claims["picture"] = p.pictureOf(u)
		if len(u.Roles) > 0 {
			claims["roles"] = u.Roles
		}
	}
	if slices.Contains(a.scopes, "email") && u.Email != "" {
		claims["email"], claims["email_verified"] = u.Email, u.EmailVerified
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	maps.Copy(claims, p.claims[u.Username])
	return claims
}

func (p *Provider) pictureOf(u session.User) string {
	if u.Picture != "" {
		return u.Picture
	}
	return p.base() + "/avatar/" + url.PathEscape(u.Username)
}

// Sign signs a token of the test's own making with the provider's current key. Claims are written
// as JSON, whatever they are; a []byte is signed as it is. [Faults].IDTokenHeader applies.
func (p *Provider) Sign(claims any) string {
	f, _ := p.fault()
	return p.sign(payloadOf(claims), "JWT", f.IDTokenHeader)
}

func payloadOf(claims any) []byte {
	if raw, ok := claims.([]byte); ok {
		return raw
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic("authtest: claims cannot be written as JSON: " + err.Error())
	}
	return payload
}

func (p *Provider) sign(payload []byte, typ string, fault func(header map[string]any)) string {
	key := p.signer()
	header := map[string]any{"typ": typ, "kid": key.id}
	apply(fault, header)
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key.private}, options)
	if err != nil {
		panic("authtest: " + err.Error())
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic("authtest: " + err.Error())
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		panic("authtest: " + err.Error())
	}
	return token
}

// userinfo is the userinfo endpoint (OpenID Connect Core section 5.3).
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a := p.valid(token)
	if !ok || a == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeError(w, http.StatusUnauthorized, "invalid_token", "the access token is not known")
		return
	}
	claims := p.profile(a)
	claims["sub"] = a.login.user.Subject
	f, _ := p.fault()
	apply(f.UserInfo, claims)
	writeJSON(w, http.StatusOK, claims)
}
