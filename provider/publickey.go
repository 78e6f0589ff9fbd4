package provider

import (
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
	switch public := c.key().(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		usable.key = public
		return usable, minRSABits <= bits && bits <= maxRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		usable.key = public
		return usable, true
	}
	return publicKey{}, false
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
