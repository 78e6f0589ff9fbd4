package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// onceDone is the result that a Locker keeps for Once. It carries no information.
var onceDone = []byte{1}

// Once runs f unless f has succeeded under the same key within the last keep, in this process or in
// another one with the same Config.Locker. It reports whether this call ran f. Of several
// concurrent calls, one runs f. Use it for messages that must not be processed twice. If f fails,
// the message may be tried again.
//
// f runs with its own context, so it may continue after ctx ends and Once returns. The error wraps
// [ErrStore]: whether f has been done is unknown.
//
// Each process remembers up to ten thousand keys per owner, which is the part of a key before its
// first dot, such as a provider's name. No key is dropped early: further keys are an error.
func (m internals) Once(
	ctx context.Context, key string, keep time.Duration, f func(context.Context) error,
) (bool, error) {
	var done atomic.Bool
	run := func(ctx context.Context) ([]byte, error) { // on a goroutine of the locker's choice
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
