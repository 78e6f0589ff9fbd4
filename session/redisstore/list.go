package redisstore

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
)

// batchSize is the number of records per pipeline.
const batchSize = 100

// List implements [session.Backend]. It also removes index entries whose record Redis has evicted.
func (s *Store) List(ctx context.Context, owner string) ([]session.Record, error) {
	return call(ctx, s, "list sessions", func(ctx context.Context) ([]session.Record, error) {
		ids, err := s.Client.ZRange(ctx, s.indexKey(owner), 0, -1).Result()
		if err != nil {
			return nil, err
		}
		var all []session.Record
		var gone []string
		for some := range slices.Chunk(ids, batchSize) {
			records, missing, err := s.records(ctx, owner, some)
			if err != nil {
				return nil, err
			}
			all, gone = append(all, records...), append(gone, missing...)
		}
		s.prune(ctx, owner, gone)
		return all, nil
	})
}

// records returns an owner's records with the given IDs, and the IDs without a record.
func (s *Store) records(ctx context.Context, owner string, ids []string) (there []session.Record,
	missing []string, err error) {
	batch := s.Client.Pipeline()
	answers := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		answers[i] = batch.Get(ctx, s.recordKey(session.Key{Owner: owner, ID: id}))
	}
	batch.Exec(ctx) // each command has its own error
	for i, answer := range answers {
		switch record, err := recordOf(answer); err {
		case nil:
			there = append(there, record)
		case session.ErrNoRecord:
			missing = append(missing, ids[i])
		default:
			return nil, nil, err
		}
	}
	return there, missing, nil
}

// prune removes index entries without a record. It ignores errors, because List does not need it.
func (s *Store) prune(ctx context.Context, owner string, ids []string) {
	for some := range slices.Chunk(ids, batchSize) {
		keys, args := []string{s.indexKey(owner)}, []any{}
		for _, id := range some {
			keys, args = append(keys, s.recordKey(session.Key{Owner: owner, ID: id})),
				append(args, id)
		}
		if s.runAs(ctx, "pruned", pruneScript, keys, args...) != nil {
			return
		}
	}
}
