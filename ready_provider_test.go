package sallyport_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/authtest"
	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/provider"
)

// F42: Ready tells how things are now, what is wrong, and does not hammer the provider.
func TestReady_F42_CurrentState(t *testing.T) {
	app := rig.New(t)
	ready := func(name string, want error) {
		t.Helper()
		app.Clock.Advance(31 * time.Second)
		for range 20 {
			err := app.Auth.Ready(t.Context())
			if !errors.Is(err, want) || want != provider.ErrMisconfigured &&
				errors.Is(err, provider.ErrMisconfigured) {
				t.Fatalf("%s: %v, want %v", name, err, want)
			}
		}
	}
	ready("up", nil)
	app.OP.SetDown(true)
	ready("down", provider.ErrUnavailable)
	app.OP.SetDown(false)
	ready("up again", nil)
	rig.AnswerDiscovery(app, rig.Status(404))
	ready("moved", provider.ErrMisconfigured)
	rig.AnswerDiscovery(app, rig.Status(503))
	ready("overloaded", provider.ErrUnavailable)
	app.OP.Behave()
	app.OP.Misbehave(func(f *authtest.Faults) {
		f.Discovery = func(m map[string]any) { m["issuer"] = "https://other.example" }
	})
	ready("renamed", provider.ErrMisconfigured)
	app.OP.Behave()
	ready("up at last", nil)
	if n := app.OP.Count("discovery"); n > 20 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// F42: a provider whose keys cannot be had is not ready.
func TestReady_F42_Keys(t *testing.T) {
	for code, want := range map[int]error{404: provider.ErrMisconfigured,
		503: provider.ErrUnavailable} {
		app := rig.New(t)
		app.OP.Misbehave(func(f *authtest.Faults) { f.Handler = rig.Answer("jwks", code, "", "") })
		if err := app.Auth.Ready(t.Context()); !errors.Is(err, want) ||
			!strings.Contains(err.Error(), app.OP.Issuer()+"/jwks") {
			t.Errorf("status %d: %v, want %v", code, err, want)
		}
	}
}
