package answer

// requests are the outcomes about requests themselves, and about calling APIs.
var requests = []Outcome{{
	Code: "not_found", Status: 404,
	Cause: "The path is not a login route, or the route is switched off.",
	Remedy: "Check the path. Linking needs Hooks.Link, back-channel logout a way to end sessions " +
		"(Session.Revocations or a store), front-channel logout FrontchannelLogout.",
}, {
	Code: "method_not_allowed", Status: 405,
	Cause:  "A login route got a method that it does not serve; the Allow header lists the others.",
	Remedy: "Callbacks are GET, or POST with response_mode=form_post; signing out is a POST.",
}, {
	Code: "wrong_host", Status: 421,
	Cause: "The Host header of the request is not the host of BaseURL.",
	Remedy: "Use the address of BaseURL, and check that the proxy forwards the Host header, " +
		"with the " +
		"port if it is not the usual one.",
}, {
	Code: "proxy_misconfigured", Status: 403, Words: "our_fault",
	Cause: "ForwardAuth was not asked by one of TrustedProxies, or not about one original " +
		"request, or the proxy passed on an identity header that its client sent; the log says " +
		"which.",
	Remedy: "Compare the configuration of the proxy with docs/forward-auth.md. Nothing, if a " +
		"stranger sent the header: the request was rejected.",
}, {
	Code: "cross_site", Status: 403,
	Cause: "Another site made the browser send a request with an unsafe method, or open a " +
		"WebSocket, " +
		"with the user's cookie (cross-site request forgery).",
	Remedy: "Nothing, if the site is a stranger. Add your own other origins to " +
		"TrustedOrigins, and " +
		"check that the proxy keeps the Origin header.",
	Variants: []string{"logout", "link"},
}, {
	Code: "insufficient_user_authentication", Status: 401,
	Cause: "A script or API client asked for something that needs a more recent or " +
		"stronger login " +
		"(RequireRecent, RequireACR).",
	Remedy: "Nothing. Page navigations are sent to the provider; other clients get this " +
		"challenge " +
		"(RFC 9470).",
}, {
	Code: "insufficient_scope", Status: 403,
	Cause:  "A script or API client asked for something that needs more scopes (RequireScope).",
	Remedy: "Nothing. Page navigations are sent to the provider; other clients get this challenge.",
}, {
	Code: "token_missing", Status: 401,
	Cause:  "An API that accepts access tokens only (API.BearerOnly) was called without one.",
	Remedy: "Nothing. The client has to send an Authorization header.",
}, {
	Code: "invalid_request", Status: 400,
	Cause: "The Authorization header of an API call is repeated or malformed (RFC 6750 " +
		"section 3.1).",
	Remedy: "Fix the client.",
}, {
	Code: "invalid_token", Status: 401,
	Cause: "An API was called with an access token that is not valid; the log says why.",
	Remedy: "Compare API.Audience with the aud claim of the token, and the provider's " +
		"signing keys. " +
		"Expired tokens are normal.",
}, {
	Code: "api_unavailable", Status: 503,
	Cause: "An API that the application called as the user could not be reached or did not " +
		"answer in " +
		"time (Guard.Refuse).",
	Remedy: "The cause in the log names the address and the error.",
}, {
	Code: "internal_error", Status: 500,
	Words:  "our_fault",
	Cause:  "A panic or an unexpected error, of the application's code or of this library.",
	Remedy: "The log has the cause. If it is not the application's, please report it.",
}}

// logouts are the outcomes of sign-outs, and of the messages by which providers end sessions. The
// answer to a provider is 400 with a body of the protocol, whatever went wrong
// (OpenID Connect Back-Channel Logout 1.0 section 2.8).
var logouts = []Outcome{{
	Code: "invalid_logout_token", Status: 400,
	Cause: "A back-channel logout arrived whose token is not valid; the log says why.",
	Remedy: "Compare the issuer, the client ID and the clock with the provider. Anyone can " +
		"send made-up " +
		"tokens; a few of them are normal.",
}, {
	Code: "logout_replayed", Status: 400,
	Cause:  "A back-channel logout token arrived for the second time.",
	Remedy: "Nothing, if the provider repeats messages that it thinks were lost.",
}}
