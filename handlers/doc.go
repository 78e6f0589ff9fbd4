// Package handlers serves the routes of a sign-in:
//
//	GET  {prefix}/login                    one provider: starts the login; several: the chooser page
//	GET  {prefix}/login/{provider}         starts the login
//	GET  {prefix}/callback/{provider}      (POST for form_post) finishes it
//	GET  {prefix}/renew/{provider}         goes on with a renewal that was answered by form_post
//	GET  {prefix}/link/{provider}          asks, with a button that POSTs (with Hooks.Link)
//	POST {prefix}/link/{provider}          connects an account there with the one that is signed in
//	GET  {prefix}/logout                   asks, with a button that POSTs
//	POST {prefix}/logout                   signs out, here and at the provider
//	GET  {prefix}/logged-out               where the provider sends the browser afterwards
//	POST {prefix}/backchannel/{provider}   the provider says that sessions have ended (with session.Config.Revocations)
//	GET  {prefix}/frontchannel/{provider}  the same, in a frame of a page of the provider (with FrontchannelLogout)
//
// sallyport.New makes the routes; Auth.Handler mounts them. What the routes protect: a callback
// works only in the browser that started the login, once, for the provider it was started at, within
// 15 minutes; the user ends at an address of the application itself; what went wrong is told to
// the log, not to the browser.
//
// A callback that comes again, by the back button or a reload, leads a signed-in user on to where the login
// led. One that comes too late starts the login again, once, and so does a provider's answer that its own
// login page has expired. All others get a page with a button that keeps the address to return to.
//
// A provider is a configured one, or a tenant's (provider.Tenants): /login/acme starts a login at acme's, and /callback/acme finishes it.
//
// # One user, several accounts
//
// A user is who one provider says: two accounts are two users, also with the same e-mail address. Hooks.Link lets a user who is signed in
// connect another account, by signing in there as well: a form of the application POSTs to Auth.LinkURL, and the hook notes that the
// other user key belongs to the same person from now on. Hooks.Login, or the application itself, then looks accounts up by the key of whoever
// signs in. Nothing is ever connected by itself, and no e-mail address is compared: whoever could make a provider name somebody
// else's address would get in as them.
//
// # When the provider signs users out
//
// Back-channel logout is a message from the provider's server to the application's, and reaches every session, whatever the
// browser does. It is on as soon as sessions can be ended from elsewhere, and needs no setting here: register
// {base URL}{prefix}/backchannel/{provider} as backchannel_logout_uri, exactly with that host. Several processes need
// Revocations that they share, or a logout is known to one of them only. A logout token counts once ([session.Manager.Once]).
//
// Front-channel logout is off by default. Browsers send the session's cookie into a frame of another
// site only with SameSite=None, and many not even then: where the provider is on another site than the
// application, back-channel logout is the one that works.
//
// There is nothing of OpenID Connect Session Management 1.0 (check_session_iframe). It is a frame of the provider in every page of the
// application that watches a cookie of the provider; browsers do not give such frames their cookies any more, so it would report logouts
// that have not happened, or none, and pages that exchange messages with other sites are a place for mistakes. Back-channel
// logout does what it was for, and session.Config.Revalidate asks where a provider has neither.
//
// # Outcomes
//
// Every event (sallyport.Config.OnEvent) and every log line of a failed request carries one fixed
// code. docs/troubleshooting.md lists them all, with the HTTP status, the cause and what to do; the
// log line has the address of its section as "help".
package handlers
