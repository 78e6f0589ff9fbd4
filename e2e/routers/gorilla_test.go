package routers

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/sallyport-go/sallyport"
)

func withGorilla(auth *sallyport.Auth) http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/", home)
	account := router.PathPrefix("/account").Subrouter()
	account.Use(auth.RequireAuth)
	account.HandleFunc("/profile", profile).Methods("GET")
	account.HandleFunc("/notes", save).Methods("POST")
	return auth.Handler(router)
}
