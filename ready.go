package sallyport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sallyport-go/sallyport/internal/answer"
	"github.com/sallyport-go/sallyport/internal/recovered"
	"github.com/sallyport-go/sallyport/provider"
)

// Ready reports whether every configured provider can sign users in now, for readiness probes. It
// asks a provider whose answer is older than 30 seconds, and one that failed only after a pause of
// up to five seconds. The error wraps [provider.ErrMisconfigured] if waiting does not help.
//
// Users who are signed in do not depend on it. Providers of tenants are not asked: one of them must
// not take the application away from the others.
func (a *Auth) Ready(ctx context.Context) error {
	var failed []error
	for _, name := range a.providerNames() {
		if err := a.readyAt(ctx, name); err != nil {
			failed = append(failed, fmt.Errorf("sallyport: provider %q: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

// providerNames are the names of the configured providers, in order.
func (a *Auth) providerNames() []string {
	var names []string
	for name := range a.providers.Configured() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (a *Auth) readyAt(ctx context.Context, name string) error {
	r, ok := a.providers.Configured()[name].(provider.Readier)
	if !ok {
		return nil
	}
	return r.Ready(ctx)
}

const (
	checkDelay = time.Second      // until providers are checked; logins that cannot wait come first
	checkLimit = 15 * time.Second // for one provider
)

// checkInBackground logs what is wrong with the configured providers, soon.
func (a *Auth) checkInBackground() {
	for _, name := range a.providerNames() {
		recovered.Go(func() {
			time.Sleep(checkDelay)
			ctx, cancel := context.WithTimeout(context.Background(), checkLimit)
			defer cancel()
			a.logNotReady(name, a.readyAt(ctx, name))
		}, func(err error) { a.logNotReady(name, err) })
	}
}

func (a *Auth) logNotReady(name string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, provider.ErrUnavailable) && !errors.Is(err, provider.ErrMisconfigured):
		a.logger.Warn("sallyport: a provider cannot be reached: logins with it fail",
			"provider", name, "cause", err, "help", answer.Help("provider_unavailable"))
	default:
		a.logger.Error("sallyport: a provider is misconfigured: logins with it fail",
			"provider", name, "cause", err, "help", answer.Help("provider_misconfigured"),
			recovered.Stack(err))
	}
}
