package answer

// providers are the outcomes that a provider's answers cause. Anyone can forge a callback, so all
// but the outage are 4xx: load balancers take hosts that answer 5xx out of service.
var providers = []Outcome{{
	Code: "access_denied", Status: 403,
	Words: "not_signed_in",
	Cause: "The user canceled, or the provider did not allow the login.",
	Remedy: "Nothing, if users cancel. Otherwise check at the provider whether the user is " +
		"assigned " +
		"to this application.",
}, {
	Code: "interaction_required", Status: 403,
	Words: "not_signed_in",
	Cause: "Silent re-authentication (prompt=none) failed: the provider's session has " +
		"ended, or the " +
		"provider has to ask the user something.",
	Remedy: "Nothing. The user signs in again.",
}, {
	Code: "not_admitted", Status: 403,
	Cause: "The provider confirmed the user, but RequiredClaims or Organizations admit " +
		"others only.",
	Remedy: "Nothing, if intended. Otherwise add the organization to the provider's configuration.",
}, {
	Code: "state_mismatch", Status: 400,
	Words: "not_yours",
	Cause: "The state of the callback is not that of the login, so someone else's " +
		"response arrived.",
	Remedy: "Nothing, unless it happens often: then check for proxies that rewrite or cache " +
		"callbacks.",
}, {
	Code: "issuer_mismatch", Status: 400,
	Words: "not_yours",
	Cause: "The response came from another issuer than the login was started at (RFC 9207).",
	Remedy: "Compare Issuer with the issuer in the provider's metadata; the log has both. Each " +
		"provider needs its own redirect URI.",
}, {
	Code: "invalid_response", Status: 400,
	Words:  "not_yours",
	Cause:  "Parameters of the callback are missing, repeated or contradictory.",
	Remedy: "Check the response type and mode registered at the provider; the log has the details.",
}, {
	Code: "insufficient_authentication", Status: 403,
	Cause: "A guard asked for a recent login (max_age), an ACR or a scope, and the " +
		"provider's answer " +
		"does not show it. Or a page, or an API behind it, asked for a third step-up within " +
		"a minute.",
	Remedy: "Check that the provider supports acr_values and returns auth_time, which scopes the " +
		"client may get, and what the API's WWW-Authenticate asks for.",
}, {
	Code: "provider_error", Status: 400,
	Words:    "invalid_answer",
	Variants: []string{"again"},
	Cause: "The provider answered the login with an OAuth error; the log has its code and " +
		"description.",
	Remedy: "Look the code up in the provider's manual. Frequent ones: invalid_scope (Scopes), " +
		"unauthorized_client (the grant or response type is not allowed for the client), " +
		"invalid_request (the redirect URI).",
}, {
	Code: "token_error", Status: 400,
	Words: "invalid_answer",
	Cause: "The token endpoint rejected the code, or its answer cannot be used. Anyone can " +
		"cause it " +
		"with a made-up code.",
	Remedy: "If every login ends here: invalid_client means a wrong ClientSecret or AuthMethod, " +
		"invalid_grant a redirect URI that differs from the registered one.",
}, {
	Code: "interrupted", Status: 400,
	Cause: "The provider closed the connection while the code was redeemed, and the code " +
		"was spent " +
		"all the same.",
	Remedy: "Nothing. If it happens often, a proxy or firewall between here and the " +
		"provider drops " +
		"connections.",
}, {
	Code: "invalid_id_token", Status: 400,
	Words: "invalid_answer",
	Cause: "The ID token is not valid: signature, issuer, audience, time, nonce or " +
		"another claim; " +
		"the log names it.",
	Remedy: "If every login ends here, compare Issuer, ClientID and the signing algorithm " +
		"with the " +
		"provider, and the clocks of both.",
}, {
	Code: "invalid_userinfo", Status: 400,
	Words:  "invalid_answer",
	Cause:  "The userinfo or profile cannot be read, or is about another user than the ID token.",
	Remedy: "Check the profile's URL and the names of its fields in the configuration.",
}, {
	Code: "provider_unavailable", Status: 503,
	Cause: "The provider cannot be reached or answers with 5xx or 429, or Tenants.Find " +
		"cannot tell " +
		"the tenant's provider now.",
	Remedy: "The cause in the log names the URL and the error. Check the network, DNS, the " +
		"provider's " +
		"certificate and its status page.",
	Variants: []string{"busy", "tokens", "page", "api"},
}, {
	Code: "provider_misconfigured", Status: 500,
	Cause: "The provider's metadata or keys cannot be read (4xx, a web page, a redirect " +
		"to another " +
		"origin), name another issuer, or rule out logins as they are configured here.",
	Remedy: "The cause in the log names the URL, and both values where two differ. Set " +
		"Issuer to the " +
		"very text that the metadata has in issuer; compare AuthMethod, ResponseType, PAR and " +
		"SigningAlgs with the metadata.",
}, {
	Code: "refresh_refused",
	Cause: "The provider rejected the refresh token for good, so the session has ended: " +
		"the user or " +
		"an administrator ended it, or the refresh token was used twice.",
	Remedy: "Nothing. If it happens to everyone after a while, compare Session.Lifetime with the " +
		"lifetime of refresh tokens at the provider, and share a Locker between processes.",
}}
