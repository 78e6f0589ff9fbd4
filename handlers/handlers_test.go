package handlers_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/handlers"
	"github.com/sallyport-go/sallyport/middleware"
)

// F52: applications cannot make routes and guards from a configuration that sallyport.New has not
// checked: the constructors take a type that only this module can name.
func TestNew_F52_OnlyThroughSallyport(t *testing.T) {
	for _, constructor := range []any{handlers.New, middleware.New} {
		in := reflect.TypeOf(constructor).In(0)
		if !strings.Contains(in.PkgPath(), "/sallyport/internal/") {
			t.Errorf("an application can make a %s", in)
		}
	}
}
