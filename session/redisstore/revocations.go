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

// keepEpoch is longer than any session lives. An epoch that is lost begins again with the time, so that it need not be kept
// for good.
const keepEpoch = 500 * 24 * time.Hour

// Epoch implements [session.Revocations]. The epoch is a time in microseconds that never goes back: that of Redis or of this process,
// whichever is later, kept in Redis. Every login writes it. If it were only read, an epoch that a failover has set back
// would stand below marks that are still there, and those users could not sign in any more.
func (s *Store) Epoch(ctx context.Context) (uint64, error) {
	return call(ctx, s, "read epoch", func(ctx context.Context) (uint64, error) { return s.moveEpoch(ctx, 0) })
}

// moveEpoch makes the epoch at least step higher than it was.
func (s *Store) moveEpoch(ctx context.Context, step uint64) (uint64, error) {
	lowest := max(s.latest.Load()+step, uint64(max(s.Now().UnixMicro(), 1)))
	text, err := s.run(ctx, epochScript, []string{s.epochKey()}, step, lowest, milliseconds(keepEpoch))
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

// raise sets what is lower than n to n.
func raise(number *atomic.Uint64, n uint64) {
	for {
		if was := number.Load(); was >= n || number.CompareAndSwap(was, n) {
			return
		}
	}
}

// Revoke implements [session.Revocations]. It takes a number first and then leaves it with each key, in two round trips, because in a
// cluster the count and the keys live on different nodes. No login slips through:
//
//   - A login that has read the epoch before the number was taken has a lower one, and is ended as soon as the mark is there, which it
//     is when Revoke returns. It does not matter whether its session is written before or after that.
//   - A login that reads the epoch after the number was taken, be it before or after the mark is there, has the number or a higher one. It is not
//     ended, and need not be: it asks the provider for an identity after reading the epoch, so after what the revocation is about.
//   - Two revocations of one key may leave their numbers in any order, since the higher one stays.
//   - When it fails between the steps, a number is lost, which nobody misses.
//
// The other way round, a mark would have to be left before its number is certain to be above all epochs handed out.
//
// The marks of a provider are counted on the second of these trips.
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

// leave merges a mark into what is known about each key, and counts them.
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

// marked returns what went wrong when marks were merged. Each command has its own error.
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

// Lookup implements [session.Revocations] in one round trip, or in a cluster one to each node that has to be asked, at the
// same time.
func (s *Store) Lookup(ctx context.Context, keys session.RevocationKeys) (session.Marks, error) {
	return read(ctx, s, "read revocations", func(ctx context.Context) (session.Marks, error) {
		batch := s.Client.Pipeline()
		marks := s.lookUp(ctx, batch, keys)
		batch.Exec(ctx) // each command has its own error
		return marks.read()
	})
}

// A lookup is the answers about each key; nil for those that were not asked for.
type lookup [len(session.RevocationKeys{})]*redis.StringCmd

// lookUp adds the commands to a batch.
func (s *Store) lookUp(ctx context.Context, batch redis.Pipeliner, keys session.RevocationKeys) (l lookup) {
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

// read returns the marks once the batch is done.
func (l lookup) read() (marks session.Marks, err error) {
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
			return session.Marks{}, err
		}
	}
	return marks, nil
}
