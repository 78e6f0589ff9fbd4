package routers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

func withEcho(auth *sallyport.Auth) http.Handler {
	router := echo.New()
	router.GET("/", func(c echo.Context) error { return c.String(200, "a public page") })
	account := router.Group("/account", echo.WrapMiddleware(auth.RequireAuth))
	account.GET("/profile", func(c echo.Context) error {
		s, _ := session.FromContext(c.Request().Context())
		return c.String(200, "the profile of "+s.User.Name)
	})
	account.POST("/notes", func(c echo.Context) error {
		return c.String(200, "saved "+c.FormValue("text"))
	})
	return auth.Handler(router)
}
