package middleware

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	rejectedAgain = time.Minute // between two refreshes because an API answers 401
	maxRejected   = 10_000      // sessions that are remembered
)

// rejections remember for which sessions an API has rejected an access token, so that an API that
// answers 401 to everything does not cause a token request per page view. Refreshes keep the
// session's ID and change its token. The zero value is ready for use.
type rejections struct {
	mu   sync.Mutex
	byID *bounded.Cache[string, tokenHash] // the token that was rejected
}

// none is the hash of no token: no other may be refreshed for the rest of the minute.
var none tokenHash

// allow reports whether a rejected token is a reason to refresh: the first one of a session in a
// minute. All callers that hold this token share one refresh, so each of them may.
func (j *rejections) allow(id, token string, now time.Time) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	hash := tokenHash(sha256.Sum256([]byte(token)))
	if j.byID == nil {
		j.byID = bounded.New[string, tokenHash](bounded.Limits{Count: maxRejected,
			TTL: rejectedAgain})
	}
	if rejected, ok := j.byID.Get(id, now); ok {
		return rejected == hash
	}
	j.byID.Put("", id, hash, 1, rejectedAgain, now)
	return true
}

// useless notes that the refresh has brought no other token.
func (j *rejections) useless(id string, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.byID.Put("", id, none, 1, rejectedAgain, now)
}
