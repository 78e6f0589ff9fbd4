package session

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	minSecret = 32 // bytes

	// Rounds and salt of the passphrase stretching are part of the sealed format. The salt
	// cannot be random: all processes must derive the same key from the secret alone.
	stretchRounds = 600_000
	stretchSalt   = "sallyport passphrase stretching, version 1"
)

// advice ends every refusal of a secret.
const advice = "make one with: openssl rand -base64 32"

// keyMaterial turns a configured secret into the input of the key derivation. Hex and base64 of at
// least 32 bytes is taken as key material; any other text of at least 32 bytes is a passphrase
// and is stretched, which takes a moment. What others could guess is refused (R90). The error never
// contains the secret.
func keyMaterial(secret string) ([]byte, error) {
	if secret == "" {
		return nil, errors.New("is empty; " + advice)
	}
	if len(secret) < minSecret {
		return nil, fmt.Errorf("is too short: %d bytes, at least %d are needed; %s", len(secret), minSecret, advice)
	}
	if reason := guessable([]byte(secret), 8); reason != "" {
		return nil, errors.New(reason + "; " + advice)
	}
	if raw, ok := decodeSecret(secret); ok {
		if reason := guessable(raw, 12); reason != "" {
			return nil, errors.New(reason + "; " + advice)
		}
		return raw, nil
	}
	return pbkdf2.Key(sha256.New, secret, []byte(stretchSalt), stretchRounds, 32)
}

// decodeSecret decodes hex and base64. Text of one case or without digits is not base64 of random bytes (one
// in a thousand at most), it is a passphrase: better to stretch it without need than to trust words.
func decodeSecret(secret string) ([]byte, bool) {
	if raw, err := hex.DecodeString(secret); err == nil && len(raw) >= minSecret {
		return raw, true
	}
	const lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	if !strings.ContainsAny(secret, lower) || !strings.ContainsAny(secret, upper) || !strings.ContainsAny(secret, digits) {
		return nil, false
	}
	unpadded := strings.TrimRight(secret, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(unpadded); err == nil && len(raw) >= minSecret {
			return raw, true
		}
	}
	return nil, false
}

// guessable says why a secret must not be used, or "".
func guessable(b []byte, distinct int) string {
	switch {
	case len(bytes.Trim(b, "\x00")) == 0:
		return "is all zero"
	case repeats(b):
		return "is a repeated pattern"
	case countDistinct(b) < distinct:
		return "has too few different bytes"
	case sequence(b):
		return "is a sequence"
	case wellKnown(b):
		return "is an example that everybody knows"
	}
	return ""
}

// repeats tells whether b is a shorter piece again and again.
func repeats(b []byte) bool {
	for size := 1; size <= len(b)/2; size++ {
		if bytes.Equal(b[size:], b[:len(b)-size]) {
			return true
		}
	}
	return false
}

func countDistinct(b []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// sequence tells whether most bytes are the neighbour of the one before, as in "abcdef" and "987654".
func sequence(b []byte) bool {
	up, down := 0, 0
	for i := 1; i < len(b); i++ {
		switch b[i] - b[i-1] {
		case 1:
			up++
		case 255:
			down++
		}
	}
	return max(up, down) > len(b)/2
}

// wellKnown finds what is copied from documentation: placeholders in words, and the keys of test vectors.
func wellKnown(b []byte) bool {
	var letters []byte
	for _, c := range bytes.ToLower(b) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			letters = append(letters, c)
		}
	}
	for _, word := range []string{
		"changeme", "changethis", "replaceme", "replacethis", "yoursecret", "your256bit", "secretkeyhere", "secrethere",
		"supersecret", "verysecret", "topsecret", "mysecret", "secretkey", "sessionsecret", "cookiesecret", "examplesecret", "examplekey",
		"keyboardcat", "passwordpassword", "32bytelong", "32byteslong", "tobe32bytes", "32characters", "authkey", "placeholder", "notasecret",
		"603deb1015ca71be2b73aef0857d7781", // AES-256 key of NIST SP 800-38A
		"feffe9928665731c6d6a8f9467308308", // AES-256 key of the GCM specification
	} {
		if bytes.Contains(letters, []byte(word)) {
			return true
		}
	}
	return false
}
