package redisstore

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
)

// A sorted set counts the marks of a provider, by the epochs of their revocations. If there are
// more than Store.PerProvider, the provider itself gets a mark, which ends every session that the
// others could end. The others are then deleted, some with each further revocation, unless they
// have got a later epoch by then.

// A tally is the answer of count.lua.
type tally struct {
	marks int
	by    string   // epoch of the provider's mark that replaced earlier ones, or zero
	names []string // of marks to delete
}

// countKeys returns the keys of the count. They are on the provider's node.
func (s *Store) countKeys(provider session.RevocationKey) []string {
	tag := s.Prefix + "{" + nameOf(provider) + "}:"
	return []string{tag + "marks", tag + "replaced", tag + "replacing"}
}

// count adds the command that counts the marks of a revocation to a batch.
func (s *Store) count(ctx context.Context, batch redis.Pipeliner, epoch uint64,
	r session.Revocation) *redis.Cmd {
	keep := milliseconds(r.Keep)
	args := []any{epoch, int64(epoch) - min(keep, keepEpoch.Milliseconds())*1000, keep}
	for _, key := range r.Keys {
		if key != (session.RevocationKey{}) {
			args = append(args, nameOf(key))
		}
	}
	return countScript.Eval(ctx, batch, s.countKeys(r.Providers[0]), args...)
}

var nameLen = base64.RawURLEncoding.EncodedLen(len(session.RevocationKey{}))

func parseTally(text string) (t tally, err error) {
	const count, head = 10, 10 + digits
	if len(text) < head || (len(text)-head)%nameLen != 0 {
		return t, errForeign
	}
	if t.marks, err = strconv.Atoi(text[:count]); err != nil {
		return t, errForeign
	}
	t.by = text[count:head]
	for names := text[head:]; names != ""; names = names[nameLen:] {
		t.names = append(t.names, names[:nameLen])
	}
	return t, nil
}

// drop deletes marks that the provider's mark has replaced.
func (s *Store) drop(ctx context.Context, t tally) error {
	if len(t.names) == 0 {
		return nil
	}
	batch := s.Client.Pipeline()
	for _, name := range t.names {
		dropScript.Eval(ctx, batch, []string{s.markKeyOf(name)}, t.by)
	}
	_, err := batch.Exec(ctx)
	return err
}

// collapse gives the provider a mark if it has too many, and only then releases the others for
// deletion. Only one call per process does this at a time.
func (s *Store) collapse(ctx context.Context, t tally, epoch uint64, r session.Revocation) (
	bool, error) {
	if t.marks <= s.PerProvider || !s.collapsing.TryLock() {
		return false, nil
	}
	defer s.collapsing.Unlock()
	var keys []string
	for _, provider := range r.Providers {
		keys = append(keys, s.providerKeys(provider)...)
	}
	for some := range slices.Chunk(keys, copiedAtOnce) {
		if err := s.copyMark(ctx, newMark(epoch, time.Time{}), some, r.Keep); err != nil {
			return false, err
		}
	}
	_, err := call(ctx, s, "replace revocations", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.runAs(ctx, "replaced", replaceScript, s.countKeys(r.Providers[0]),
			fixedWidth(epoch), milliseconds(r.Keep), s.PerProvider)
	})
	return err == nil, err
}

// copiedAtOnce is the number of copies of a mark per batch.
const copiedAtOnce = 1000

// copyMark writes the mark of a provider to the given keys.
func (s *Store) copyMark(
	ctx context.Context, mark string, keys []string, keep time.Duration,
) error {
	_, err := call(ctx, s, "write revocations", func(ctx context.Context) (struct{}, error) {
		batch := s.Client.Pipeline()
		for _, key := range keys {
			copyScript.Eval(ctx, batch, []string{key}, mark, milliseconds(keep))
		}
		return struct{}{}, marked(batch.Exec(ctx))
	})
	return err
}

// providerKeys returns the keys of a provider's mark: one or, in a cluster, one in each slot.
func (s *Store) providerKeys(provider session.RevocationKey) []string {
	if !s.inCluster() {
		return []string{s.markKey(provider)}
	}
	keys := make([]string, slots)
	for slot := range keys {
		keys[slot] = s.copyKey(nameOf(provider), slot)
	}
	return keys
}

// providerKey returns the one of providerKeys to read for a session: that on its user's node.
func (s *Store) providerKey(keys session.RevocationKeys) string {
	provider := keys[len(keys)-1]
	if !s.inCluster() {
		return s.markKey(provider)
	}
	beside := provider
	for _, key := range keys[:len(keys)-1] {
		if key != (session.RevocationKey{}) {
			beside = key // the user's key is the last one
		}
	}
	return s.copyKey(nameOf(provider), slotOf(nameOf(beside)))
}
