// Package middleware decides who may pass. A [Guard] reads the session of a request, puts it into
// the context, and guards routes:
//
//	mux.Handle("GET /reports", guard.RequireAuth(reports))
//	mux.Handle("GET /t/{tenant}/", guard.RequireTenant(tenantOf)(dashboard))
//	mux.Handle("GET /admin", guard.RequireRole("admin")(admin))
//
// sallyport.New creates the Guard, and sallyport.Auth has all of its methods. The guarded handler
// gets the user from session.FromContext; request headers never say who the user is.
//
// A guarded handler runs only after the check has passed, whatever the method or path.
// Unauthenticated page navigations are redirected to the login. All other unauthenticated requests
// get 401 with application/problem+json (RFC 9457) and the URL of the login. Signed-in users whom
// the check rejects get 403. If the session store does not answer, or the tenant cannot be looked
// up, the answer is 503: the handler does not run, and the session stays.
//
// A request with an unsafe method that another site makes the browser send with the session cookie
// gets 403 (CSRF).
//
// # Tokens
//
// [Guard.Client] calls APIs as the user. A token that is about to expire is refreshed once, for all
// requests of the session, in this process and in others that share a session.Locker: they get the
// same next generation of the session. It is kept for ten minutes, for requests that still arrive
// with an older generation, so that a spent refresh token is not sent again. A provider that does
// not answer is asked again after one second, two, four, up to thirty, and the session stays. A
// provider that rejects the refresh token ends the session.
//
// [Guard.Bearer] puts callers with an access token into the same context, for the same guards.
//
// The ResponseWriter is passed on as it is, never wrapped: a guard sets cookies and Vary before the
// handler runs.
package middleware
