package answer

// logins are the outcomes of the login routes that the user, the browser or the application causes.
var logins = []Outcome{{
	Code:   "ok",
	Cause:  "The user signed in, signed out or linked an account, or the provider ended a session.",
	Remedy: "Nothing.",
}, {
	Code: "no_flow", Status: 400,
	Cause: "The callback has no matching, unexpired login of this browser: the login took longer " +
		"than 15 minutes, was started in another browser or at another host name, the browser " +
		"does not keep cookies, or the servers do not share Session.Secret.",
	Remedy: "A few of these are normal. If every login ends here, check that the proxy " +
		"forwards the " +
		"Host header and all cookies, that BaseURL is the address in the browser, and that all " +
		"servers have the same Session.Secret.",
}, {
	Code: "relay_state", Status: 400,
	Words: "no_flow",
	Cause: "The callback relay got a state that it cannot forward: its secret does not open it, " +
		"it has expired, or its origin is not allowed. The log says which.",
	Remedy: "A few of these are normal. Otherwise compare RelayConfig.Secret with " +
		"Config.RelaySecret and RelayConfig.URL with Config.RelayURL, and check " +
		"RelayConfig.Origins and Allow.",
}, {
	Code: "flow_used", Status: 400,
	Cause:  "The same callback arrived twice, such as by the back button or a double click.",
	Remedy: "Nothing. Many of them from one address can be an attempt to replay a callback.",
}, {
	Code: "login_restarted",
	Cause: "A login took longer than 15 minutes, or the provider's own login page had " +
		"expired, so " +
		"that it was started again, once, by itself.",
	Remedy: "Nothing.",
}, {
	Code: "bad_request", Status: 400,
	Cause:  "A parameter of the request is repeated, too long, or cannot be read.",
	Remedy: "The cause in the log names the parameter. Check proxies that rewrite URLs or bodies.",
}, {
	Code: "unknown_provider", Status: 404,
	Cause: "The path of a login route names a provider or tenant that does not exist.",
	Remedy: "Check the name in the link, and the redirect URI registered at the " +
		"provider: it ends " +
		"with the name of the provider in Config.Providers.",
}, {
	Code: "cookies_blocked", Status: 400,
	Cause: "Logins succeed, but the session cookie does not come back, so the pages keep sending " +
		"the browser to sign in.",
	Remedy: "If it happens to everyone, check Session.Domain, Session.SameSite and proxies " +
		"that drop " +
		"Set-Cookie or large headers. Otherwise the browser blocks cookies.",
}, {
	Code: "login_refused", Status: 403,
	Cause:  "Hooks.Login or Hooks.Begin refused (ErrRefused).",
	Remedy: "Nothing, if the refusal is intended. The log has the error of the hook.",
}, {
	Code: "link_refused", Status: 403,
	Cause:  "Hooks.Link refused (ErrRefused).",
	Remedy: "Nothing, if the refusal is intended. The log has the error of the hook.",
}, {
	Code: "hook_failed", Status: 500,
	Words: "our_fault",
	Cause: "A hook of the application returned an error that is no refusal.",
	Remedy: "The log has the error. A hook that means to refuse returns " +
		"sallyport.ErrRefused or a " +
		"*problem.Error.",
}, {
	Code: "hook_timeout", Status: 503,
	Words:  "our_fault",
	Cause:  "A hook of the application did not finish in time (context.DeadlineExceeded).",
	Remedy: "Check what the hook waits for, such as the database.",
}, {
	Code: "session_changed", Status: 403,
	Cause: "Account linking was started from a session that is no longer active in this browser.",
	Remedy: "Nothing. Many of them can be an attempt to link an attacker's account (CSRF), " +
		"which this check prevents.",
}, {
	Code: "session_too_large", Status: 403,
	Cause: "The claims and tokens of the user do not fit into cookies. The log names the " +
		"largest claims.",
	Remedy: "Drop claims (OIDC.OmitClaims or the provider's settings), ask for fewer " +
		"scopes, or keep " +
		"sessions in a store (Session.Store).",
}}
