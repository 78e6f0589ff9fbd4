// Command fromfile is an application whose providers are configured entirely in a JSON file.
//
//	SESSION_SECRET=$(openssl rand -base64 32) go run ./example/fromfile providers.json
//
// For example, a file with a known vendor and another provider:
//
//	{
//	  "google": {
//	    "client_id": "4711.apps.googleusercontent.com", "client_secret_file": "google.secret"
//	  },
//	  "intranet": {
//	    "client_id": "reports", "client_secret_env": "INTRANET_SECRET",
//	    "authorization_endpoint": "https://intranet.example.com/oauth/authorize",
//	    "token_endpoint": "https://intranet.example.com/oauth/token",
//	    "userinfo_endpoint": "https://intranet.example.com/api/me",
//	    "user": {"id": "data.id", "name": "data.name"}
//	  }
//	}
//
// docs/settings.md lists all settings. Set BASE_URL too, unless the application runs on localhost.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: fromfile providers.json")
	}
	app, err := newApp(os.Args[1], os.LookupEnv)
	if err != nil {
		log.Fatalf("configuration errors:\n%v", err)
	}
	addr, err := sallyport.ListenAddr(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(addr, app))
}

func newApp(file string, lookup func(string) (string, bool)) (http.Handler, error) {
	config, err := sallyport.FromFile(file, lookup)
	if err != nil {
		return nil, err
	}
	auth, err := sallyport.New(config)
	if err != nil {
		return nil, err
	}
	for name, uris := range auth.RedirectURIs() {
		log.Printf("redirect URI to register at %s: %s", name, uris.Redirect)
	}
	return auth.Handler(auth.RequireAuth(http.HandlerFunc(hello))), nil
}

func hello(w http.ResponseWriter, r *http.Request) {
	s, _ := session.FromContext(r.Context()) // always present behind RequireAuth
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hello, %s. You have signed in with %s.\n", s.User.Name, s.Provider)
}
