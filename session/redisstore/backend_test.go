package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/session/redisstore"
)

func putVersion(t *testing.T, s *redisstore.Store, key session.Key, version uint64,
	c session.Condition) error {
	t.Helper()
	return s.Put(t.Context(), key, session.Record{Version: version,
		Data: fmt.Sprint("data ", version), TTL: time.Minute}, c)
}

// If an answer is lost, the client repeats the Put, which must recognize its own record.
func TestPut_AnswerLost(t *testing.T) {
	server := startServer(t)
	p := startProxy(t, server.addr())
	s := open(t, p.url())
	if err := putVersion(t, s, someKey, 1, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	for i, c := range []session.Condition{session.IfOlder, session.IfNotNewer, session.Always} {
		p.lose.Store(1)
		if err := putVersion(t, s, someKey, uint64(i+2), c); err != nil {
			t.Errorf("condition %d: %v", c, err)
		}
	}
	key := session.Key{Owner: someKey.Owner, ID: "another"}
	p.lose.Store(1)
	if err := putVersion(t, s, key, 1, session.IfAbsent); err != nil {
		t.Errorf("IfAbsent: %v", err)
	}
	if err := putVersion(t, s, key, 1, session.IfAbsent); !errors.Is(err, session.ErrChanged) {
		t.Errorf("another Put with the same content: %v", err)
	}
	if p.lose.Load() > 0 {
		t.Error("no answer was lost, so the test is void")
	}
	// These calls may be repeated.
	for name, do := range map[string]func() error{
		"Revoke": func() error {
			_, err := s.Revoke(t.Context(), someRevocation)
			return err
		},
		"Delete": func() error { return s.Delete(t.Context(), key) },
		"Epoch":  func() error { _, err := s.Epoch(t.Context()); return err },
	} {
		p.lose.Store(1)
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The server loses its scripts on a restart and on SCRIPT FLUSH.
func TestScripts_Forgotten(t *testing.T) {
	server := startServer(t)
	s, client := open(t, server.url()), server.client(t)
	for range 2 {
		for name, do := range everyCall(s) {
			if err := client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			if err := do(t.Context()); err != nil && !errors.Is(err, session.ErrNoRecord) &&
				!strings.Contains(err.Error(), "it ran") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// R100: if Redis is full, writes fail, but existing sessions can be read and ended.
func TestStore_R100_Full(t *testing.T) {
	server := startServer(t, "--maxmemory-policy", "noeviction")
	s, client := open(t, server.url()), server.client(t)
	if err := putVersion(t, s, someKey, 1, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	calls := everyCall(s)
	for _, name := range []string{"Put", "Epoch", "Revoke", "Do", "Ready"} {
		wantUnknown(t, name, 3*time.Second, calls[name])
	}
	if record, err := s.Get(t.Context(), someKey); err != nil || record.Version != 1 {
		t.Errorf("Get = %v, %v", record, err)
	}
	if records, err := s.List(t.Context(), someKey.Owner); err != nil || len(records) != 1 {
		t.Errorf("List = %v, %v", records, err)
	}
	if err := s.Delete(t.Context(), someKey); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if _, err := s.Get(t.Context(), someKey); !errors.Is(err, session.ErrNoRecord) {
		t.Errorf("Get after Delete: %v", err)
	}
}

// R100: keys with foreign values, because another program uses the prefix or the keys were edited.
func TestStore_R100_ForeignKeys(t *testing.T) {
	server := startServer(t)
	s, client := open(t, server.url()), server.client(t)
	for _, do := range everyCall(s) {
		do(t.Context())
	}
	if err := putVersion(t, s, someKey, 1, session.Always); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(t.Context(), "key", time.Minute, func(context.Context) ([]byte, error) {
		return []byte("x"), nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(key string) error{
		"list": func(key string) error { return client.LPush(t.Context(), key, "x").Err() },
		"text": func(key string) error { return client.Set(t.Context(), key, "x", 0).Err() },
		"long": func(key string) error {
			return client.Set(t.Context(), key, strings.Repeat("x", 60), 0).Err()
		},
		"empty": func(key string) error { return client.Set(t.Context(), key, "", 0).Err() },
		"no epoch": func(key string) error {
			return client.Set(t.Context(), key, "9007199254740992", 0).Err()
		},
		"negative": func(key string) error { return client.Set(t.Context(), key, "-5", 0).Err() },
	} {
		fresh := open(t, server.url()) // without an epoch of its own
		keys, err := client.Keys(t.Context(), "*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if err := client.Del(t.Context(), key).Err(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(key); err != nil {
				t.Fatal(err)
			}
		}
		for call, do := range everyCall(fresh) {
			if call == "Delete" || call == "Put" && name == "empty" {
				continue // Delete accepts any value, and Put treats an empty one as missing
			}
			wantUnknown(t, name+": "+call, 3*time.Second, do)
		}
		client.Del(t.Context(), "sallyport:epoch") // so that Revoke reaches the mark
		wantUnknown(t, name+": Revoke over a mark", 3*time.Second, everyCall(fresh)["Revoke"])
	}
}

// The index of an owner does not keep entries of expired or evicted records.
func TestList_PrunesItsIndex(t *testing.T) {
	server := startServer(t)
	s, client := open(t, server.url()), server.client(t)
	const owner = "an-owner-with-many----"
	for i := range 250 {
		if err := putVersion(t, s, session.Key{Owner: owner, ID: fmt.Sprint("r", i)}, uint64(i+1),
			session.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	records := slices.DeleteFunc(client.Keys(t.Context(), "*{"+owner+"}*").Val(),
		func(key string) bool {
			return client.Type(t.Context(), key).Val() != "string"
		})
	indexes := slices.DeleteFunc(client.Keys(t.Context(), "*{"+owner+"}*").Val(),
		func(key string) bool {
			return client.Type(t.Context(), key).Val() != "zset"
		})
	if len(records) != 250 || len(indexes) != 1 {
		t.Fatalf("%d records, indexes %v", len(records), indexes)
	}
	if err := client.Del(t.Context(), records[:140]...).Err(); err != nil { // like an eviction
		t.Fatal(err)
	}
	for range 2 {
		if got, err := s.List(t.Context(), owner); err != nil || len(got) != 110 {
			t.Errorf("List = %d records, %v; want 110", len(got), err)
		}
		if n := client.ZCard(t.Context(), indexes[0]).Val(); n != 110 {
			t.Errorf("the index has %d entries, want 110", n)
		}
	}
	// Delete also removes the entry.
	id := client.ZRange(t.Context(), indexes[0], 0, 0).Val()[0]
	if err := s.Delete(t.Context(), session.Key{Owner: owner, ID: id}); err != nil ||
		client.ZCard(t.Context(), indexes[0]).Val() != 109 {
		t.Errorf("after a Delete the index has %d entries, %v",
			client.ZCard(t.Context(), indexes[0]).Val(), err)
	}
	// Each Put removes expired entries, so the index stays short even without List.
	busy := session.Key{Owner: "an-owner-without-list-", ID: "long"}
	for i := range 20 {
		err := s.Put(t.Context(), session.Key{Owner: busy.Owner, ID: fmt.Sprint("short", i)},
			session.Record{Version: 1, TTL: time.Millisecond}, session.IfAbsent)
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the index is short again", func() bool {
		if err := s.Put(t.Context(), busy, session.Record{Version: 1, TTL: time.Hour},
			session.Always); err != nil {
			t.Fatal(err)
		}
		return client.ZCard(t.Context(), "sallyport:{"+busy.Owner+"}:sessions").Val() == 1
	})
}

// Every key expires, and an index does not expire before its records.
func TestStore_EveryKeyExpires(t *testing.T) {
	server := startServer(t)
	s, client := open(t, server.url()), server.client(t)
	for _, do := range everyCall(s) {
		do(t.Context())
	}
	key := session.Key{Owner: "owner", ID: "id"}
	for _, ttl := range []time.Duration{time.Hour, 1, time.Minute, 0, -time.Second} {
		key.ID += "x"
		if err := s.Put(t.Context(), key, session.Record{Version: 1, TTL: ttl},
			session.IfAbsent); err != nil {
			t.Errorf("TTL %v: %v", ttl, err)
		}
	}
	for keep := range slices.Values([]time.Duration{time.Hour, time.Minute, 0, -time.Second}) {
		r := session.Revocation{
			Keys: []session.RevocationKey{{9}}, Providers: []session.RevocationKey{{8}}, Keep: keep,
		}
		if _, err := s.Revoke(t.Context(), r); err != nil {
			t.Errorf("keep %v: %v", keep, err)
		}
	}
	if _, err := s.Do(t.Context(), "key", time.Minute, func(context.Context) ([]byte, error) {
		return []byte("x"), nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(t.Context(), "key not kept", 0, func(context.Context) ([]byte, error) {
		return []byte("x"), nil
	}); err != nil {
		t.Fatal(err)
	}
	keys := client.Keys(t.Context(), "*").Val()
	for _, name := range keys {
		if ttl := client.PTTL(t.Context(), name).Val(); ttl == -1 {
			t.Errorf("%s has no TTL", name)
		} else if strings.HasSuffix(name, "{owner}:sessions") && ttl < 59*time.Minute {
			t.Errorf("the index expires in %v, before its records", ttl)
		} else if strings.HasSuffix(name, ":revoked") && strings.Contains(name, "CQAAAA") &&
			ttl < 59*time.Minute {
			t.Errorf("the mark expires in %v, earlier than before", ttl)
		}
	}
	if len(keys) < 6 {
		t.Errorf("the test found only %v", keys)
	}
}

// R104: concurrent readers and writers of a record see complete records, and versions that never
// decrease.
func TestStore_R104_ConcurrentUse(t *testing.T) {
	server := startServer(t)
	stores := []*redisstore.Store{open(t, server.url()), open(t, server.url())}
	if err := putVersion(t, stores[0], someKey, 1, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	var written atomic.Uint64
	var wg sync.WaitGroup
	for i := range 20 {
		s := stores[i%2]
		wg.Go(func() {
			var last uint64
			for range 100 {
				record, err := s.Get(t.Context(), someKey)
				if err != nil || record.Data != fmt.Sprint("data ", record.Version) ||
					record.Version < last {
					t.Errorf("after version %d: %v, %v", last, record, err)
					return
				}
				last = record.Version
				switch err := putVersion(t, s, someKey, record.Version+1, session.IfOlder); {
				case err == nil:
					written.Add(1)
				case !errors.Is(err, session.ErrChanged):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if record, err := stores[0].Get(t.Context(), someKey); err != nil ||
		record.Version != written.Load()+1 {
		t.Errorf("version %d after %d writes, %v", record.Version, written.Load(), err)
	}
}

// F8: the number of sessions per user is bounded. Beyond it, the session that would expire first is
// deleted, but never the one being written or one of another user.
func TestPut_F8_PerUser(t *testing.T) {
	server := startServer(t)
	s := open(t, server.url())
	s.PerUser = 3
	put := func(key session.Key, version uint64, ttl time.Duration) {
		t.Helper()
		if err := s.Put(t.Context(), key, session.Record{Version: version, Data: "x", TTL: ttl},
			session.Always); err != nil {
			t.Fatal(err)
		}
	}
	key := func(n int) session.Key { return session.Key{Owner: "owner", ID: fmt.Sprint("id-", n)} }
	other := session.Key{Owner: "other", ID: "id-0"}
	put(other, 1, time.Minute)
	for n := range 3 {
		put(key(n), 1, time.Hour+time.Duration(n)*time.Minute)
	}
	put(key(0), 2, 2*time.Hour) // renewed, so it expires last
	put(key(3), 1, time.Minute) // expires first
	put(key(4), 1, time.Hour)
	there := map[string]bool{}
	for n := range 5 {
		if _, err := s.Get(t.Context(), key(n)); err == nil {
			there[key(n).ID] = true
		} else if !errors.Is(err, session.ErrNoRecord) {
			t.Fatal(err)
		}
	}
	if want := map[string]bool{"id-0": true, "id-2": true, "id-4": true}; !maps.Equal(there, want) {
		t.Errorf("records %v, want %v", there, want)
	}
	if records, err := s.List(t.Context(), "owner"); err != nil || len(records) != 3 {
		t.Errorf("List = %d records, %v; want 3", len(records), err)
	}
	if _, err := s.Get(t.Context(), other); err != nil {
		t.Errorf("the session of another user: %v", err)
	}
}
