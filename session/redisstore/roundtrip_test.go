package redisstore_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

// Counts the round trips of each call on the wire.
func TestStore_RoundTrips(t *testing.T) {
	server := startServer(t)
	p := startProxy(t, server.addr())
	s := open(t, p.url())
	keys := session.RevocationKeys{{1}, {2}, {3}, {4}}
	// the first round connects and sends the scripts
	for _, round := range []string{"cold", "warm"} {
		for name, row := range map[string]struct {
			do   func(context.Context) error
			want int64
		}{
			"Put": {func(ctx context.Context) error {
				return s.Put(ctx, someKey, someRecord, session.Always)
			}, 1},
			"Lookup": {func(ctx context.Context) error {
				_, err := s.Lookup(ctx, keys)
				return err
			}, 1},
			"Epoch": {func(ctx context.Context) error { _, err := s.Epoch(ctx); return err }, 1},
			"Revoke": {func(ctx context.Context) error {
				r := session.Revocation{Keys: keys[:], Providers: keys[3:], Keep: time.Hour}
				_, err := s.Revoke(ctx, r)
				return err
			}, 2},
			"Delete": {func(ctx context.Context) error {
				return s.Delete(ctx, session.Key{Owner: "CCCCCCCCCCCCCCCCCCCCCC", ID: "D"})
			}, 1},
		} {
			before := p.trips.Load()
			if err := row.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := p.trips.Load() - before; round == "warm" && got != row.want {
				t.Errorf("%s: %d round trips, want %d", name, got, row.want)
			}
		}
	}
	before := p.trips.Load()
	if record, marks, err := s.GetAndLookup(t.Context(), someKey, keys); err != nil ||
		record.Data != "data" || marks[2].All == 0 {
		t.Errorf("GetAndLookup = %v, %v, %v", record, marks, err)
	}
	if _, err := s.Get(t.Context(), someKey); err != nil {
		t.Error(err)
	}
	if got := p.trips.Load() - before; got != 2 {
		t.Errorf("GetAndLookup and Get: %d round trips, want one each", got)
	}
	before = p.trips.Load()
	if _, err := s.List(t.Context(), someKey.Owner); err != nil {
		t.Error(err)
	}
	if got := p.trips.Load() - before; got != 2 {
		t.Errorf("List: %d round trips, want 2", got)
	}
}

// A request with a session needs one round trip, whether the session is in Redis or in cookies, and
// an unauthenticated request none.
func TestRequest_OneRoundTrip(t *testing.T) {
	server := startServer(t)
	eachKeep(t, func(t *testing.T, keep func(*session.Config, *redisstore.Store)) {
		p := startProxy(t, server.addr())
		st := newSite(t, keep, func() *redisstore.Store { return open(t, p.url()) })
		_, alice := st.signIn(t, "alice")
		st.want(t, st.one, alice, "alice") // connects
		for range 5 {
			before := p.trips.Load()
			st.want(t, st.one, alice, "alice")
			if n := p.trips.Load() - before; n != 1 {
				t.Errorf("%d round trips for a page, want 1", n)
			}
		}
		before := p.trips.Load()
		st.want(t, st.one, nil, "sign in")
		if n := p.trips.Load() - before; n != 0 {
			t.Errorf("%d round trips for an unauthenticated request, want 0", n)
		}
	})
}

// A cluster's nodes are asked concurrently: if each takes 300 ms to answer, three take no longer
// than one.
func TestStore_RoundTripsInACluster(t *testing.T) {
	c := startCluster(t, 0)
	proxies := map[string]*proxy{}
	for _, node := range c.nodes {
		proxies[node.addr()] = startProxy(t, node.addr())
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.nodes[0].addr()},
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return net.Dial(network, proxies[addr].addr())
		}})
	t.Cleanup(func() { client.Close() })
	s := redisstore.New(client)
	if err := s.Put(t.Context(), someKey, someRecord, session.Always); err != nil {
		t.Fatal(err)
	}
	var keys session.RevocationKeys
	asked := func(keys session.RevocationKeys) (nodes int, took time.Duration) {
		before := map[*proxy]int64{}
		for _, p := range proxies {
			before[p] = p.trips.Load()
		}
		begin := time.Now()
		if _, _, err := s.GetAndLookup(t.Context(), someKey, keys); err != nil {
			t.Fatal(err)
		}
		took = time.Since(begin)
		for p, n := range before {
			switch p.trips.Load() - n {
			case 0:
			case 1:
				nodes++
			default:
				t.Errorf("a node was asked %d times", p.trips.Load()-n)
			}
		}
		return nodes, took
	}
	for i := byte(0); ; i++ { // keys on all three nodes; this also connects to them
		keys = session.RevocationKeys{{i, 1}, {i, 2}, {i, 3}}
		s.Lookup(t.Context(), keys)
		if nodes, _ := asked(keys); nodes == 3 {
			break
		}
	}
	for _, p := range proxies {
		p.delay.Store(int64(300 * time.Millisecond))
	}
	if nodes, took := asked(keys); nodes != 3 || took > 550*time.Millisecond {
		t.Errorf("%d nodes were asked, in %v", nodes, took)
	}
	// All keys of a user are on one node: the records and the user's mark, whose key is the owner
	// of the records.
	for _, p := range proxies {
		p.delay.Store(0)
	}
	for i := range byte(20) {
		user := session.RevocationKey{42, i}
		key := session.Key{Owner: base64.RawURLEncoding.EncodeToString(user[:]), ID: "B"}
		before := map[*proxy]int64{}
		for _, p := range proxies {
			before[p] = p.trips.Load()
		}
		if _, _, err := s.GetAndLookup(t.Context(), key,
			session.RevocationKeys{{}, {}, user}); !errors.Is(err, session.ErrNoRecord) {
			t.Fatal(err)
		}
		nodes := 0
		for p, n := range before {
			nodes += int(p.trips.Load() - n)
		}
		if nodes != 1 {
			t.Errorf("%d nodes were asked about one user", nodes)
		}
	}
}
