// Package recovered runs application code and turns its panics into errors. Otherwise a panic in a
// goroutine of the library would end the process, and one in a request would abort the connection.
package recovered

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

// maxStack limits the logged stack, in bytes. Infinite recursion would fill it with repetition.
const maxStack = 16 << 10

// A Panic is a panic that [Call] caught.
type Panic struct {
	Value any    // the argument of panic
	Stack string // of the goroutine, at the panic; at most 16 KiB

	logged atomic.Bool
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprintf("application code panicked: %v", p.Value) }

// Call runs f and returns its error. If f panics, with any value, Call returns a *Panic.
func Call(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			err = &Panic{Value: v, Stack: string(stack[:min(len(stack), maxStack)])}
		}
	}()
	return f()
}

// Get is [Call] for a function that also returns a value.
func Get[T any](f func() (T, error)) (value T, err error) {
	err = Call(func() error {
		value, err = f()
		return err
	})
	return value, err
}

// Go runs f in a goroutine. If f panics, Go calls failed, unless it is nil, with a *Panic. No other
// code of the library starts goroutines; internal/arch checks that.
func Go(f func(), failed func(error)) {
	go func() {
		err := Call(func() error { f(); return nil })
		if err == nil || failed == nil {
			return
		}
		_ = Call(func() error { failed(err); return nil }) // a panic of failed has no receiver
	}()
}

// Is reports whether err wraps a *Panic.
func Is(err error) bool {
	_, ok := errors.AsType[*Panic](err)
	return ok
}

// Stack returns a log attribute with the stack of the panic that err wraps. Each stack is returned
// once, because one panic may fail several requests. Later calls, and errors without a panic, get
// an empty attribute, which log handlers omit.
func Stack(err error) slog.Attr {
	p, ok := errors.AsType[*Panic](err)
	if !ok || p.logged.Swap(true) {
		return slog.Attr{}
	}
	return slog.String("stack", p.Stack)
}
