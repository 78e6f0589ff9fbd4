package rig

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// Revocable keeps sessions in cookies, and revocations in memory.
func Revocable(s *Setup) {
	s.Config.Session.Revocations = session.NewMemoryRevocations(s.Config.Session.Now)
}

// Stored keeps sessions in a store, which brings its revocations.
func Stored(s *Setup) {
	s.Config.Session.Store = session.NewServerStore(
		session.NewMemoryBackend(session.MemoryLimits{}, s.Config.Session.Now),
	)
}

// EveryKeeper runs a test with each way to keep sessions that can be ended.
func EveryKeeper(t *testing.T, test func(t *testing.T, keep func(*Setup))) {
	for name, keep := range map[string]func(*Setup){"cookies": Revocable, "store": Stored} {
		t.Run(name, func(t *testing.T) { test(t, keep) })
	}
}

// Revalidate sets Session.Revalidate.
func Revalidate(d time.Duration) func(*Setup) {
	return func(s *Setup) { s.Config.Session.Revalidate = d }
}

// KeptIn keeps sessions in cookies or in a store, by name.
var KeptIn = map[string]func(*Setup){
	"cookies": func(*Setup) {},
	"store": func(s *Setup) {
		c := &s.Config.Session
		c.Store = session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, c.Now))
	},
}
