package recovered

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// F2: Call returns a panic with any value, and the stack of its origin.
func TestCall_F2(t *testing.T) {
	oops := errors.New("oops")
	for name, value := range map[string]any{"text": "oops", "error": oops,
		"abort": http.ErrAbortHandler, "nil": nil} {
		err := fmt.Errorf("wrapped: %w", Call(func() error { panic(value) }))
		p, ok := errors.AsType[*Panic](err)
		if !ok || !Is(err) || !strings.Contains(p.Stack, "TestCall_F2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Call(func() error { return oops }); err != oops || Is(err) {
		t.Errorf("Call returned %v, want the error of f", err)
	}
	if n, err := Get(func() (int, error) { return 7, nil }); n != 7 || err != nil {
		t.Errorf("Get returned %d, %v", n, err)
	}
}

// F2: a logged stack is limited in size, and each stack is logged once.
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
		t.Errorf("Stack returned %s for an error without a panic", other.Key)
	}
}

// F2: a panic in a goroutine is reported, even if the report panics too; runtime.Goexit is not.
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
