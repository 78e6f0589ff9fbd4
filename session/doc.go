// Package session remembers who signed in. It knows nothing of OAuth and serves no routes.
//
// Applications meet it in three places: [Config] says how sessions are kept, [FromContext] tells a handler who
// the user is, and [Session.Tokens] and [Session.Claims] give what the provider handed out:
//
//	s, ok := session.FromContext(r.Context())
//	if !ok {
//		// nobody is signed in
//	}
//
// Those who build on it start with [NewManager]. Start makes a session after a login, Load reads it on each
// request, Renew keeps it alive, Save writes changes, End ends it. List, EndOne and EndAll are for a page that shows users where they
// are signed in; Watch is for connections that outlive their request.
//
// # Where sessions live
//
// In the browser's cookies, unless Config.Store says otherwise: a [ServerStore] keeps them in a [Backend], in memory or in Redis (package redisstore), and any
// gorilla store will do. [Revocations] end sessions from elsewhere, wherever they live: a revocation says which sessions of a user, or of a
// provider's session, are over, by comparing the epoch in which their login began with its own number, so that neither the order in which clocks
// run nor the moment at which a login is finished matters.
//
// # What is protected
//
// A session travels in the browser's cookies, sealed with AES-256-GCM: the browser can neither read nor change it. Each
// purpose has keys of its own, derived from the secret and changed every day, and each seal is bound to the
// cookie's name, the origin and the prefix of the login routes: nothing that we seal for one use passes in another. Idle and
// absolute lifetime are inside of the seal and count by the server's clock. Every login makes a new ID. Large sessions are cut into
// several cookies, which only work together. Cookies are HttpOnly, SameSite=Lax and, with an https
// base URL, Secure with the prefix "__Host-".
//
// # What a cookie cannot do
//
// A session without a server-side store lives in the cookie alone. Each process remembers which sessions
// have ended in it, and which of their generations are superseded by a refresh of the tokens, and refuses
// copies of those cookies. It forgets that when it restarts, and other processes do not know: there, a
// copy works until the session expires. To end sessions everywhere, and from elsewhere, set
// Config.Revocations, or keep sessions in a store (Config.Store), where End deletes the record.
//
// Two requests at the same time that both Save a cookie session overwrite each other: the response that arrives last
// wins. With a store the later write is refused with [ErrChanged].
package session
