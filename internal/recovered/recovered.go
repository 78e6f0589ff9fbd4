// Package recovered runs code of the application so that its panics become errors. A panic in a
// goroutine of the library would otherwise end the process, and one in a request would abort the
// connection.
package recovered

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

// maxStack bounds the stack in a log line. Endless recursion would fill it with repetition.
const maxStack = 16 << 10

// A Panic is a panic that [Call] caught.
type Panic struct {
	Value any    // of the panic
	Stack string // of the goroutine, from the panic on

	logged atomic.Bool
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprintf("application code panicked: %v", p.Value) }

// Call runs f and returns its error. A panic of f, whatever its value, is returned as a *Panic.
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

// Go runs f in a goroutine. It is the only place that starts one; internal/arch checks that. If f
// panics, failed (which may be nil) is told.
func Go(f func(), failed func(error)) {
	go func() {
		err := Call(func() error { f(); return nil })
		if err == nil || failed == nil {
			return
		}
		_ = Call(func() error { failed(err); return nil }) // there is nobody left to tell
	}()
}

// Is reports whether an error comes from a panic.
func Is(err error) bool {
	_, ok := errors.AsType[*Panic](err)
	return ok
}

// Stack is a log attribute with the stack of the panic behind err. It is empty, and so left out by
// log handlers, if there is no panic or its stack has been logged already: several requests may
// fail because of one panic.
func Stack(err error) slog.Attr {
	p, ok := errors.AsType[*Panic](err)
	if !ok || p.logged.Swap(true) {
		return slog.Attr{}
	}
	return slog.String("stack", p.Stack)
}
