package provider

import (
	"crypto/fips140"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

// minFIPSKey is the shortest HMAC key that FIPS 140-3 approves: 112 bits (NIST SP 800-131A).
const minFIPSKey = 14

// checkFIPS rejects settings that would panic at the first login under GODEBUG=fips140=only:
// signatures with SHA-1, and HMAC with short keys.
func (o *OAuth1) checkFIPS() error {
	if !fips140.Enforced() {
		return nil
	}
	switch method := o.signatureMethod(); method {
	case oauth1.HMACSHA1, oauth1.RSASHA1:
		return wrongField("SignatureMethod",
			"%s uses SHA-1, which GODEBUG=fips140=only does not permit: use %s if the provider "+
				"supports it",
			method, oauth1.HMACSHA256)
	case oauth1.HMACSHA256:
		return fipsKey(oauth1.Encode(o.ClientSecret) + "&") // without a token secret yet
	}
	return nil
}

// fipsKey rejects a client secret that is too short for an HMAC key.
func fipsKey(key string) error {
	if fips140.Enforced() && key != "" && len(key) < minFIPSKey {
		return wrongField("ClientSecret",
			"is too short for GODEBUG=fips140=only: an HMAC key needs at least %d bytes",
			minFIPSKey)
	}
	return nil
}

// checkFIPS rejects a certificate, whose thumbprint x5t is a SHA-1 (RFC 7515 section 4.1.7).
func (k *ClientKey) checkFIPS() error {
	if fips140.Enforced() && k.Certificate != nil {
		return wrongField("ClientKey.Certificate",
			"is identified by its SHA-1 thumbprint, which GODEBUG=fips140=only does not permit:  "+
				"leave it out and set ID")
	}
	return nil
}
