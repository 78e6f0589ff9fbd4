package routers

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

// notes is a service as protoc-gen-connect-go makes it from a file of definitions.
type notes struct{}

const notesService = "/notes.v1.NotesService/"

func (notes) handler() (string, http.Handler) {
	mux := http.NewServeMux()
	const save = notesService + "Save"
	mux.Handle(save, connect.NewUnaryHandlerSimple(save, notes{}.Save))
	return notesService, mux
}

func (notes) Save(ctx context.Context, n *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	s, _ := session.FromContext(ctx)
	return wrapperspb.String(s.User.Name + " saved " + n.Value), nil
}

func withConnect(auth *sallyport.Auth) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", home)
	mux.Handle("GET /account/profile", auth.RequireAuth(http.HandlerFunc(profile)))
	path, service := notes{}.handler()
	mux.Handle(path, auth.RequireAuth(service))
	return auth.Handler(mux)
}
