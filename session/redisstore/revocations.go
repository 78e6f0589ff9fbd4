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
func (s *Store) Revoke(ctx context.Context, keys []session.RevocationKey, issuedBefore time.Time, keep time.Duration) error {
	_, err := call(ctx, s, "write revocation", func(ctx context.Context) (struct{}, error) {
		epoch, err := s.moveEpoch(ctx, 1)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.leave(ctx, newMark(epoch, issuedBefore), keys, keep)
	})
	return err
}

// leave merges a mark into what is known about each key.
func (s *Store) leave(ctx context.Context, mark string, keys []session.RevocationKey, keep time.Duration) error {
	batch := s.Client.Pipeline()
	for _, key := range keys {
		if key != (session.RevocationKey{}) {
			markScript.Eval(ctx, batch, []string{s.markKey(key)}, mark, milliseconds(keep))
		}
	}
	answers, _ := batch.Exec(ctx) // each command has its own error
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
	for i, key := range keys {
		if key != (session.RevocationKey{}) {
			l[i] = batch.Get(ctx, s.markKey(key))
		}
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
