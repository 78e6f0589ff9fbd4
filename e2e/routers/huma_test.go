package routers

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

type note struct {
	RawBody []byte `contentType:"application/x-www-form-urlencoded"`
}

type text struct{ Body string }

func withHuma(auth *sallyport.Auth) http.Handler {
	guarded := http.NewServeMux()
	api := humago.New(guarded, huma.DefaultConfig("Account", "1.0.0"))
	huma.Get(api, "/account/profile", func(ctx context.Context, _ *struct{}) (*text, error) {
		s, _ := session.FromContext(ctx)
		return &text{"the profile of " + s.User.Name}, nil
	})
	huma.Post(api, "/account/notes", func(_ context.Context, n *note) (*text, error) {
		form, err := url.ParseQuery(string(n.RawBody))
		return &text{"saved " + form.Get("text")}, err
	})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("/account/", auth.RequireAuth(guarded))
	return auth.Handler(mux)
}
