// Command subdomains is an application whose customers have subdomains of their own. All of them
// sign in with one provider, which knows a single redirect URI: that of the callback relay at
// login.localhost.
//
//	go run ./example/subdomains
//
// Browsers find all names below localhost on this machine. The command runs a test provider.
package main

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
)

func main() {
	if err := run("8080"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts the provider, the relay and the application. In production, the relay is a process of
// its own, so that the customers' pages cannot reach its secret.
func run(port string) error {
	op, err := authtest.Start(authtest.Options{})
	if err != nil {
		return err
	}
	defer op.Close()
	relaySecret := rand.Text() + rand.Text()
	relay, err := newRelay(port, relaySecret)
	if err != nil {
		return err
	}
	app, err := newApp(port, rand.Text()+rand.Text(), relaySecret, op.OIDC())
	if err != nil {
		return err
	}
	log.Printf("Open http://acme.localhost:%[1]s/ or http://globex.localhost:%[1]s/ and sign in "+
		"as alice or bob; the password is the user name.", port)
	server := &http.Server{
		Addr: "localhost:" + port, Handler: byHost(port, relay, app),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.ListenAndServe()
}

// byHost has the relay answer for its own host, and the application for all others.
func byHost(port string, relay, app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "login.localhost:"+port {
			relay.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}
