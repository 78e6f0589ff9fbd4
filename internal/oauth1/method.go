package oauth1

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
)

// The signature methods of RFC 5849 section 3.4, and HMAC-SHA256, a widely supported extension.
//
// SHA-1 collisions do not weaken these methods: HMAC does not depend on collision resistance, and
// the client itself chooses the text that RSA-SHA1 signs.
const (
	HMACSHA1   = "HMAC-SHA1"
	HMACSHA256 = "HMAC-SHA256"
	RSASHA1    = "RSA-SHA1"
	Plaintext  = "PLAINTEXT" // no signature: every request carries both secrets
)

// Methods returns the signature methods that a [Signer] supports.
func Methods() []string { return []string{HMACSHA1, HMACSHA256, RSASHA1, Plaintext} }

// signature signs a base string.
func (s *Signer) signature(base string) (string, error) {
	switch s.Method {
	case HMACSHA1:
		return s.mac(sha1.New, base), nil
	case HMACSHA256:
		return s.mac(sha256.New, base), nil
	case RSASHA1:
		return s.rsa(base)
	case Plaintext:
		return s.secrets(), nil
	}
	return "", fmt.Errorf("oauth1: unknown signature method %q; use one of %v", s.Method, Methods())
}

// secrets returns the HMAC key, which is also the PLAINTEXT signature. The '&' is present even if a
// secret is empty.
func (s *Signer) secrets() string { return Encode(s.ConsumerSecret) + "&" + Encode(s.TokenSecret) }

func (s *Signer) mac(algorithm func() hash.Hash, base string) string {
	mac := hmac.New(algorithm, []byte(s.secrets()))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// rsa signs with RSASSA-PKCS1-v1_5 (RFC 5849 section 3.4.3), which does not use the secrets.
func (s *Signer) rsa(base string) (string, error) {
	if s.PrivateKey == nil {
		return "", errors.New("oauth1: RSA-SHA1 needs a private key")
	}
	if _, ok := s.PrivateKey.Public().(*rsa.PublicKey); !ok {
		return "", errors.New("oauth1: RSA-SHA1 needs an RSA key")
	}
	digest := sha1.Sum([]byte(base))
	raw, err := s.PrivateKey.Sign(rand.Reader, digest[:], crypto.SHA1)
	if err != nil {
		return "", fmt.Errorf("oauth1: RSA-SHA1: %w", err)
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}
