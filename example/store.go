package main

import (
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// keepSessions decides where sessions live: in Redis with REDIS_URL, else in this process's memory,
// or with SESSION_STORE=cookies in the browser alone.
func (s *settings) keepSessions(env environment) error {
	kind, kindErr := sallyport.Setting(env, "SESSION_STORE")
	address, addressErr := sallyport.Setting(env, "REDIS_URL")
	if err := errors.Join(kindErr, addressErr); err != nil {
		return err
	}
	if kind == "" && address != "" {
		kind = "redis"
	}
	c := &s.config.Session
	switch kind {
	case "", "memory":
		c.Store = session.NewServerStore(session.NewMemoryBackend(session.MemoryLimits{}, nil))
	case "cookies":
		c.Revocations = session.NewMemoryRevocations(nil)
	case "redis":
		if address == "" {
			return errors.New("REDIS_URL is not set: SESSION_STORE=redis needs it, such as " +
				"redis://localhost:6379/0")
		}
		store, err := redisstore.Open(address)
		if err != nil {
			return fmt.Errorf("REDIS_URL: %w", err)
		}
		s.closers = append(s.closers, store.Close)
		c.Store = session.NewServerStore(store)
	default:
		return fmt.Errorf("SESSION_STORE %q is not memory, cookies or redis", kind)
	}
	return nil
}
