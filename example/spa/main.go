// Command spa is a single-page app with its server: plain modules without a build step, which use
// the session endpoint and client.js.
//
//	go run ./example/spa
//
// It runs a test provider. To work on the pages with Vite, whose server passes /auth and /api on to
// this one, tell it the address in the browser:
//
//	BASE_URL=http://localhost:5173 go run ./example/spa
//	npx vite example/spa/web
//
// docs/spa.md explains the parts.
package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts the provider and the application.
func run() error {
	addr := cmp.Or(os.Getenv("LISTEN_ADDR"), "localhost:8080")
	baseURL := cmp.Or(os.Getenv("BASE_URL"), "http://"+addr)
	idle, err := time.ParseDuration(cmp.Or(os.Getenv("SESSION_IDLE"), "30m"))
	if err != nil {
		return fmt.Errorf("SESSION_IDLE: %w", err)
	}
	op, err := authtest.Start(authtest.Options{})
	if err != nil {
		return err
	}
	defer op.Close()
	app, err := newApp(baseURL, rand.Text()+rand.Text(), idle, op.OIDC())
	if err != nil {
		return err
	}
	log.Printf("Open %s/ and sign in as alice or bob; the password is the user name.", baseURL)
	server := &http.Server{Addr: addr, Handler: app, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
