package handlers_test

import (
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/handlers"
)

// F52: a configuration that sallyport.New has not filled in is an error.
func TestNew_F52_EmptyConfig(t *testing.T) {
	if h, err := handlers.New(handlers.Config{}); err == nil || h != nil || !strings.Contains(err.Error(), "sallyport.New") {
		t.Errorf("%v, %v", h, err)
	}
}
