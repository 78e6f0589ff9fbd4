package provider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

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
