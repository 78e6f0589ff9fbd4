// Package oauth1 signs requests as OAuth 1.0a has it (RFC 5849 section 3). It knows nothing of the flow that the tokens
// come from.
//
// A [Signer] holds the credentials and signs one request; a [Transport] signs each request of an http.Client. Both put the
// protocol parameters into the Authorization header and nowhere else. What a signature covers are the method, the address, and the
// body if it is a form; any other body travels unsigned, so it is only as safe as the connection.
//
// Verification is not here: the provider for tests has an implementation of its own, so that each shows the mistakes of the other.
package oauth1
