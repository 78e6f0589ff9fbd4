package answer

// sessions are the outcomes about sessions, at the login routes and at guards.
var sessions = []Outcome{{
	Code: "sign_in_required", Status: 401,
	Cause: "A request without a session asked for a guarded page, or wanted to link an account.",
	Remedy: "Nothing. Page navigations are redirected to the login; scripts follow login_url. If " +
		"users who have just signed in get it, see cookies_blocked.",
	Variants: []string{"form", "link", "unproven"},
}, {
	Code: "session_ended", Status: 401,
	Cause:  "The provider has ended the login while the application called an API as the user.",
	Remedy: "Nothing. See refresh_refused.",
}, {
	Code: "renewed",
	Cause: "A session was renewed at the provider without the user noticing (Session.Revalidate, " +
		"prompt=none).",
	Remedy: "Nothing.",
}, {
	Code: "duplicate_cookie",
	Cause: "A browser sent two session cookies of the same name, such as one for the " +
		"host and one " +
		"for its parent domain. The valid one is used.",
	Remedy: "After a change of Session.Domain this ends by itself. Otherwise another " +
		"application on a " +
		"sibling host sets a cookie of the same name: give it another one (Session.CookieName).",
}, {
	Code:  "evicted",
	Cause: "The memory store is full, so the oldest sessions were removed.",
	Remedy: "Raise the limit of the store, shorten Session.Idle, or use a shared store such " +
		"as Redis.",
}, {
	Code: "store_unavailable", Status: 503,
	Cause: "The session store or the shared revocations do not answer.",
	Remedy: "The cause in the log has the error of the store. Sessions are not lost: they " +
		"work again " +
		"when the store does.",
	Variants: []string{"page"},
}, {
	Code: "forbidden", Status: 403,
	Cause: "A check of the application (Require, RequireRole, ...) did not admit the " +
		"signed-in user.",
	Remedy: "Nothing, if intended. The log has the error of the check; compare User.Roles with it.",
}, {
	Code: "other_tenant", Status: 403,
	Cause:  "A user of one tenant asked for a page of another (RequireTenant).",
	Remedy: "Nothing.",
}}
