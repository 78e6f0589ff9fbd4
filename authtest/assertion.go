package authtest

import (
	"crypto"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
)

// SetClientKey makes the provider know the client by a key instead of its secret (private_key_jwt, OpenID Connect Core section 9).
// Set provider.OIDC.ClientKey to the private one, and ClientSecret to nothing.
func (p *Provider) SetClientKey(public crypto.PublicKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clientKey = public
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// asserted checks a client assertion (RFC 7523 section 3): signed by the client's key, about the client, for this provider alone, not
// over, and new.
func (p *Provider) asserted(form url.Values, key crypto.PublicKey) bool {
	algorithms := []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), algorithms)
	if err != nil || form.Get("client_assertion_type") != assertionType || form.Has("client_secret") {
		return false
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return false
	}
	var claims struct {
		Iss, Sub, Aud, Jti string
		Iat, Exp           int64
	}
	now := p.time().Unix()
	if json.Unmarshal(payload, &claims) != nil || claims.Iss != ClientID || claims.Sub != ClientID || claims.Aud != p.Issuer() ||
		claims.Iat > now || claims.Exp <= now || claims.Jti == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.assertions[claims.Jti]
	p.assertions[claims.Jti] = true
	return !known
}

// byKey reports whether the client has to show itself by a key, and whether it has.
func (p *Provider) byKey(r *http.Request) (needed, ok bool) {
	p.mu.Lock()
	key := p.clientKey
	p.mu.Unlock()
	if key == nil {
		return false, false
	}
	_, _, basic := r.BasicAuth()
	return true, !basic && p.asserted(r.PostForm, key)
}
