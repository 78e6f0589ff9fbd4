package session

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// A sharedStore is used by several processes of one application.
type sharedStore struct {
	*MemoryBackend
	Revocations
	names []string // of all lookups
}

func newSharedStore(now func() time.Time) *sharedStore {
	return &sharedStore{MemoryBackend: NewMemoryBackend(MemoryLimits{}, now),
		Revocations: NewMemoryRevocations(now)}
}

func (s *sharedStore) Get(ctx context.Context, key Key) (Record, error) {
	s.names = append(s.names, key.Owner, key.ID)
	return s.MemoryBackend.Get(ctx, key)
}

func (s *sharedStore) Lookup(ctx context.Context, keys RevocationKeys) ([4]Mark, error) {
	for _, key := range keys {
		s.names = append(s.names, ownerOf(key))
	}
	return s.Revocations.Lookup(ctx, keys)
}

// process returns a process that shares the store, with the newest secret first.
func (s *sharedStore) process(t *testing.T, inStore bool, secret string, old ...string) *bench {
	return newBench(t, func(c *Config, _ *engine.Site) {
		c.Secret, c.OldSecrets, c.Revocations = secret, old, s
		if inStore {
			c.Store = NewServerStore(s)
		}
	})
}

// F50: a store's names of a user depend on the secret, so a reader cannot test guesses.
func TestNames_F50_AreKeyed(t *testing.T) {
	names := map[string]string{}
	for _, secret := range []string{secretA, secretB} {
		store := newSharedStore(func() time.Time { return start })
		b := store.process(t, true, secret)
		b.signIn(b.newSession("alice", "s1"))
		b.load()
		if len(store.names) < 4 {
			t.Fatal("the store was not asked")
		}
		user, sid := []string{"op", "https://op.example", "alice"},
			[]string{"op", "https://op.example", "s1"}
		guesses := []RevocationKey{
			nameWith([]byte("sallyport revocation "), nameOfUser, user...),
			nameWith(nil, nameOfUser, user...), nameWith(nil, nameOfProviderSession, sid...),
		}
		for _, name := range store.names {
			if other, known := names[name]; known && other != secret &&
				name != ownerOf(RevocationKey{}) {
				t.Errorf("%s is a name under both secrets", name)
			}
			names[name] = secret
			raw, err := base64.RawURLEncoding.DecodeString(name)
			if err != nil || len(raw) != 16 {
				t.Errorf("%q is not a hash", name)
			}
			for _, guess := range guesses {
				if name == ownerOf(guess) {
					t.Errorf("%q can be guessed", name)
				}
			}
		}
	}
}

// F50, R91: during a rotation, processes with the old secret and with both secrets end each other's
// sessions.
func TestNames_F50_DuringRotation(t *testing.T) {
	for name, inStore := range map[string]bool{"cookies": false, "store": true} {
		for what, end := range map[string]func(b *bench, s *Session) error{
			"user": func(b *bench, s *Session) error { return b.EndAll(b.t.Context(), s) },
			"provider session": func(b *bench, _ *Session) error {
				return b.EndProviderSessions(b.t.Context(),
					engine.ProviderLogout{Provider: "op", Issuer: "https://op.example", SID: "s1",
						IssuedAt: start})
			},
			"session": func(b *bench, _ *Session) error { return b.do(b.End) },
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				store := newSharedStore(func() time.Time { return start })
				older, newer := store.process(t, inStore, secretA),
					store.process(t, inStore, secretB, secretA)
				for _, row := range []struct {
					begins, ends *bench
					by           string
				}{{older, newer, "newer"}, {newer, older, "older"}, {newer, newer, "same"}} {
					if row.by == "older" && what == "session" {
						continue // it does not open there
					}
					s := row.begins.newSession("alice", "s1")
					cookies := row.begins.login(s)
					row.ends.cookies = maps.Clone(cookies)
					if err := end(row.ends, s); err != nil {
						t.Fatal(err)
					}
					for _, b := range []*bench{older, newer} {
						if b.alive(cookies) {
							t.Errorf("still active after the %s process ended it", row.by)
						}
					}
				}
			})
		}
	}
}

// F50, R91: a session keeps its record when the secret changes, and its old cookies end with it.
func TestNames_F50_RecordSurvivesRotation(t *testing.T) {
	store := newSharedStore(func() time.Time { return start })
	older, newer := store.process(t, true, secretA), store.process(t, true, secretB, secretA)
	before := older.login(older.newSession("alice", "s1"))
	newer.cookies = maps.Clone(before)
	s := newer.load()
	if err := newer.do(func(w http.ResponseWriter, r *http.Request) error {
		_, err := newer.Renew(w, r, s)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s = newer.load()
	s.Values = map[string]string{"theme": "dark"}
	if err := newer.do(func(w http.ResponseWriter, r *http.Request) error {
		return newer.Save(w, r, s)
	}); err != nil {
		t.Fatal(err)
	}
	if newer.load().Values["theme"] != "dark" || store.Len() != 1 {
		t.Errorf("%d records, want 1", store.Len())
	}
	list, err := newer.List(t.Context(), s)
	if err != nil || len(list) != 1 || !list[0].Current || strings.Contains(list[0].Handle, s.ID) {
		t.Errorf("list %v, %v", list, err)
	}
	last := store.process(t, true, secretB) // the old secret is gone
	last.cookies = maps.Clone(newer.cookies)
	last.load()
	if err := last.do(last.End); err != nil || newer.alive(before) || store.Len() != 0 {
		t.Errorf("a copy of the first cookie is valid, or its record still exists: %v", err)
	}
	other := older.login(older.newSession("alice", "s2"))
	list, err = newer.List(t.Context(), s)
	if err != nil || len(list) != 1 {
		t.Fatalf("list %v, %v", list, err)
	}
	if err := errors.Join(newer.EndOne(t.Context(), s, list[0].Handle)); err != nil ||
		newer.alive(other) {
		t.Errorf("EndOne of a session under the old name: %v", err)
	}
}
