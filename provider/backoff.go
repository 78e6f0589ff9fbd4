package provider

import (
	"time"
)

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 5 * time.Second
)

// A backoff keeps a provider that is down from being asked by every visitor. The first failure
// is ignored: most are over at once. After that the pauses double, up to a few seconds, so that
// logins work again as soon as the provider does.
type backoff struct {
	failures int
	until    time.Time
	last     error
}

// wait returns the last failure while the pause after it lasts.
func (b *backoff) wait(now time.Time) error {
	// A clock that was set back must not make the pause longer.
	if rest := b.until.Sub(now); rest > 0 && rest <= maxPause {
		return &unavailable{retryAfter: rest, err: b.last}
	}
	return nil
}

// failed notes a failure and returns it as an error that wraps ErrUnavailable.
func (b *backoff) failed(now time.Time, err error) error {
	b.failures++
	b.last = err
	pause := time.Duration(0)
	if b.failures > 1 {
		pause = min(firstPause<<min(b.failures-2, 10), maxPause)
	}
	b.until = now.Add(pause)
	return &unavailable{retryAfter: pause, err: err}
}

func (b *backoff) reset() { *b = backoff{} }
