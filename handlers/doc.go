// Package handlers serves the routes of a sign-in:
//
//	GET  {prefix}/login              one provider: starts the login; several: the chooser page
//	GET  {prefix}/login/{provider}   starts the login
//	GET  {prefix}/callback/{provider}  (POST for form_post) finishes it
//	GET  {prefix}/logout             asks, with a button that POSTs
//	POST {prefix}/logout             signs out, here and at the provider
//	GET  {prefix}/logged-out         where the provider sends the browser afterwards
//
// sallyport.New builds the [Handlers]; Auth.Handler mounts them. What the routes protect: a callback
// works only in the browser that started the login, once, for the provider it was started at, within
// [FlowLifetime]; the user ends at an address of the application itself; what went wrong is told to
// the log, not to the browser.
//
// # Outcomes
//
// Every event (sallyport.Config.OnEvent) and every log line of a failed request carries one fixed code:
//
//	ok                   signed in, or signed out
//	no_flow              the callback has no matching, unexpired login of this browser
//	flow_used            the same callback came twice
//	bad_request          a parameter repeated, too long, or not readable
//	access_denied        the user or the provider said no
//	state_mismatch, issuer_mismatch, invalid_response, provider_error, token_error,
//	invalid_id_token, invalid_userinfo, insufficient_authentication
//	                     see provider.Fault
//	provider_unavailable the provider cannot be reached; Retry-After is sent
//	login_refused        Hooks.Login said no
//	interaction_required a session was asked about silently and is over at the provider
//	refresh_refused      the provider does not prolong the login; the session has ended
//	invalid_token        an API was called with an access token that is not valid
//	duplicate_cookie     a browser sent two session cookies
//	cookies_blocked      logins succeed but the session cookie does not come back
//	session_too_large    the session does not fit into cookies
//	store_unavailable    the session store does not answer
//	cross_site           a sign-out, or a guarded request, asked for by another site
//	unknown_provider, wrong_host, method_not_allowed, not_found, internal_error
package handlers
