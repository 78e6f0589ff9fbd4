// Command example is a small application that signs its users in: a public page, a profile, a
// JSON endpoint and a page for administrators.
//
//	go run ./example
//
// Without settings it starts a provider for tests beside itself, which speaks OpenID Connect, OAuth 2.0 and OAuth 1.0a: there is
// nothing to set up, and three ways to sign in. With the settings of sallyport.FromEnv it signs in at real ones:
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
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its surroundings as arguments. It returns the exit status: 0 after a stop that was asked
// for, 1 when serving failed, 2 for settings that are missing or bad.
func run(ctx context.Context, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	set, err := loadSettings(lookup)
	if err != nil {
		fmt.Fprintf(stderr, "The settings need attention:\n%s\n", bulleted(err))
		return 2
	}
	defer set.close()
	set.config.Logger = slog.New(slog.NewTextHandler(stderr, nil))
	app, err := newApp(set.config)
	if err != nil {
		fmt.Fprintf(stderr, "The settings need attention:\n%s\n", bulleted(err))
		return 2
	}
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		fmt.Fprintf(stderr, "Cannot listen: %v\n", err)
		return 1
	}
	fmt.Fprint(stdout, set.welcome(app.redirectURIs))
	if err := serve(ctx, listener, app); err != nil {
		fmt.Fprintf(stderr, "Stopped: %v\n", err)
		return 1
	}
	return 0
}

// serve answers requests until ctx ends, then lets those under way finish.
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
