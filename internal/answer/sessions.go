package answer

// sessions are the outcomes about sessions, at the login routes and at guards.
var sessions = []Outcome{{
	Code: "sign_in_required", Status: 401,
	Wording: Wording{
		Title: "Sign-in required",
		Text:  "Open login_url in the browser to sign in.",
	},
	Cause: "A request without a session asked for a guarded page, or wanted to link an account.",
	Remedy: "Nothing. Page navigations are redirected to the login; scripts follow login_url. If " +
		"users who have just signed in get it, see cookies_blocked.",
	Variants: []Wording{{
		In:    "form",
		Title: "Please sign in",
		Text:  "You've been signed out, so your changes weren't saved. Sign in, then send them again.",
	}, {
		In:    "link",
		Title: "Please sign in first",
		Text:  "To link another account, sign in to this site first.",
	}, {
		In:    "unproven",
		Title: NotConnected,
		Text: "Your sign-in has to be confirmed first. Please go back to a page of this site and try " +
			"again from there.",
	}},
}, {
	Code: "session_ended", Status: 401,
	Wording: Wording{
		Title: "Please sign in again",
		Text:  "The sign-in service has ended your session.",
	},
	Cause:  "The provider has ended the login while the application called an API as the user.",
	Remedy: "Nothing. See refresh_refused.",
}, {
	Code: "renewed",
	Cause: "A session was renewed at the provider without the user noticing (Session.Revalidate, " +
		"prompt=none).",
	Remedy: "Nothing.",
}, {
	Code: "duplicate_cookie",
	Cause: "A browser sent two session cookies of the same name, such as one for the host and one " +
		"for its parent domain. The valid one is used.",
	Remedy: "After a change of Session.Domain this ends by itself. Otherwise another application on a " +
		"sibling host sets a cookie of the same name: give it another one (Session.CookieName).",
}, {
	Code:   "evicted",
	Cause:  "The memory store is full, so idle sessions were dropped.",
	Remedy: "Raise the limit of the store, shorten Session.Idle, or use a shared store such as Redis.",
}, {
	Code: "store_unavailable", Status: 503,
	Wording: Wording{
		Title: "Sign-in isn't available right now",
		Text:  "The problem is on our side. Please try again in a moment.",
	},
	Cause: "The session store or the shared revocations do not answer.",
	Remedy: "The cause in the log has the error of the store. Sessions are not lost: they work again " +
		"when the store does.",
	Variants: []Wording{{
		In:    "page",
		Title: "This page isn't available right now",
		Text:  "We can't check right now whether you're signed in. Please try again in a moment.",
	}},
}, {
	Code: "forbidden", Status: 403,
	Wording: Wording{
		Title: "You don't have access to this page",
		Text:  "You're signed in, but your account doesn't have the access that this page needs.",
	},
	Cause:  "A check of the application (Require, RequireRole, ...) did not admit the signed-in user.",
	Remedy: "Nothing, if intended. The log has the error of the check; compare User.Roles with it.",
}, {
	Code: "other_tenant", Status: 403,
	Wording: Wording{
		Title: "You don't have access to this page",
		Text: "You're signed in with another organization. If you belong to this one as well, " +
			"sign in with it.",
	},
	Cause:  "A user of one tenant asked for a page of another (RequireTenant).",
	Remedy: "Nothing.",
}}
