package recovered

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// F2: whatever the value of a panic, Call returns it with the stack of where it came from.
func TestCall_F2(t *testing.T) {
	oops := errors.New("oops")
	for name, value := range map[string]any{"text": "oops", "error": oops, "abort": http.ErrAbortHandler, "nil": nil} {
		err := fmt.Errorf("wrapped: %w", Call(func() error { panic(value) }))
		p, ok := errors.AsType[*Panic](err)
		if !ok || !Is(err) || !strings.Contains(p.Stack, "TestCall_F2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Call(func() error { return oops }); err != oops || Is(err) {
		t.Errorf("an error of f came back as %v", err)
	}
	if n, err := Get(func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("Get returned %d, %v", n, err)
	}
}

// F2: endless output of a deep stack stays out of the log, and each stack is logged once.
func TestStack_F2(t *testing.T) {
	var deep func(int)
	deep = func(n int) {
		if n == 0 {
			panic("deep")
		}
		deep(n - 1)
	}
	err := Call(func() error { deep(10_000); return nil })
	if n := len(Stack(err).Value.String()); n == 0 || n > maxStack {
		t.Errorf("the stack has %d bytes", n)
	}
	if again := Stack(err); again.Key != "" {
		t.Error("the stack was logged twice")
	}
	if other := Stack(errors.New("no panic")); other.Key != "" {
		t.Errorf("%s is logged for an error without a panic", other.Key)
	}
}

// F2: a goroutine that panics tells, also if what it tells panics, and one that ends itself tells nothing.
func TestGo_F2(t *testing.T) {
	told := make(chan error)
	Go(func() { panic("oops") }, func(err error) { told <- err; panic("again") })
	if err := <-told; !Is(err) {
		t.Error(err)
	}
	Go(func() { panic("unheard") }, nil)
	Go(func() {
		defer close(told)
		runtime.Goexit()
	}, func(error) { t.Error("Goexit is no panic") })
	<-told
}
