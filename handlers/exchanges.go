package handlers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

const (
	// maxExchanges is how many logins may be finished at a provider at the same time, and how many may be
	// started. More of them would not make a slow provider faster, and each holds a connection.
	maxExchanges = 64

	// exchangeWait is how long a login waits for its turn.
	exchangeWait = 10 * time.Second
)

var errBusy = errors.New("too many logins are being started or finished")

// exchanges give callbacks their turn, each provider's apart: a slow one does not hold up the others. There are as many as
// are in use, because nobody can count the providers of tenants. The zero value is ready for use.
type exchanges struct {
	mu     sync.Mutex
	byName map[string]*turns
}

// turns are those at one provider.
type turns struct {
	taken chan struct{}
	users int // who wait or have theirs
}

// wait returns when it is this callback's turn; done ends it. A browser that goes away gives its place up.
func (e *exchanges) wait(ctx context.Context, name string) (done func(), err error) {
	t := e.enter(name)
	ctx, cancel := context.WithTimeoutCause(ctx, exchangeWait, errBusy)
	defer cancel()
	select {
	case t.taken <- struct{}{}:
		return func() { <-t.taken; e.leave(name, t) }, nil
	case <-ctx.Done():
		e.leave(name, t)
		return nil, fmt.Errorf("%w: %w", provider.ErrUnavailable, context.Cause(ctx))
	}
}

func (e *exchanges) enter(name string) *turns {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.byName[name]
	if t == nil {
		t = &turns{taken: make(chan struct{}, maxExchanges)}
		if e.byName == nil {
			e.byName = map[string]*turns{}
		}
		e.byName[name] = t
	}
	t.users++
	return t
}

func (e *exchanges) leave(name string, t *turns) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(e.byName, name)
	}
}
