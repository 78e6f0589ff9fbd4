package redisstore_test

import (
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

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
		t.Run(name, func(t *testing.T) {
			if o.Advance == nil {
				t.Parallel() // the tests wait
			}
			test(t)
		})
	}
}

// R104, R106: with a plain client, which ignores context deadlines.
func TestContract_InMemory(t *testing.T) {
	server := miniredis.RunT(t)
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	server.SetTime(now)
	runContract(t, func(t *testing.T) *redisstore.Store {
		client := redis.NewClient(&redis.Options{Addr: server.Addr()})
		t.Cleanup(func() { client.Close() })
		s := redisstore.New(client)
		s.Now, s.PerProvider = clock, share
		return s
	}, storetest.Options{PerProvider: share, Size: func() int {
		return len(server.Keys())
	}, Advance: func(d time.Duration) {
		mu.Lock()
		now = now.Add(d)
		mu.Unlock()
		server.SetTime(clock())
		server.FastForward(d)
	}})
}

func TestContract_OneServer(t *testing.T) {
	server := startServer(t)
	runContract(t, func(t *testing.T) *redisstore.Store { return small(t, server.url()) },
		storetest.Options{PerProvider: share})
}

func TestContract_Cluster(t *testing.T) {
	c := startCluster(t, 0)
	runContract(t, func(t *testing.T) *redisstore.Store { return small(t, c.url()) },
		storetest.Options{PerProvider: share})
}

func TestContract_Sentinel(t *testing.T) {
	_, _, sentinel := startSentinel(t)
	url := "redis+sentinel://" + sentinel.addr() + "?master_name=main"
	runContract(t, func(t *testing.T) *redisstore.Store {
		return patient(t, url)
	}, storetest.Options{})
}
