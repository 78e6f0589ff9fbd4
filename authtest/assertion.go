package authtest

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
)

// SetClientKey makes the provider know the client by a key instead of its secret (private_key_jwt,
// OpenID Connect Core section 9). Set provider.OIDC.ClientKey to the private one, and ClientSecret
// to nothing.
func (p *Provider) SetClientKey(public crypto.PublicKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clientKey = public
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

var assertionAlgs = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384,
	jose.ES512, jose.EdDSA, "Ed25519",
}

// asserted checks a client assertion (RFC 7523 section 3): signed by the client's key, about the
// client, for this provider alone, not over, and new.
func (p *Provider) asserted(form url.Values, key crypto.PublicKey) bool {
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), assertionAlgs)
	if err != nil || form.Get("client_assertion_type") != assertionType ||
		form.Has("client_secret") {
		return false
	}
	verifier := any(key)
	if public, ok := key.(ed25519.PublicKey); ok &&
		jws.Signatures[0].Header.Algorithm == "Ed25519" {
		verifier = ed25519Verifier(public)
	}
	payload, err := jws.Verify(verifier)
	if err != nil {
		return false
	}
	var claims struct {
		Iss, Sub, Aud, Jti string
		Iat, Exp           int64
	}
	now := p.time().Unix()
	if json.Unmarshal(payload, &claims) != nil || claims.Iss != ClientID ||
		claims.Sub != ClientID || claims.Aud != p.audience() ||
		claims.Iat > now || claims.Exp <= now ||
		claims.Jti == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.assertions[claims.Jti]
	p.assertions[claims.Jti] = true
	return !known
}

func (p *Provider) audience() string {
	f, _ := p.fault()
	return cmp.Or(f.AssertionAudience, p.Issuer())
}

// ed25519Verifier verifies signatures under the name of RFC 9864, which go-jose does not know.
type ed25519Verifier ed25519.PublicKey

// VerifyPayload implements jose.OpaqueVerifier.
func (v ed25519Verifier) VerifyPayload(payload, signature []byte, _ jose.SignatureAlgorithm) error {
	if !ed25519.Verify(ed25519.PublicKey(v), payload, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
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
