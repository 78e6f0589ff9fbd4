package session

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minSecret = 32 // bytes

	// Rounds and salt of the passphrase stretching are part of the sealed format. The salt cannot
	// be random: all processes must derive the same key from the secret alone.
	stretchRounds = 600_000
	stretchSalt   = "sallyport passphrase stretching, version 1"
)

// advice ends every error about a secret.
const advice = "generate one with: openssl rand -base64 32"

// keyMaterial converts a configured secret to the input of the key derivation. Hex and base64 of at
// least 32 bytes are key material; any other text of at least 32 bytes is a passphrase and is
// stretched, which takes a fraction of a second. Guessable secrets are rejected (R90). The error
// never contains the secret.
func keyMaterial(secret string) ([]byte, error) {
	if secret == "" {
		return nil, errors.New("is empty; " + advice)
	}
	if reason := wrapped(secret); reason != "" {
		return nil, errors.New(reason)
	}
	if len(secret) < minSecret {
		return nil, fmt.Errorf("is too short: %d bytes, need at least %d; %s", len(secret),
			minSecret, advice)
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

// wrapped describes white space or quotation marks around a secret, or returns "". They would
// change the key, and processes that read the secret in different ways could not open each other's
// sessions.
func wrapped(secret string) string {
	first, _ := utf8.DecodeRuneInString(secret)
	last, _ := utf8.DecodeLastRuneInString(secret)
	switch {
	case blank(first) || blank(last):
		return "begins or ends with white space or a line end: remove it, for example with " +
			"printf instead of echo"
	case quote(first) && quote(last) && len(secret) > 1:
		return "is in quotation marks: remove them; in env files they may become part of the value"
	}
	return ""
}

func blank(r rune) bool {
	// a byte order mark is Cf
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func quote(r rune) bool { return strings.ContainsRune("\"'`“”„‘’‚«»", r) }

// decodeSecret decodes hex and base64 exactly as an encoder writes them. A text of one case or
// without digits is not treated as base64: at most one random key in a thousand looks like that.
// Neither are words. It is better to stretch a key needlessly than to use a passphrase as a key.
func decodeSecret(secret string) ([]byte, bool) {
	if raw, err := hex.DecodeString(secret); err == nil && len(raw) >= minSecret {
		return raw, true
	}
	const lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"0123456789"
	if !strings.ContainsAny(secret, lower) || !strings.ContainsAny(secret, upper) ||
		!strings.ContainsAny(secret, digits) {
		return nil, false
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding,
		base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.Strict().DecodeString(secret); err == nil && len(raw) >= minSecret {
			return raw, !wordy(secret)
		}
	}
	return nil, false
}
