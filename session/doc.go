// Package session keeps sessions: the signed-in user and the tokens, sealed in cookies or in a
// store. It implements no OAuth and serves no routes.
//
// # For applications
//
// In a handler, [FromContext] returns the [Session] of the signed-in [User]. [Session.Tokens] and
// [Session.Claims] return what the provider issued. [Config] configures sessions:
//
//	s, ok := session.FromContext(r.Context())
//	if !ok {
//		// not signed in
//	}
//
// The [Manager] in sallyport.Auth.Sessions writes the changes of a handler (Save), signs the user
// out (End), serves a page that shows users where they are signed in (List, EndOne, EndAll), and
// watches the session of a connection that outlives its request (Watch). Applications with gorilla
// sessions of their own seal them with the same keys (CookieStore, Codec).
//
// # For authors of stores
//
// A [Backend] stores sessions, [Revocations] end them from outside their browser, and a [Locker]
// runs a function once for several processes. contract.go has all that their authors need, and
// package storetest tests an implementation.
//
// # For authors of this library
//
// The login routes and the guards do more with sessions than applications do: they start and
// refresh them, and seal the state of a login. These methods are in internals.go and beside what
// they belong to, on an unexported type that embeds the Manager. [New] returns it to sallyport.New,
// which hands it on as wiring.Sessions, the interface that lists these methods.
//
// # Where sessions live
//
// By default, sessions live in the browser's cookies. Config.Store moves them to a store: a
// [ServerStore] keeps them in a [Backend], in memory or in Redis (package redisstore); any gorilla
// store works, too. [Revocations] end sessions from outside their browser, wherever they live. Each
// revocation has a number and ends the sessions of a user, or of a provider session, whose login
// began in an earlier epoch, so the outcome does not depend on clock skew or on when a concurrent
// login completes.
//
// # What is protected
//
// A session travels in the browser's cookies, sealed with AES-256-GCM: the browser can neither read
// nor change it. Each purpose has its own keys, derived from the secret and changed every day. Each
// seal is bound to the cookie's name, the origin and the prefix of the login routes, so a value
// sealed for one use is rejected in any other. Idle timeout and absolute lifetime are inside the
// seal and enforced by the server's clock. Every login creates a new ID. Large sessions are split
// into several cookies, which are valid only together. Cookies are HttpOnly, SameSite=Lax and, with
// an https base URL, Secure with the prefix "__Host-".
//
// # Limits of cookie sessions
//
// Without a server-side store, a session lives in the cookie alone. Each process remembers which
// sessions ended in it, and which of their generations a token refresh superseded, and rejects
// copies of those cookies. A restart forgets both, and other processes do not know them: there, a
// copy is valid until the session expires. To end sessions in every process, or from outside their
// browser, set Config.Revocations, or keep sessions in a store (Config.Store), where End deletes
// the record.
//
// When two concurrent requests both Save a cookie session, the response that arrives last wins.
// With a store, the later write fails with [ErrChanged].
package session
