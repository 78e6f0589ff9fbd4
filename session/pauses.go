package session

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/backoff"
	"github.com/sallyport-go/sallyport/internal/bounded"
)

// refreshPauses are those between failed refreshes of one session.
var refreshPauses = backoff.Limits{First: time.Second, Longest: 30 * time.Second}

const (
	maxPauses  = 10_000           // remembered sessions
	keepPauses = 10 * time.Minute // providers ask for less
)

// pauses remembers the sessions whose refresh failed, so that a hundred requests per second do not
// cause a hundred token requests per second. The pauses double, and are at least as long as the
// provider asks for. The zero value is ready for use.
type pauses struct {
	mu   sync.Mutex
	byID *bounded.Cache[string, pause]
}

// A pause is also the error while it lasts; length is then the rest of the pause.
type pause struct {
	backoff backoff.Backoff
	length  time.Duration
	err     error
}

// Error implements error.
func (p pause) Error() string { return fmt.Sprintf("next try in %v: %v", p.length, p.err) }

// RetryAfter returns the time until the next try.
func (p pause) RetryAfter() time.Duration { return p.length }

// Unwrap returns the error that caused the pause.
func (p pause) Unwrap() error { return p.err }

// A retryable is an error that says when to try again.
type retryable interface {
	error
	RetryAfter() time.Duration
}

// wait returns the last failure during the pause after it.
func (p *pauses) wait(id string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		return nil
	}
	last, _ := p.byID.Get(id, now)
	if last.length = last.backoff.Rest(now); last.length == 0 {
		return nil
	}
	return last
}

// failed starts a pause and returns it.
func (p *pauses) failed(id string, now time.Time, err error) pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = bounded.New[string, pause](bounded.Limits{Count: maxPauses, TTL: keepPauses})
	}
	next, _ := p.byID.Get(id, now)
	var asked time.Duration
	if e, ok := errors.AsType[retryable](err); ok {
		asked = e.RetryAfter()
	}
	next.length, next.err = next.backoff.Failed(now, refreshPauses, asked), err
	p.byID.Put("", id, next, 1, keepPauses, now)
	return next
}

func (p *pauses) done(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID != nil {
		p.byID.Delete(id)
	}
}
