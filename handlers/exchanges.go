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
	// maxExchanges limits how many logins may be started, and how many finished, with a provider at
	// the same time. More of them would not make a slow provider faster, and each holds a
	// connection.
	maxExchanges = 64

	// exchangeWait is how long a login waits for its turn.
	exchangeWait = 10 * time.Second
)

var errBusy = errors.New("too many logins are being started or finished")

// exchanges limit concurrent logins, for each provider separately: a slow provider does not delay
// the others. Entries exist only while they are in use, because the number of tenants is unknown.
// The zero value is ready for use.
type exchanges struct {
	mu     sync.Mutex
	byName map[string]*turns
}

// turns are the exchanges with one provider.
type turns struct {
	taken chan struct{}
	users int // who wait or have theirs
}

// wait returns when it is this login's turn; done ends the turn. A canceled request gives up its
// place.
func (e *exchanges) wait(ctx context.Context, name string) (done func(), err error) {
	t := e.enter(name)
	done = func() { <-t.taken; e.leave(name, t) }
	select {
	case t.taken <- struct{}{}:
		return done, nil
	default: // others have all the turns
	}
	ctx, cancel := context.WithTimeoutCause(ctx, exchangeWait, errBusy)
	defer cancel()
	select {
	case t.taken <- struct{}{}:
		return done, nil
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
