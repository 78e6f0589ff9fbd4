package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

const (
	// maxExchanges is how many callbacks may be finished at a provider at the same time. More of them would not make a slow
	// provider faster, and each holds a connection.
	maxExchanges = 64

	// exchangeWait is how long a callback waits for its turn.
	exchangeWait = 10 * time.Second
)

var errBusy = errors.New("too many logins are being finished")

// exchanges give callbacks their turn, each provider's apart: a slow one does not hold up the others.
type exchanges map[string]chan struct{}

func newExchanges(providers provider.Set) exchanges {
	e := exchanges{}
	for name := range providers {
		e[name] = make(chan struct{}, maxExchanges)
	}
	return e
}

// wait returns when it is this callback's turn; done ends it. A browser that goes away gives its place up.
func (e exchanges) wait(ctx context.Context, name string) (done func(), err error) {
	turn := e[name]
	ctx, cancel := context.WithTimeoutCause(ctx, exchangeWait, errBusy)
	defer cancel()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", provider.ErrUnavailable, context.Cause(ctx))
	}
}
