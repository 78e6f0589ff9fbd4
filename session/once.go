package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// onceDone is what a Locker keeps of a Once. It says nothing.
var onceDone = []byte{1}

// Once runs f, unless that has been done well under the same key during the last keep, here or in
// another process with the same Config.Locker; it reports whether this call did it. Of several
// calls at once, one runs f. It is for messages that must not be obeyed twice. When f fails it has
// not been done, and may be tried again.
//
// f runs with a context of its own, so it may go on after Once has returned with the end of ctx.
// The error wraps [ErrStore]: whether it was done is unknown.
//
// Each process does so for up to ten thousand keys of an owner, the part of a key before its first
// dot, such as a provider's name. None is forgotten before its time: more keys are an error.
func (m *Manager) Once(
	ctx context.Context, key string, keep time.Duration, f func(context.Context) error,
) (bool, error) {
	var done atomic.Bool
	run := func(ctx context.Context) ([]byte, error) { // in whatever goroutine the locker uses
		if err := recovered.Call(func() error { return f(ctx) }); err != nil {
			return nil, err
		}
		done.Store(true)
		return onceDone, nil
	}
	_, err := fromStore(func() ([]byte, error) { return m.once.Do(ctx, key, keep, run) })
	if err != nil && !errors.Is(err, ErrStore) {
		err = fmt.Errorf("%w: %w", ErrStore, err)
	}
	return err == nil && done.Load(), err
}
