package vendors

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// hmacSHA256 signs a text with the client secret.
func hmacSHA256(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// checkHMACKey rejects a secret that is too short as the key of an HMAC where FIPS 140-3 is
// enforced: 112 bits (NIST SP 800-131A). An HMAC with it would panic.
func checkHMACKey(secret string) error {
	if fips140.Enforced() && secret != "" && len(secret) < 14 {
		return errors.New("ClientSecret is too short for GODEBUG=fips140=only: " +
			"an HMAC key has at least 14 bytes")
	}
	return nil
}
