package redisstore_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

func epochOf(t *testing.T, s *redisstore.Store) uint64 {
	t.Helper()
	epoch, err := s.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

// revoke ends all sessions of a key, and returns the epoch of the revocation.
func revoke(t *testing.T, s *redisstore.Store, key session.RevocationKey) uint64 {
	t.Helper()
	r := session.Revocation{Keys: []session.RevocationKey{key}, Keep: time.Hour}
	if _, err := s.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	marks, err := s.Lookup(t.Context(), session.RevocationKeys{key})
	if err != nil {
		t.Fatal(err)
	}
	return marks[0].All
}

// R118: epochs keep increasing if Redis loses the epoch, with or without the marks, even if its
// clock is slow.
func TestEpoch_R118_DataLoss(t *testing.T) {
	for name, lose := range map[string]func(*miniredis.Miniredis){
		"nothing lost":    func(*miniredis.Miniredis) {},
		"everything lost": func(m *miniredis.Miniredis) { m.FlushAll() },
		"epoch lost":      func(m *miniredis.Miniredis) { m.Del("sallyport:epoch") },
		"epoch set back":  func(m *miniredis.Miniredis) { m.Set("sallyport:epoch", "1000") },
		"and clock set back": func(m *miniredis.Miniredis) {
			m.FlushAll()
			m.SetTime(time.Now().Add(-time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := miniredis.RunT(t)
			m.SetTime(time.Now())
			store := func(now func() time.Time) *redisstore.Store {
				client := redis.NewClient(&redis.Options{Addr: m.Addr()})
				t.Cleanup(func() { client.Close() })
				s := redisstore.New(client)
				s.Now = now
				return s
			}
			one, other := store(time.Now), store(time.Now)
			key := session.RevocationKey{7}
			first := revoke(t, one, key)
			login := epochOf(t, other) // of a session that continues
			lose(m)
			if again := epochOf(t, other); again < first {
				t.Errorf("a later login has epoch %d, below the mark %d, which ends it",
					again, first)
			}
			// the first one is new
			for _, s := range []*redisstore.Store{store(time.Now), one, other} {
				if number := revoke(t, s, key); number <= login {
					t.Errorf("a revocation with epoch %d does not end the login with epoch %d",
						number, login)
				}
			}
		})
	}
}

// R118: if the clock of Redis or of the process is slow, the other one decides; if both are, the
// last epoch that the process has seen.
func TestEpoch_R118_SlowClocks(t *testing.T) {
	m := miniredis.RunT(t)
	m.SetTime(time.Now())
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { client.Close() })
	slow := func() *redisstore.Store {
		s := redisstore.New(client)
		s.Now = func() time.Time { return time.Unix(0, 0) }
		return s
	}
	s := slow()
	login := epochOf(t, s)
	m.FlushAll()
	m.SetTime(time.Now().Add(time.Minute))
	if number := revoke(t, slow(), session.RevocationKey{7}); number <= login {
		t.Errorf("slow process: a revocation has epoch %d, an earlier login %d", number, login)
	}
	m.FlushAll()
	m.SetTime(time.Unix(1_000_000, 0))
	punctual := redisstore.New(client)
	punctual.Now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	if number := revoke(t, punctual, session.RevocationKey{7}); number <= login {
		t.Errorf("slow Redis: a revocation has epoch %d, an earlier login %d", number, login)
	}
	m.FlushAll()
	if number := revoke(t, s, session.RevocationKey{7}); number <= login {
		t.Errorf("both slow: a revocation has epoch %d, an earlier login %d", number, login)
	}
}

// Redis merges revocations like session.Mark.Merge, in any order.
func TestRevoke_MergesLikeMark(t *testing.T) {
	m := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	t.Cleanup(func() { client.Close() })
	s := redisstore.New(client)
	for round := range 50 {
		key := session.RevocationKey{byte(round), 1}
		var want session.Mark
		for range 1 + rand.IntN(6) {
			var before time.Time
			if rand.IntN(2) == 0 {
				// including before 1970 and after 2106
				before = time.Unix(rand.Int64N(1<<33)-1<<31, 0)
			}
			r := session.Revocation{
				Keys: []session.RevocationKey{key}, IssuedBefore: before, Keep: time.Hour,
			}
			if _, err := s.Revoke(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			marks, err := s.Lookup(t.Context(), session.RevocationKeys{{}, key})
			if err != nil {
				t.Fatal(err)
			}
			want = want.Merge(max(marks[1].All, marks[1].Some), before)
			if marks[1] != want {
				t.Fatalf("after a revocation before %v: %+v, want %+v", before, marks[1], want)
			}
		}
	}
}

// R119: with concurrent logins and revocations, every login that began before a revocation ends,
// and every login that begins after it continues. Tests one server, and a cluster, where the epoch
// and the marks are on different nodes.
func TestRevoke_R119_NoLoginSlipsThrough(t *testing.T) {
	for name, url := range map[string]string{"one server": startServer(t).url(),
		"cluster": startCluster(t, 0).url()} {
		t.Run(name, func(t *testing.T) {
			stores := []*redisstore.Store{patient(t, url), patient(t, url), patient(t, url)}
			type login struct{ asked, answered, epoch uint64 }
			type revocation struct{ begun, done, number uint64 }
			var mu sync.Mutex
			var moment uint64
			var logins []login
			var revocations []revocation
			now := func() uint64 { // orders all events
				mu.Lock()
				defer mu.Unlock()
				moment++
				return moment
			}
			var wg sync.WaitGroup
			for i := range 12 {
				s := stores[i%3]
				wg.Go(func() {
					for j := range 60 {
						if i%3 == 0 {
							r := revocation{begun: now(),
								number: revoke(t, s, session.RevocationKey{1, byte(i), byte(j)})}
							r.done = now()
							mu.Lock()
							revocations = append(revocations, r)
							mu.Unlock()
							continue
						}
						l := login{asked: now(), epoch: epochOf(t, s)}
						l.answered = now()
						mu.Lock()
						logins = append(logins, l)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			before, after := 0, 0
			for _, r := range revocations {
				for _, l := range logins {
					if l.answered < r.begun {
						if before++; l.epoch >= r.number {
							t.Fatalf("revocation %d does not end an earlier login with epoch %d",
								r.number, l.epoch)
						}
					}
					if l.asked > r.done {
						if after++; l.epoch < r.number {
							t.Fatalf("revocation %d ends a later login with epoch %d", r.number,
								l.epoch)
						}
					}
				}
			}
			if before < 1000 || after < 1000 {
				t.Errorf("compared only %d earlier and %d later logins", before, after)
			}
		})
	}
}
