package redisstore_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// shorten lets each key expire earlier. A clock that moves would do the same.
var shorten = redis.NewScript(`
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end`)

// advance moves the time of the keys on a server forward.
func (s *server) advance(t testing.TB, d time.Duration) {
	t.Helper()
	err := shorten.Run(t.Context(), s.client(t), nil, d.Milliseconds()).Err()
	if err != nil && err != redis.Nil {
		t.Error(err)
	}
}

// A clockwork is the time of stores and of the servers that they share. It runs.
type clockwork struct {
	ahead   atomic.Int64 // of the machine's clock
	servers []*server
}

// Now returns the time of the stores.
func (c *clockwork) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// advance moves the time of stores and servers forward.
func (c *clockwork) advance(t testing.TB) func(time.Duration) {
	return func(d time.Duration) {
		t.Helper()
		c.ahead.Add(int64(d))
		for _, s := range c.servers {
			s.advance(t, d)
		}
	}
}
