package middleware

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-go/sallyport/internal/bounded"
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

const (
	maxTokens     = 10_000   // valid tokens that are remembered
	maxTokenBytes = 32 << 20 // and about what they take
	maxRefused    = 1000     // invalid ones, which anyone can make up

	// tokenOverhead is about what an entry takes beside the token and its claims.
	tokenOverhead = 2 << 10
)

// A tokenCache remembers for a little while what was found out about access tokens, by their hash.
// Valid and invalid ones are kept apart, so that made-up tokens displace none that works. Callers
// that ask about the same token at the same time share one answer.
type tokenCache struct {
	keep   time.Duration
	now    func() time.Time
	flight singleflight.Group

	mu      sync.Mutex
	valid   *bounded.Cache[tokenHash, *session.Session]
	refused *bounded.Cache[tokenHash, error]
}

type tokenHash [sha256.Size]byte

func newTokenCache(keep time.Duration, now func() time.Time) *tokenCache {
	return &tokenCache{
		keep: keep, now: now,
		valid: bounded.New[tokenHash, *session.Session](bounded.Limits{Count: maxTokens,
			Bytes: maxTokenBytes, TTL: keep}),
		refused: bounded.New[tokenHash, error](bounded.Limits{Count: maxRefused, TTL: keep}),
	}
}

// get returns a session of the caller's own. What one provider says about a token holds for that
// provider only; names have no spaces.
func (c *tokenCache) get(
	provider, token string, verify func() (*session.Session, error),
) (*session.Session, error) {
	key := tokenHash(sha256.Sum256([]byte(provider + " " + token)))
	if s, err := c.recall(key); s != nil || err != nil {
		return s.Clone(), err
	}
	v, err, _ := c.flight.Do(string(key[:]), func() (any, error) {
		s, err := verify()
		c.remember(provider, key, len(token), s, err)
		return s, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*session.Session).Clone(), nil
}

// recall returns an answer that is still believed, if there is one.
func (c *tokenCache) recall(key tokenHash) (*session.Session, error) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err, refused := c.refused.Get(key, now); refused {
		return nil, err
	}
	s, _ := c.valid.Get(key, now)
	return s, nil
}

// remember keeps answers, not failures to get one, nor refusals that the next look may take back.
func (c *tokenCache) remember(owner string, key tokenHash, size int, s *session.Session,
	err error) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		keep := c.keep
		if !s.Expires.IsZero() {
			keep = min(keep, s.Expires.Sub(now))
		}
		c.valid.Put(owner, key, s, 2*size+tokenOverhead, keep, now)
		return
	}
	fault, refused := errors.AsType[*provider.Error](err)
	if !refused || fault.Fault != provider.FaultAccessToken ||
		errors.Is(err, provider.ErrUnavailable) {
		return
	}
	c.refused.Put(owner, key, err, 0, c.keep, now)
}
