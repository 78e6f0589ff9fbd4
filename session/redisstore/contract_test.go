package redisstore_test

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/internal/rig"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
	"github.com/sallyport-go/sallyport/session/storetest"
)

// share is the PerProvider of the stores in these tests.
const share = 50

// small returns a store with a small PerProvider.
func small(t *testing.T, url string) *redisstore.Store {
	s := patient(t, url)
	s.PerProvider = share
	return s
}

// clocked is like small, with another clock.
func clocked(t *testing.T, url string, now func() time.Time) *redisstore.Store {
	s := small(t, url)
	s.Now = now
	return s
}

// runContract runs all contract tests with two stores, as in two processes.
func runContract(t *testing.T, open func(t *testing.T) *redisstore.Store, o storetest.Options) {
	t.Parallel()
	one, other := open(t), open(t)
	for name, test := range map[string]func(*testing.T){
		"backend": func(t *testing.T) {
			storetest.TestBackend(t, func(*testing.T) (session.Backend, session.Backend) {
				return one, other
			}, o)
		},
		"revocations": func(t *testing.T) {
			storetest.TestRevocations(t, func(*testing.T) (session.Revocations,
				session.Revocations) {
				return one, other
			}, o)
		},
		"locker": func(t *testing.T) {
			storetest.TestLocker(t, func(*testing.T) (session.Locker, session.Locker) {
				return one, other
			}, o)
		},
	} {
		t.Run(name, test)
	}
}

// R104, R106: with a plain client, which ignores context deadlines.
func TestContract_InMemory(t *testing.T) {
	server := miniredis.RunT(t)
	clock := rig.NewClock()
	server.SetTime(clock.Now())
	runContract(t, func(t *testing.T) *redisstore.Store {
		client := redis.NewClient(&redis.Options{Addr: server.Addr()})
		t.Cleanup(func() { client.Close() })
		s := redisstore.New(client)
		s.Now, s.PerProvider = clock.Now, share
		return s
	}, storetest.Options{PerProvider: share, Size: func() int {
		return len(server.Keys())
	}, Advance: func(d time.Duration) {
		clock.Advance(d)
		server.SetTime(clock.Now())
		server.FastForward(d)
	}})
}

func TestContract_OneServer(t *testing.T) {
	one := startServer(t)
	c := &clockwork{servers: []*server{one}}
	runContract(t, func(t *testing.T) *redisstore.Store {
		return clocked(t, one.url(), c.Now)
	}, storetest.Options{PerProvider: share, Advance: c.advance(t)})
}

func TestContract_Cluster(t *testing.T) {
	nodes := startCluster(t, 0)
	c := &clockwork{servers: nodes.nodes}
	runContract(t, func(t *testing.T) *redisstore.Store {
		return clocked(t, nodes.url(), c.Now)
	}, storetest.Options{PerProvider: share, Advance: c.advance(t)})
}

func TestContract_Sentinel(t *testing.T) {
	master, _, sentinel := startSentinel(t)
	c := &clockwork{servers: []*server{master}}
	url := "redis+sentinel://" + sentinel.addr() + "?master_name=main"
	runContract(t, func(t *testing.T) *redisstore.Store {
		return clocked(t, url, c.Now)
	}, storetest.Options{PerProvider: share, Advance: c.advance(t)})
}
