// Package oauth1 signs OAuth 1.0a requests (RFC 5849 section 3). Package provider implements the
// authorization flow.
//
// A [Signer] holds the credentials and signs requests. It puts the protocol parameters into the
// Authorization header only. The signature covers the method, the URL, and a form body. Any other
// body is unsigned, and only the connection protects it.
//
// The package does not verify signatures. The test provider in authtest has an independent
// implementation, so that a mistake in one shows up in the other.
package oauth1
