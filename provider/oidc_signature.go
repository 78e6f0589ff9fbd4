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

// readKeys returns the keys of a JWKS (RFC 7517 section 5).
func readKeys(body []byte, n *notes) ([]json.RawMessage, error) {
	schema := &schema{document: "JWKS"}
	schema.member("keys") // required once; each key is then read on its own
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

// keyMembers are the members of a key that are read. The certificate and its thumbprints (x5c, x5t,
// x5t#S256, x5u) are ignored: they are not needed, and a mismatch would make the key unusable.
var keyMembers = []string{"kty", "crv", "x", "y", "n", "e"}

// usableKey reads one key and reports whether it is a public key for signatures, and strong enough.
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

// strongEnough reports whether the size and type of a key are accepted.
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

// checksSignatures reports whether a key may verify signatures (RFC 7517 sections 4.2 and 4.3).
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

// verify returns the payload if one of the keys verifies the signature. The token's header selects
// keys by key ID only. Keys without an ID are tried after those with a matching ID; other members
// of the header (jwk, jku, x5u, x5c) are ignored.
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

// candidates returns the keys for a token with this key ID, in the order in which to try them.
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

// asymmetricAlgs are the supported signature algorithms. Symmetric ones are excluded: a key that
// verifies such a token can also forge one.
var asymmetricAlgs = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
	"EdDSA", algEd25519,
}

// algEd25519 is the name in RFC 9864 for EdDSA with the curve Ed25519 (RFC 8037), the only
// supported EdDSA curve. go-jose supports the older name only.
const algEd25519 = "Ed25519"

// keyAlgs returns the algorithms that a key may sign with (RFC 7518 section 3.1), the most widely
// supported one first.
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

// withBothNames adds the other name of Ed25519 to algorithms with one of the two.
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

// ed25519Verifier verifies signatures under the name that go-jose does not support.
type ed25519Verifier ed25519.PublicKey

// VerifyPayload implements jose.OpaqueVerifier.
func (v ed25519Verifier) VerifyPayload(signed, signature []byte,
	alg jose.SignatureAlgorithm) error {
	if alg != algEd25519 || !ed25519.Verify(ed25519.PublicKey(v), signed, signature) {
		return jose.ErrCryptoFailure
	}
	return nil
}

// ed25519Signer signs under the name that go-jose does not support.
type ed25519Signer struct{ jose.OpaqueSigner }

// Algs implements jose.OpaqueSigner.
func (ed25519Signer) Algs() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.EdDSA, algEd25519}
}

// SignPayload implements jose.OpaqueSigner.
func (s ed25519Signer) SignPayload(payload []byte, _ jose.SignatureAlgorithm) ([]byte, error) {
	return s.OpaqueSigner.SignPayload(payload, jose.EdDSA)
}

// algShared is the algorithm of tokens signed with the client secret (OpenID Connect Core section
// 10.1).
const algShared = "HS256"

// minSharedSecret is the minimum length of a secret that signs tokens, in bytes (RFC 7518 section
// 3.2).
const minSharedSecret = 32

// A sharedSecret is a client secret that signs tokens.
type sharedSecret string

// verifySignature implements signers, for HS256 only.
func (s sharedSecret) verifySignature(_ context.Context, token string, _ ...string) ([]byte,
	error) {
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
