// Package middleware decides who may pass. A [Guard] reads the session of a request, puts it
// into the context, and guards routes:
//
//	mux.Handle("GET /reports", guard.RequireAuth(reports))
//	mux.Handle("GET /t/{tenant}/", guard.RequireTenant(tenantOf)(dashboard))
//	mux.Handle("GET /admin", guard.RequireRole("admin")(admin))
//
// sallyport.New builds the Guard, and sallyport.Auth has all of its methods. The guarded handler finds the user with
// session.FromContext; headers of the request never say who the user is.
//
// A guarded handler does not run, for whatever method or path, unless the check has passed. Who is not signed in
// is redirected to the login when a browser is on its way to show a page, and gets 401 with
// application/problem+json (RFC 9457) and the login's URL otherwise. Who is signed in and may not pass gets 403.
// When the session store does not answer, or nobody knows whether the user's tenant still exists, the answer is 503: nobody passes, and nobody is
// signed out.
//
// A request with an unsafe method that another site makes the browser send with the session cookie gets 403 (CSRF).
//
// # Tokens
//
// [Guard.Client] calls APIs as the user. A token that is about to end is refreshed once, for all requests of the session that
// need it, in this process and in others that share a session.Locker: they get the same next generation of the session. It is kept for
// ten minutes, for requests that still come with an older generation, so that a refresh token that has been spent is not
// sent again. A provider that does not answer is asked again after one second, two, four, up to thirty; the session stays. A provider
// that refuses the refresh token ends the session.
//
// [Guard.Bearer] puts those who call with an access token into the same context, for the same guards.
//
// The ResponseWriter is handed on as it is, never wrapped: what the guard has to set (cookies, Vary) it
// sets before the handler runs.
package middleware
