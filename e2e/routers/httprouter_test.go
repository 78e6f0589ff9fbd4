package routers

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/sallyport-go/sallyport"
)

func withHTTPRouter(auth *sallyport.Auth) http.Handler {
	router := httprouter.New()
	router.HandlerFunc("GET", "/", home)
	router.Handler("GET", "/account/profile", auth.RequireAuth(http.HandlerFunc(profile)))
	router.Handler("POST", "/account/notes", auth.RequireAuth(http.HandlerFunc(save)))
	return auth.Handler(router)
}
