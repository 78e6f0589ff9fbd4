// Package session stores who is signed in. It implements no OAuth and serves no routes.
//
// Applications use it in three places: [Config] configures sessions, [FromContext] returns the
// signed-in user's session in a handler, and [Session.Tokens] and [Session.Claims] return what the
// provider issued:
//
//	s, ok := session.FromContext(r.Context())
//	if !ok {
//		// not signed in
//	}
//
// Code that manages sessions itself starts with [NewManager]. Start creates a session after a
// login, Load reads it on each request, Renew extends it, Save writes changes, and End ends it.
// List, EndOne and EndAll serve a page that shows users where they are signed in; Watch serves
// connections that outlive their request.
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
