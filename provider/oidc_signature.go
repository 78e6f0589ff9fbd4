package provider

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// readKeys takes a JWKS apart (RFC 7517 section 5).
func readKeys(body []byte, n *notes) ([]json.RawMessage, error) {
	schema := &schema{document: "JWKS"}
	schema.member("keys") // of which there must be one; the keys in it are looked at one by one
	set, err := schema.read(body, n)
	if err != nil {
		return nil, err
	}
	var keys []json.RawMessage
	if json.Unmarshal(set.claims["keys"], &keys) != nil {
		return nil, errors.New("keys is not a list")
	}
	return keys, nil
}

// keyMembers are the members that make up a key. Others are not read, such as the certificate and
// its thumbprints (x5c, x5t, x5t#S256, x5u): nothing here depends on them, and one that does not
// match would take the key away.
var keyMembers = []string{"kty", "crv", "x", "y", "n", "e"}

// usableKey reads one key and reports whether it is a public key for checking signatures, and
// strong enough.
func usableKey(raw json.RawMessage) (publicKey, bool) {
	var c claims
	if json.Unmarshal(raw, &c) != nil || !c.checksSignatures() {
		return publicKey{}, false
	}
	alg, err := c.text("alg")
	if err != nil {
		return publicKey{}, false
	}
	usable := publicKey{id: c.display("kid"), alg: alg, issuer: c.display("issuer")}
	usable.key = c.key()
	return usable, strongEnough(usable.key)
}

// strongEnough reports whether a key can verify signatures that only its owner can make.
func strongEnough(public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return key.N != nil && minRSABits <= key.N.BitLen() && key.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey:
		return key.Curve != nil && keyAlgs(key) != nil
	case ed25519.PublicKey:
		return len(key) == ed25519.PublicKeySize
	}
	return false
}

// checksSignatures reads what a key is for (RFC 7517 sections 4.2 and 4.3).
func (c claims) checksSignatures() bool {
	use, err := c.text("use")
	if err != nil || use != "" && use != "sig" {
		return false
	}
	operations, err := c.texts("key_ops")
	return err == nil && (!c.has("key_ops") || slices.Contains(operations, "verify"))
}

// key returns the key itself, or nil.
func (c claims) key() any {
	bare := claims{}
	for _, name := range keyMembers {
		if c.has(name) {
			bare[name] = c[name]
		}
	}
	raw, err := json.Marshal(bare)
	if err != nil {
		return nil
	}
	var key jose.JSONWebKey
	if key.UnmarshalJSON(raw) != nil {
		return nil
	}
	return key.Key
}

// verify returns the payload if one of the keys made the signature. The token's header chooses by
// key ID only. Keys without an ID are tried after those whose ID fits; whatever else the header
// says about keys (jwk, jku, x5u, x5c) is not looked at.
func (f *fetchedKeys) verify(
	jws *jose.JSONWebSignature, signsFor func(key publicKey, payload []byte) bool,
) ([]byte, bool) {
	header := jws.Signatures[0].Header
	tries := 0
	for _, key := range f.candidates(header.KeyID) {
		if !key.fits(header.Algorithm) {
			continue
		}
		if tries++; tries > maxTries {
			return nil, false
		}
		payload, err := jws.Verify(key.verifier(header.Algorithm))
		if err == nil && signsFor(key, payload) {
			return payload, true
		}
	}
	return nil, false
}

// candidates are the keys that a token with this key ID may be signed with, in the order in which
// to try them.
func (f *fetchedKeys) candidates(id string) []publicKey {
	if id == "" {
		return f.keys
	}
	var named, nameless []publicKey
	for _, key := range f.keys {
		switch key.id {
		case id:
			named = append(named, key)
		case "":
			nameless = append(nameless, key)
		}
	}
	return append(named, nameless...)
}

// asymmetricAlgs are the signature algorithms we know. The symmetric ones are not among them:
// whoever can check such a token can make one.
var asymmetricAlgs = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
	"EdDSA", algEd25519,
}

// algEd25519 is the name of RFC 9864 for what RFC 8037 calls EdDSA with the curve Ed25519, the only
// curve of EdDSA that we know. go-jose knows the older name only.
const algEd25519 = "Ed25519"

// keyAlgs are the algorithms that a key may sign with (RFC 7518 section 3.1). The first is the one
// that most providers know.
func keyAlgs(public crypto.PublicKey) []string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return []string{"RS256", "PS256", "RS384", "PS384", "RS512", "PS512"}
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return []string{"ES256"}
		case 384:
			return []string{"ES384"}
		case 521:
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA", algEd25519}
	}
	return nil
}

// withBothNames adds the other name of Ed25519 to algorithms that have one of the two.
func withBothNames(algs []string) []string {
	old, current := slices.Contains(algs, "EdDSA"), slices.Contains(algs, algEd25519)
	switch {
	case old && !current:
		return append(slices.Clip(algs), algEd25519)
	case current && !old:
		return append(slices.Clip(algs), "EdDSA")
	}
	return algs
}

// ed25519Verifier verifies signatures under the name that go-jose does not know.
type ed25519Verifier ed25519.PublicKey

// VerifyPayload implements jose.OpaqueVerifier.
func (v ed25519Verifier) VerifyPayload(signed, signature []byte, alg jose.SignatureAlgorithm) error {
	if alg != algEd25519 || !ed25519.Verify(ed25519.PublicKey(v), signed, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
}

// ed25519Signer signs under the name that go-jose does not know.
type ed25519Signer struct{ jose.OpaqueSigner }

// Algs implements jose.OpaqueSigner.
func (ed25519Signer) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.EdDSA, algEd25519}
}

// SignPayload implements jose.OpaqueSigner.
func (s ed25519Signer) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return s.OpaqueSigner.SignPayload(payload, jose.EdDSA)
}

// algShared is the algorithm of tokens that are signed with the client secret (OpenID Connect Core section 10.1).
const algShared = "HS256"

// minSharedSecret is how long a secret that signs has to be (RFC 7518 section 3.2).
const minSharedSecret = 32

// A sharedSecret is a client secret as an oidc.KeySet.
type sharedSecret string

// VerifySignature implements oidc.KeySet.
func (s sharedSecret) VerifySignature(_ context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algShared})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("malformed token")
	}
	payload, err := jws.Verify([]byte(s))
	if err != nil {
		return nil, errOtherSecret
	}
	return payload, nil
}

var errOtherSecret = errors.New("the client secret does not verify the signature")
