package authtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"github.com/go-jose/go-jose/v4"
)

// A signingKey is one key of the provider. ES256, because making one takes no time.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

func newSigningKey() *signingKey {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // no randomness, no tests
	}
	return &signingKey{rand.Text()[:8], private}
}

func (k *signingKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{
		Key:       k.private.Public(),
		KeyID:     k.id,
		Algorithm: string(jose.ES256),
		Use:       "sig",
	}
}

// RotateKeys makes a new signing key. The old ones stay in the JWKS; [Faults].JWKS can take them
// out.
func (p *Provider) RotateKeys() {
	key := newSigningKey()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append([]*signingKey{key}, p.keys...)
}

func (p *Provider) signer() *signingKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[0]
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	base := p.base()
	m := map[string]any{
		"issuer":                                         p.Issuer(),
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"userinfo_endpoint":                              base + "/userinfo",
		"jwks_uri":                                       base + "/jwks",
		"end_session_endpoint":                           base + "/end_session",
		"revocation_endpoint":                            base + "/revoke",
		"introspection_endpoint":                         base + "/introspect",
		"device_authorization_endpoint":                  base + "/device_authorization",
		"pushed_authorization_request_endpoint":          base + "/par",
		"authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
		"frontchannel_logout_supported":                  true,
		"frontchannel_logout_session_supported":          true,
		"response_types_supported": []string{"code", "id_token",
			"code id_token"},
		"response_modes_supported":              []string{"query", "form_post"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"token_endpoint_auth_methods_supported": []string{
			"client_secret_basic", "client_secret_post", "private_key_jwt", "none",
		},
		"token_endpoint_auth_signing_alg_values_supported": assertionAlgs,
		"code_challenge_methods_supported":                 []string{"S256"},
		"scopes_supported": []string{"openid", "profile", "email",
			"offline_access"},
	}
	f, _ := p.fault()
	apply(f.Discovery, m)
	writeJSON(w, http.StatusOK, m)
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	var set jose.JSONWebKeySet
	p.mu.Lock()
	for _, k := range p.keys {
		set.Keys = append(set.Keys, k.public())
	}
	p.mu.Unlock()
	raw, err := json.Marshal(set)
	if err != nil {
		panic(err) // keys of ours always marshal
	}
	var m map[string]any
	json.Unmarshal(raw, &m)
	f, _ := p.fault()
	apply(f.JWKS, m)
	writeJSON(w, http.StatusOK, m)
}
