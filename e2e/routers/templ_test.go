package routers

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

// profilePage is a component as templ makes it from a .templ file. In such a file, the context is
// ctx as well.
var profilePage = templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
	s, _ := session.FromContext(ctx)
	_, err := fmt.Fprintf(w, "<h1>the profile of %s</h1>", html.EscapeString(s.User.Name))
	return err
})

func withTempl(auth *sallyport.Auth) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("GET /account/profile", auth.RequireAuth(templ.Handler(profilePage)))
	mux.Handle("POST /account/notes", auth.RequireAuth(http.HandlerFunc(save)))
	return auth.Handler(mux)
}
