// Package sallyportgin uses the guards of sallyport in Gin:
//
//	account := router.Group("/account", sallyportgin.Guard(auth.RequireAuth))
//	account.GET("/profile", func(c *gin.Context) {
//		s, _ := session.FromContext(c.Request.Context())
//		c.String(http.StatusOK, "Hello, %s", s.User.Name)
//	})
//	http.ListenAndServe("localhost:8080", auth.Handler(router))
//
// The context of the request, not the *gin.Context, holds the session, unless
// Engine.ContextWithFallback makes the one ask the other.
package sallyportgin

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Guard returns the handler that runs a guard, or any other middleware of net/http, before the
// handlers that follow. If the middleware does not call the next handler, the chain is aborted. The
// middleware must pass on the http.ResponseWriter that it gets, as guards do: handlers of Gin write
// to the one of their Context.
func Guard(guard func(http.Handler) http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		admitted := false
		next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			admitted = true
			c.Request = r
			c.Next()
		})
		guard(next).ServeHTTP(c.Writer, c.Request)
		if !admitted {
			c.Abort()
		}
	}
}
