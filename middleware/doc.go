// Package middleware decides who may pass. A [Guard] reads the session of a request, puts it
// into the context, and guards routes:
//
//	mux.Handle("GET /reports", guard.RequireAuth(reports))
//	mux.Handle("GET /admin", guard.RequireRole("admin")(admin))
//
// sallyport.New builds the Guard, and sallyport.Auth has all of its methods. The guarded handler finds the user with
// session.FromContext; headers of the request never say who the user is.
//
// A guarded handler does not run, for whatever method or path, unless the check has passed. Who is not signed in
// is redirected to the login when a browser is on its way to show a page, and gets 401 with
// application/problem+json (RFC 9457) and the login's URL otherwise. Who is signed in and may not pass gets 403.
// When the session store does not answer, the answer is 503: nobody passes, and nobody is signed out.
//
// The ResponseWriter is handed on as it is, never wrapped: what the guard has to set (cookies, Vary) it
// sets before the handler runs.
package middleware
