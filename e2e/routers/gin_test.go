package routers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/sallyport-go/sallyport"
	sallyportgin "github.com/sallyport-go/sallyport/adapters/gin"
	"github.com/sallyport-go/sallyport/session"
)

func withGin(auth *sallyport.Auth) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/", func(c *gin.Context) { c.String(200, "a public page") })
	account := router.Group("/account", sallyportgin.Guard(auth.RequireAuth))
	account.GET("/profile", func(c *gin.Context) {
		s, _ := session.FromContext(c.Request.Context())
		c.String(200, "the profile of %s", s.User.Name)
	})
	account.POST("/notes", func(c *gin.Context) {
		c.String(200, "saved %s", c.PostForm("text"))
	})
	return auth.Handler(router)
}
