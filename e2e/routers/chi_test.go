package routers

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/sallyport-go/sallyport"
)

func withChi(auth *sallyport.Auth) http.Handler {
	router := chi.NewRouter()
	router.Get("/", home)
	router.Route("/account", func(r chi.Router) {
		r.Use(auth.RequireAuth)
		r.Get("/profile", profile)
		r.Post("/notes", save)
	})
	return auth.Handler(router)
}
