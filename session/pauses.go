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
	failures int
	length   time.Duration
	until    time.Time
	err      error
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
	rest := last.until.Sub(now)
	if rest <= 0 || rest > last.length { // no pause, or the clock was set back
		return nil
	}
	last.length = rest
	return last
}

// failed starts a pause and returns it.
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
