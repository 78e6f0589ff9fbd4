package answer

// pages are what the login routes show when nothing has failed.
var pages = []Outcome{{
	Code: "relayed", Status: 200,
	Cause: "The callback relay forwards the POST of a provider (response_mode=form_post) by a " +
		"form that sends itself. Users see it only without JavaScript.",
	Remedy: "Nothing.",
}, {
	Code: "ask_logout", Status: 200,
	Cause:  "The browser opened the sign-out route by a link. Only a POST signs out.",
	Remedy: "Nothing. A form that POSTs to Auth.LogoutURL signs out without this question.",
}, {
	Code: "signed_out", Status: 200,
	Cause:  "The user has signed out, and no page of the application was named to return to.",
	Remedy: "Nothing. Pass a path to Auth.LogoutURL to end there.",
}, {
	Code: "still_signed_in", Status: 200,
	Cause:  "The page after signing out was opened in a browser with a session.",
	Remedy: "Nothing.",
}, {
	Code: "ask_link", Status: 200,
	Cause:  "The browser opened the route that links accounts by a link. Only a POST begins.",
	Remedy: "Nothing. A form that POSTs to Auth.LinkURL begins without this question.",
}, {
	Code: "finish_link", Status: 200,
	Cause: "The browser came back from the provider without the session cookie, because the " +
		"provider " +
		"posts its answer or cookies are SameSite=Strict. The next click carries it.",
	Remedy: "Nothing.",
}}
