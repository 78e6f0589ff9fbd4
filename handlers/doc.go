// Package handlers serves the login routes:
//
//	GET  {prefix}/login                    one provider: starts the login; several: the login page
//	GET  {prefix}/login/{provider}         starts the login
//	GET  {prefix}/silent                   asks for a silent login (with Config.SilentLogin)
//	GET  {prefix}/callback/{provider}      finishes it (also by POST), or the provider's Callback
//	GET  {prefix}/renew/{provider}         finishes a renewal that was answered by form_post
//	GET  {prefix}/link/{provider}          asks whether to link an account (with Hooks.Link)
//	POST {prefix}/link/{provider}          links an account there to the signed-in one
//	GET  {prefix}/logout                   asks whether to sign out
//	POST {prefix}/logout                   signs out, here and at the provider
//	GET  {prefix}/logout/continue          continues a sign-out by fetch, once
//	GET  {prefix}/logged-out               the post-logout redirect URI
//	GET  {prefix}/providers                lists the ways to sign in, as JSON
//	GET  {prefix}/session                  who is signed in, as JSON (with SessionEndpoint)
//	POST {prefix}/session                  the same, and extends the session
//	GET  {prefix}/client.js                a module for scripts, with client.d.ts for its types
//	GET  {prefix}/signed-in                ends a login in a popup (with SessionEndpoint)
//	POST {prefix}/backchannel/{provider}   back-channel logout (with Revocations or a ServerStore)
//	GET  {prefix}/frontchannel/{provider}  front-channel logout (with FrontchannelLogout)
//
// sallyport.New creates the routes, and Auth.Handler mounts them. Applications use [Hooks], and
// [Choices] and [ReturnTo] in a login page of their own.
//
// A callback works once, within 15 minutes, in the browser that started the login, and for the
// provider that it was started with. The browser ends at a URL of the application itself. Failures
// are logged in full under a reference number; the browser sees a neutral message with that number.
//
// A repeated callback (back button, reload) redirects a signed-in user to where the login led. A
// late callback starts the login again, once, and so does a provider that reports that its own
// login page has expired. All other failures show a page with one button that keeps the return
// address.
//
// A provider is a configured one or a tenant's (provider.Tenants): /login/acme starts a login with
// the provider of the tenant acme, and /callback/acme finishes it.
//
// # One user, several accounts
//
// Each (issuer, subject) pair is a separate user, even if two share an email address. Hooks.Link
// lets a signed-in user link another account by signing in to it: a form of the application POSTs
// to Auth.LinkURL, and the hook stores the user key of the other account with that of the current
// one. Hooks.Login, or the application itself, then looks accounts up by the key that signs in.
// Accounts are never linked automatically, and email addresses are never compared: otherwise,
// anyone who can make a provider assert an address could take over the account that has it.
//
// # When the provider signs users out
//
// Back-channel logout is a request from the provider's server to the application's. It ends every
// session, whatever the browser does. It is on as soon as sessions can be revoked, without a
// setting: register {base URL}{prefix}/backchannel/{provider}, with exactly that host, as the
// backchannel_logout_uri. Several processes need shared Revocations; otherwise only one of them
// learns of a logout. A logout token is accepted once ([session.Manager.Once]).
//
// Front-channel logout is off by default. Browsers send the session cookie in a frame of another
// site only with SameSite=None, and many not even then: if the provider is on another site than the
// application, use back-channel logout.
//
// OpenID Connect Session Management 1.0 (check_session_iframe) is not supported. It needs a frame
// of the provider in every page that watches a cookie of the provider. Browsers withhold that
// cookie, so it would report logouts that have not happened, or none. Use back-channel logout, or
// session.Config.Revalidate where the provider has none.
//
// # Outcomes
//
// Every event (sallyport.Config.OnEvent) and every log line of a failed request has a fixed code.
// docs/troubleshooting.md lists all codes with HTTP status, cause and remedy; the log line has the
// URL of its section as "help".
package handlers
