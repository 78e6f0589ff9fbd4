package provider

import (
	"crypto"

	"github.com/sallyport-go/sallyport/internal/typednil"
)

// staticMetadata returns the metadata of a Static provider, from its configuration.
func (o *OIDC) staticMetadata() *metadata {
	m := &metadata{Issuer: o.Issuer}
	o.Endpoints.replace(m)
	return m
}

// checkStatic reports the missing fields of a Static provider, and fields without effect.
func (o *OIDC) checkStatic() []error {
	var mistakes []error
	wrong := func(field, format string, args ...any) {
		mistakes = append(mistakes, wrongField(field, format, args...))
	}
	for _, e := range o.Endpoints.named() {
		if o.Static && *e.address == "" && o.needs(&o.Endpoints, e.address) {
			wrong("Endpoints."+e.field, "is missing: Static needs it")
		}
	}
	if o.Static && o.Discovery != "" {
		wrong("Discovery", "and Static are both set: remove one of them")
	}
	switch {
	case len(o.Keys) == 0:
	case !o.Static:
		wrong("Keys", "need Static: other providers use the keys of the JWKS")
	case o.Endpoints.JWKS != "":
		wrong("Keys", "and Endpoints.JWKS are both set: remove one of them")
	case o.SecretSignsTokens:
		wrong("Keys", "and SecretSignsTokens are both set: remove one of them")
	case o.Organizations != nil:
		wrong("Keys", "have no issuers, which Organizations need: set Endpoints.JWKS instead")
	}
	return append(mistakes, checkKeys(o.Keys)...)
}

// checkKeys reports keys that cannot verify a signature.
func checkKeys(keys []crypto.PublicKey) []error {
	if len(keys) > maxTries {
		const hint = "are %d, and at most %d are tried: set Endpoints.JWKS for more"
		return []error{wrongField("Keys", hint, len(keys), maxTries)}
	}
	var mistakes []error
	for i, key := range keys {
		if typednil.Is(key) || !strongEnough(key) {
			const hint = "[%d] is %T: it must be RSA of %d to %d bits, " +
				"ECDSA with P-256, P-384 or P-521, or Ed25519"
			mistakes = append(mistakes, wrongField("Keys", hint, i, key, minRSABits, maxRSABits))
		}
	}
	return mistakes
}

// fixedKeys returns the configured keys.
func (o *OIDC) fixedKeys() *fetchedKeys {
	fixed := &fetchedKeys{at: o.now()}
	for _, key := range o.Keys {
		fixed.keys = append(fixed.keys, publicKey{key: key})
	}
	return fixed
}
