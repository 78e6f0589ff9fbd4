package handlers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// R146, R147: turns are each provider's own, and nothing is left of those that have been used,
// however many names there were.
func TestExchanges_R147_NothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e exchanges
		var ends []func()
		for range maxExchanges {
			done, err := e.wait(t.Context(), "full")
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, done)
		}
		begin := time.Now()
		if _, err := e.wait(t.Context(), "full"); !errors.Is(err, provider.ErrUnavailable) ||
			!errors.Is(err, errBusy) || time.Since(begin) != exchangeWait {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := e.wait(gone, "full"); !errors.Is(err, context.Canceled) {
			t.Errorf("whose browser has left: %v", err)
		}
		for i := range 1000 {
			done, err := e.wait(t.Context(), fmt.Sprint("tenant-", i))
			if err != nil {
				t.Fatal(err)
			}
			done()
		}
		if len(e.byName) != 1 {
			t.Errorf("%d providers are remembered, one is in use", len(e.byName))
		}
		for _, done := range ends {
			done()
		}
		if len(e.byName) != 0 {
			t.Errorf("%d providers are remembered, none is in use", len(e.byName))
		}
	})
}
