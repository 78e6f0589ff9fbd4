package middleware

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// maxTokens bounds how many tokens are remembered; beyond that, all are forgotten.
const maxTokens = 10_000

// A tokenCache remembers for a little while what was found out about access tokens, by their hash. Callers that ask about
// the same token at the same time share one answer.
type tokenCache struct {
	keep   time.Duration
	now    func() time.Time
	flight singleflight.Group

	mu     sync.Mutex
	tokens map[[32]byte]tokenAnswer
}

type tokenAnswer struct {
	session *session.Session // nil: refused
	err     error
	until   time.Time
}

func newTokenCache(keep time.Duration, now func() time.Time) *tokenCache {
	return &tokenCache{keep: keep, now: now, tokens: map[[32]byte]tokenAnswer{}}
}

// get returns a session of the caller's own. What one provider says about a token is not said for another; names hold no spaces.
func (c *tokenCache) get(provider, token string, verify func() (*session.Session, error)) (*session.Session, error) {
	key := sha256.Sum256([]byte(provider + " " + token))
	if answer, known := c.known(key); known {
		return answer.session.Clone(), answer.err
	}
	v, err, _ := c.flight.Do(string(key[:]), func() (any, error) {
		s, err := verify()
		c.remember(key, s, err)
		return s, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*session.Session).Clone(), nil
}

func (c *tokenCache) known(key [32]byte) (tokenAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, known := c.tokens[key]
	return answer, known && c.now().Before(answer.until)
}

// remember keeps answers, not failures to get one.
func (c *tokenCache) remember(key [32]byte, s *session.Session, err error) {
	fault, refused := errors.AsType[*provider.Error](err)
	if err != nil && (!refused || fault.Fault != provider.FaultAccessToken) {
		return
	}
	until := c.now().Add(c.keep)
	if s != nil && !s.Expires.IsZero() && s.Expires.Before(until) {
		until = s.Expires
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tokens) >= maxTokens {
		clear(c.tokens)
	}
	c.tokens[key] = tokenAnswer{s, err, until}
}
