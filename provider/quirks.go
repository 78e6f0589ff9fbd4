package provider

// Quirks are protections that a provider is known not to support, so that nothing better is possible
// with it: facts about the provider, unlike the Insecure... fields, which are choices. Set them in
// code, never from what a tenant has written down.
type Quirks struct {
	// NoPKCE says that the provider rejects requests with the parameters of PKCE (RFC 7636).
	NoPKCE bool

	// NoNonce says that ID tokens never have a nonce (OpenID Connect Core section 2). One that is there
	// must be that of the login all the same.
	NoNonce bool
}
