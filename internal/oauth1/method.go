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

// The signature methods of RFC 5849 section 3.4, and HMAC-SHA256, an extension that many servers know.
//
// SHA-1 is broken for collisions, which neither HMAC nor the signature over a text of the client's own making depends on.
const (
	HMACSHA1   = "HMAC-SHA1"
	HMACSHA256 = "HMAC-SHA256"
	RSASHA1    = "RSA-SHA1"
	Plaintext  = "PLAINTEXT" // no signature: both secrets travel with every request
)

// Methods are the signature methods that a [Signer] knows.
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
	return "", fmt.Errorf("oauth1: signature method %q is not one of %v", s.Method, Methods())
}

// secrets is the key of the HMAC methods, and the signature of PLAINTEXT. The '&' stays when a secret is empty.
func (s *Signer) secrets() string { return Encode(s.ConsumerSecret) + "&" + Encode(s.TokenSecret) }

func (s *Signer) mac(algorithm func() hash.Hash, base string) string {
	mac := hmac.New(algorithm, []byte(s.secrets()))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// rsa is RSASSA-PKCS1-v1_5 (RFC 5849 section 3.4.3). The secrets are not part of it.
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
