package routers

import (
	"net/http"

	"github.com/sallyport-go/sallyport"
)

func withServeMux(auth *sallyport.Auth) http.Handler {
	account := http.NewServeMux()
	account.HandleFunc("GET /account/profile", profile)
	account.HandleFunc("POST /account/notes", save)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("/account/", auth.RequireAuth(account))
	return auth.Handler(mux)
}

func belowPath(auth *sallyport.Auth) http.Handler {
	// BaseURL: "https://example.com/app"
	account := http.NewServeMux()
	account.HandleFunc("GET /account/profile", profile)
	account.HandleFunc("POST /account/notes", save)

	app := http.NewServeMux()
	app.HandleFunc("GET /{$}", home)
	app.Handle("/account/", auth.RequireAuth(account))

	mux := http.NewServeMux()
	mux.Handle("/app/", http.StripPrefix("/app", app))
	return auth.Handler(mux)
}
