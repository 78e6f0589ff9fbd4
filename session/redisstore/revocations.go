package redisstore

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sallyport-go/sallyport/session"
)

// keepEpoch is longer than any session lives. The epoch may then expire, because it restarts from
// the current time.
const keepEpoch = 500 * 24 * time.Hour

// Epoch implements [session.Revocations]. The epoch is a time in microseconds that never decreases:
// the later of the clocks of Redis and of this process, stored in Redis. Every login writes it. If
// logins only read it, a failover that set it back would leave it below existing marks, and those
// users could not sign in.
func (s *Store) Epoch(ctx context.Context) (uint64, error) {
	return call(ctx, s, "read epoch", func(ctx context.Context) (uint64, error) {
		return s.moveEpoch(ctx, 0)
	})
}

// moveEpoch increases the epoch by at least step.
func (s *Store) moveEpoch(ctx context.Context, step uint64) (uint64, error) {
	lowest := max(s.latest.Load()+step, uint64(max(s.Now().UnixMicro(), 1)))
	text, err := s.run(ctx, epochScript, []string{s.epochKey()}, step, lowest,
		milliseconds(keepEpoch))
	if err != nil {
		return 0, err
	}
	epoch, err := strconv.ParseUint(text, 10, 64)
	if err != nil || epoch < lowest {
		return 0, errForeign
	}
	raise(&s.latest, epoch)
	return epoch, nil
}

// raise sets number to n unless it is higher.
func raise(number *atomic.Uint64, n uint64) {
	for {
		if was := number.Load(); was >= n || number.CompareAndSwap(was, n) {
			return
		}
	}
}

// Revoke implements [session.Revocations] in two round trips: it takes a new epoch, then writes it
// as a mark to each key, because in a cluster the epoch and the keys are on different nodes. No
// login escapes:
//
//   - A login that read the epoch before Revoke took its number has a lower epoch. It ends as
//     soon as the mark is written, at the latest when Revoke returns, whether its session is
//     written before or after that.
//   - A login that reads the epoch later has this number or a higher one. It does not end, and
//     need not: it gets its identity from the provider after reading the epoch, and therefore
//     after the event that caused the revocation.
//   - Two revocations of one key may write their marks in any order, because the higher one stays.
//   - If Revoke fails between the steps, it has only skipped a number.
//
// In the opposite order, a mark would be written before its number is known to exceed all earlier
// epochs.
//
// The second round trip also counts the marks of the provider.
func (s *Store) Revoke(ctx context.Context, r session.Revocation) (collapsed bool, err error) {
	type done struct {
		epoch uint64
		tally
	}
	d, err := call(ctx, s, "write revocation", func(ctx context.Context) (d done, err error) {
		if d.epoch, err = s.moveEpoch(ctx, 1); err != nil {
			return d, err
		}
		if d.tally, err = s.leave(ctx, d.epoch, r); err != nil {
			return d, err
		}
		return d, s.drop(ctx, d.tally)
	})
	if err != nil {
		return false, err
	}
	return s.collapse(ctx, d.tally, d.epoch, r)
}

// leave merges a mark into that of each key, and counts the marks of the provider.
func (s *Store) leave(ctx context.Context, epoch uint64, r session.Revocation) (tally, error) {
	var keys []string
	for _, key := range r.Keys {
		if key != (session.RevocationKey{}) {
			keys = append(keys, s.markKey(key))
		}
	}
	batch := s.Client.Pipeline()
	mark, keep := newMark(epoch, r.IssuedBefore), milliseconds(r.Keep)
	for _, key := range keys {
		markScript.Eval(ctx, batch, []string{key}, mark, keep)
	}
	if len(r.Providers) == 0 {
		return tally{}, marked(batch.Exec(ctx))
	}
	counted := s.count(ctx, batch, epoch, r)
	answers, err := batch.Exec(ctx)
	if err = marked(answers[:len(keys)], err); err != nil {
		return tally{}, err
	}
	text, err := counted.Text()
	if err != nil {
		return tally{}, err
	}
	return parseTally(text)
}

// marked returns the errors of the commands that merge marks. Each command has its own.
func marked(answers []redis.Cmder, _ error) error {
	var failed []error
	for _, answer := range answers {
		text, err := answer.(*redis.Cmd).Text()
		if err == nil && text != "marked" {
			err = errors.New("unexpected answer")
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// Lookup implements [session.Revocations] in one round trip; in a cluster, in one to each node
// concerned, concurrently.
func (s *Store) Lookup(ctx context.Context, keys session.RevocationKeys) ([4]session.Mark, error) {
	return read(ctx, s, "read revocations", func(ctx context.Context) ([4]session.Mark, error) {
		batch := s.Client.Pipeline()
		marks := s.lookUp(ctx, batch, keys)
		batch.Exec(ctx) // each command has its own error
		return marks.read()
	})
}

// A lookup holds the pending answer for each key, nil for zero keys.
type lookup [len(session.RevocationKeys{})]*redis.StringCmd

// lookUp adds the commands that read marks to a batch.
func (s *Store) lookUp(ctx context.Context, batch redis.Pipeliner,
	keys session.RevocationKeys) (l lookup) {
	const provider = len(keys) - 1
	for i, key := range keys[:provider] {
		if key != (session.RevocationKey{}) {
			l[i] = batch.Get(ctx, s.markKey(key))
		}
	}
	if keys[provider] != (session.RevocationKey{}) {
		l[provider] = batch.Get(ctx, s.providerKey(keys))
	}
	return l
}

// read returns the marks after the batch has run.
func (l lookup) read() (marks [4]session.Mark, err error) {
	for i, answer := range l {
		if answer == nil {
			continue
		}
		text, err := answer.Result()
		if err == redis.Nil {
			continue
		}
		if err == nil {
			marks[i], err = parseMark(text)
		}
		if err != nil {
			return [4]session.Mark{}, err
		}
	}
	return marks, nil
}
