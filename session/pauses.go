package session

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
	maxPauses  = 10_000           // sessions that are remembered
	keepPauses = 10 * time.Minute // a provider asks for less
)

// pauses remembers for which sessions a refresh has failed, so that a hundred requests a second do
// not become a hundred token requests a second. The pauses double, and are at least what the
// provider asks for. The zero value is ready for use.
type pauses struct {
	mu   sync.Mutex
	byID *bounded.Cache[string, pause]
}

// A pause is also the error while it lasts, with what is left of it then.
type pause struct {
	failures int
	length   time.Duration
	until    time.Time
	err      error
}

// Error implements error.
func (p pause) Error() string { return fmt.Sprintf("next try in %v: %v", p.length, p.err) }

// RetryAfter is when the next try makes sense.
func (p pause) RetryAfter() time.Duration { return p.length }

// Unwrap returns the failure before it.
func (p pause) Unwrap() error { return p.err }

// A retryable is an error that says when to try again.
type retryable interface {
	error
	RetryAfter() time.Duration
}

// wait returns the last failure while the pause after it lasts.
func (p *pauses) wait(id string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		return nil
	}
	last, _ := p.byID.Get(id, now)
	rest := last.until.Sub(now)
	if rest <= 0 || rest > last.length { // no pause, or the clock was set back
		return nil
	}
	last.length = rest
	return last
}

// failed begins a pause and returns it.
func (p *pauses) failed(id string, now time.Time, err error) pause {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = bounded.New[string, pause](bounded.Limits{Count: maxPauses, TTL: keepPauses})
	}
	last, _ := p.byID.Get(id, now)
	length := min(firstPause<<min(last.failures, 10), maxPause)
	if asked, ok := errors.AsType[retryable](err); ok {
		length = max(length, asked.RetryAfter())
	}
	next := pause{last.failures + 1, length, now.Add(length), err}
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
