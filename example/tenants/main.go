// Command tenants is an application whose customers sign in with their own identity providers. Each
// customer has a name, a provider that is looked up on demand, and pages that only its own users
// can see.
//
//	go run ./example/tenants
//
// The customers are acme and globex. The command runs a test provider for each.
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

// run starts the customers' providers and the application.
func run(addr string) error {
	customers := newDirectory()
	for _, name := range []string{"acme", "globex"} {
		op, err := authtest.Start(authtest.Options{})
		if err != nil {
			return err
		}
		defer op.Close()
		customers.add(name, op.OIDC())
	}
	app, err := newApp("http://"+addr, rand.Text()+rand.Text(), customers)
	if err != nil {
		return err
	}
	log.Printf("Open http://%s/ and sign in as alice or bob of acme or globex; the password is "+
		"the user name.", addr)
	server := &http.Server{Addr: addr, Handler: app, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
