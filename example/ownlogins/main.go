// Command ownlogins is an application with passwords and magic links of its own, beside a provider.
//
//	go run ./example/ownlogins
//
// The accounts are alice and bob; the password is the user name. Links are printed instead of sent.
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
	if err := run("localhost:8080"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts a provider and the application.
func run(addr string) error {
	op, err := authtest.Start(authtest.Options{})
	if err != nil {
		return err
	}
	defer op.Close()
	send := func(email, link string) { log.Printf("To %s: sign in at %s", email, link) }
	secret := rand.Text() + rand.Text()
	app, err := newApp("http://"+addr, secret, op.OIDC(), newAccounts(safeRounds), send)
	if err != nil {
		return err
	}
	log.Printf("Open http://%s/ and sign in as alice or bob; the password is the user name.", addr)
	server := &http.Server{Addr: addr, Handler: app, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
