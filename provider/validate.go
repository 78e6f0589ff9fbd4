package provider

import (
	"crypto/fips140"
	"strings"
	"unicode"

	"github.com/sallyport-go/sallyport/internal/oauth1"
)

// checkVerbatim rejects surrounding white space and control characters in credentials, a common
// copying mistake that the provider would report as invalid_client only. Errors never quote the
// value, which may be a secret.
func checkVerbatim(name, value string) error {
	invisible := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}
	if strings.TrimFunc(value, invisible) != value {
		return wrongField(name, "has white space or a line end around it: remove it")
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return wrongField(name, "holds a line end or another control character: remove it")
	}
	return nil
}

// checkClient checks the client ID and the client secret.
func checkClient(id, secret string) []error {
	mistakes := []error{checkVerbatim("ClientID", id), checkVerbatim("ClientSecret", secret)}
	if id == "" {
		mistakes = append(mistakes, wrongField("ClientID", "is missing"))
	}
	return mistakes
}

// Quirks are protections that a provider does not support. They are facts about the provider,
// unlike the Insecure... fields, which are choices. Set them in code, never from settings that a
// tenant supplied. Each is logged once.
//
// PKCE or the nonce must bind an authorization code to its login, so setting both is a mistake (RFC
// 9700 section 2.1.1). Configure a provider with neither as an [OAuth2]: an ID token without a
// nonce proves no more than the access token from the same response.
type Quirks struct {
	// NoPKCE: the provider rejects requests with PKCE parameters (RFC 7636). The client then needs
	// a secret, so that a stolen code is useless.
	NoPKCE bool

	// NoNonce: ID tokens have no nonce (OpenID Connect Core section 2). A nonce that is present
	// must still match. ResponseType must be "code".
	NoNonce bool
}

// check returns the mistake in the quirks, if any.
func (q Quirks) check(secret bool) error {
	switch {
	case q.NoPKCE && q.NoNonce:
		return wrongField("Quirks.NoPKCE", "and NoNonce exclude each other: "+
			"describe a provider with neither as an OAuth2")
	case q.NoPKCE && !secret:
		return wrongField("Quirks.NoPKCE", "needs a client secret or key: "+
			"without one, anyone could redeem a stolen code")
	}
	return nil
}

// checkQuirks also rejects settings that, with a quirk, leave a login without a binding.
func (o *OIDC) checkQuirks() error {
	switch {
	case o.Quirks.NoNonce && o.InsecureNoPKCE:
		return wrongField("Quirks.NoNonce", "and InsecureNoPKCE exclude each other")
	case o.Quirks.NoNonce && o.responseType() != responseCode:
		return wrongField("Quirks.NoNonce", "needs ResponseType code: "+
			"an ID token from the browser must have a nonce")
	}
	return o.Quirks.check(o.hasSecret() || o.ClientKey != nil)
}

// checkQuirks also rejects NoNonce, which does not apply.
func (o *OAuth2) checkQuirks() error {
	if o.Quirks.NoNonce {
		return wrongField("Quirks.NoNonce", "does not apply: OAuth 2.0 has no nonce")
	}
	return o.Quirks.check(o.ClientSecret != "")
}

// report logs each quirk once.
func (q Quirks) report(n *notes) {
	for _, quirk := range []struct {
		name    string
		present bool
	}{{"NoPKCE", q.NoPKCE}, {"NoNonce", q.NoNonce}} {
		if !quirk.present {
			continue
		}
		if logger := n.news("Quirks." + quirk.name); logger != nil {
			logger.Warn("sallyport: a provider lacks a protection", "quirk", quirk.name)
		}
	}
}

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
