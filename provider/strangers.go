package provider

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	// maxAsking is how many callers may wait for the provider at the same time because of access tokens.
	maxAsking = 32
	// askingWait is how long another one waits for a turn.
	askingWait = 5 * time.Second

	// wrongTokens is how many tokens may turn out to be invalid in a short time before the provider is
	// asked about unknown ones only as often as wrongPerSecond.
	wrongTokens    = 100
	wrongPerSecond = 5

	// rememberActive is how long a token that was active is told from made-up ones.
	rememberActive = 10 * time.Minute
	maxActive      = 10_000
)

// strangers limits the requests to a provider that anyone can cause with access tokens that are made
// up. Valid tokens cost nothing; each invalid one uses up some of a budget, without which unknown tokens
// have to wait. The zero value is ready for use.
type strangers struct {
	once  sync.Once
	turns chan struct{}

	mu     sync.Mutex
	wrong  float64                                 // invalid tokens that have not been forgiven yet
	since  time.Time                               // when wrong was brought up to date
	active *bounded.Cache[[sha256.Size]byte, bool] // tokens that were active lately
}

var errManyWrong = errors.New("many access tokens were invalid, so the provider is asked about unknown ones less often")

// admit waits for a turn to ask about a token. done ends it, and tells whether the provider answered and
// said that the token is active.
func (s *strangers) admit(ctx context.Context, token string, now time.Time) (done func(answered, active bool), err error) {
	hash := sha256.Sum256([]byte(token))
	if !s.may(hash, now) {
		return nil, &unavailable{retryAfter: time.Second, err: errManyWrong}
	}
	s.once.Do(func() { s.turns = make(chan struct{}, maxAsking) })
	ctx, cancel := context.WithTimeoutCause(ctx, askingWait, errors.New("too many access tokens are being checked"))
	defer cancel()
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, &unavailable{err: context.Cause(ctx)}
	}
	return func(answered, active bool) {
		<-s.turns
		if answered {
			s.learn(hash, now, active)
		}
	}, nil
}

// may reports whether the provider may be asked now: about a token that was active lately always, else
// if there is some of the budget left.
func (s *strangers) may(hash [sha256.Size]byte, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == nil {
		s.active = bounded.New[[sha256.Size]byte, bool](bounded.Limits{Count: maxActive, TTL: rememberActive})
	}
	if _, known := s.active.Get(hash, now); known {
		return true
	}
	if passed := now.Sub(s.since); passed > 0 {
		s.wrong = max(0, s.wrong-passed.Seconds()*wrongPerSecond)
	}
	s.since = now
	return s.wrong < wrongTokens
}

func (s *strangers) learn(hash [sha256.Size]byte, now time.Time, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if active {
		s.active.Put("", hash, true, 0, rememberActive, now)
		return
	}
	s.active.Delete(hash)
	s.wrong++
}
