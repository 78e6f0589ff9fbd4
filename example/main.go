// Command example is a small application with sign-in: a public page, a profile, a JSON endpoint
// and a page for administrators.
//
//	go run ./example
//
// Without settings it starts a test provider in its own process, which speaks OpenID Connect, OAuth
// 2.0 and OAuth 1.0a: there is nothing to set up, and there are three ways to sign in. With the
// settings of sallyport.FromEnv it uses real providers:
//
//	SALLYPORT_CONFIG=providers.json go run ./example
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

const usage = `Usage: go run ./example

Starts a small application with sign-in, on this machine, and prints the address to open. Without
settings it brings its own test provider. Environment variables change that:

  LISTEN_ADDR=localhost:8081   another port
  SESSION_STORE=cookies        sessions in cookies instead of memory
  REDIS_URL=redis://...        sessions in Redis
  OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, SESSION_SECRET
                               your own OpenID provider
  SALLYPORT_PROVIDERS, SALLYPORT_CONFIG
                               several providers of any kind: see docs/providers.md
`

func main() {
	if code, done := readArguments(os.Args[1:], os.Stdout, os.Stderr); done {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// readArguments answers a request for help. Other arguments are mistakes.
func readArguments(args []string, stdout, stderr io.Writer) (code int, done bool) {
	switch {
	case len(args) == 0:
		return 0, false
	case slices.Contains([]string{"-h", "-help", "--help"}, args[0]):
		fmt.Fprint(stdout, usage)
		return 0, true
	}
	fmt.Fprintf(stderr, "unknown argument %q\n\n%s", args[0], usage)
	return 2, true
}

// run is main with its surroundings as arguments. It returns the exit status: 0 after a requested
// stop, 1 when serving failed, 2 for missing or invalid settings.
func run(ctx context.Context, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	set, err := loadSettings(lookup)
	if err != nil {
		fmt.Fprintf(stderr, "Configuration errors:\n%s\n", bulleted(err))
		return 2
	}
	defer set.close()
	log := &heldLog{w: stderr}
	set.config.Logger = slog.New(slog.NewTextHandler(log, nil))
	app, err := newApp(set.config)
	if err != nil {
		fmt.Fprintf(stderr, "Configuration errors:\n%s\n", bulleted(err))
		return 2
	}
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		fmt.Fprintln(stderr, cannotListen(set.listen, err))
		return 1
	}
	fmt.Fprint(stdout, set.welcome(app.redirectURIs))
	log.release()
	if err := serve(ctx, listener, app); err != nil {
		fmt.Fprintf(stderr, "Stopped: %v\n", err)
		return 1
	}
	return 0
}

// cannotListen says what to do about a port that is in use.
func cannotListen(addr string, err error) string {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Sprintf("Cannot listen on %s: %v", addr, err)
	}
	return fmt.Sprintf("Another program is using %s. Stop it, or choose another port:\n\n"+
		"  LISTEN_ADDR=localhost:8081 go run ./example\n", addr)
}

// serve answers requests until ctx ends, then lets those in progress finish.
func serve(ctx context.Context, listener net.Listener, app *app) error {
	server := &http.Server{
		Handler:           app,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	server.RegisterOnShutdown(app.stop)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return err
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
