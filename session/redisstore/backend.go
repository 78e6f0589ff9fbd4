package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
)

// Get implements [session.Backend].
func (s *Store) Get(ctx context.Context, key session.Key) (session.Record, error) {
	record, _, err := s.GetAndLookup(ctx, key, session.RevocationKeys{})
	return record, err
}

type found struct {
	record session.Record
	marks  [4]session.Mark
}

// GetAndLookup implements [session.JointBackend] in one round trip; in a cluster, in one to each
// node concerned, concurrently.
func (s *Store) GetAndLookup(
	ctx context.Context, key session.Key, keys session.RevocationKeys,
) (session.Record, [4]session.Mark, error) {
	got, err := read(ctx, s, "read session", func(ctx context.Context) (found, error) {
		// Not MGET, which treats a key of another type as missing. Client-side caches, which may be
		// stale, do not serve pipelines.
		batch := s.Client.Pipeline()
		record := batch.Get(ctx, s.recordKey(key))
		marks := s.lookUp(ctx, batch, keys)
		batch.Exec(ctx) // each command has its own error
		var got found
		var err error
		if got.record, err = recordOf(record); err != nil {
			return found{}, err
		}
		got.marks, err = marks.read()
		return got, err
	})
	return got.record, got.marks, err
}

// recordOf returns the record in an answer. Only a nil from Redis means that the record does not
// exist; any other error leaves that unknown (R100).
func recordOf(answer *redis.StringCmd) (session.Record, error) {
	text, err := answer.Result()
	switch {
	case err == redis.Nil:
		return session.Record{}, session.ErrNoRecord
	case err != nil:
		return session.Record{}, err
	}
	return parseRecord(text)
}

// Put implements [session.Backend].
func (s *Store) Put(ctx context.Context, key session.Key, record session.Record,
	condition session.Condition) error {
	name, ok := conditions[condition]
	if !ok {
		return fmt.Errorf("redisstore: unknown condition %d: use one of package session", condition)
	}
	var tag [tagLen / 2]byte
	rand.Read(tag[:]) // never fails
	_, err := call(ctx, s, "write session", func(ctx context.Context) (struct{}, error) {
		answer, err := s.run(ctx, putScript, []string{s.recordKey(key), s.indexKey(key.Owner)},
			name, fixedWidth(record.Version), hex.EncodeToString(tag[:]), record.Data,
			milliseconds(record.TTL), key.ID, s.PerUser)
		switch {
		case err != nil:
		case answer == "no record":
			err = session.ErrNoRecord
		case answer == "changed":
			err = session.ErrChanged
		case answer != "written":
			err = errors.New("unexpected answer")
		}
		return struct{}{}, err
	})
	return err
}

// conditions maps the conditions to their names in scripts/put.lua.
var conditions = map[session.Condition]string{
	session.Always: "always", session.IfAbsent: "absent", session.IfOlder: "older",
	session.IfNotNewer: "not newer",
}

// Delete implements [session.Backend]. It works even if Redis is full.
func (s *Store) Delete(ctx context.Context, key session.Key) error {
	_, err := call(ctx, s, "delete session", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.runAs(ctx, "deleted", deleteScript,
			[]string{s.recordKey(key), s.indexKey(key.Owner)}, key.ID)
	})
	return err
}
