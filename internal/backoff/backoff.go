// Package backoff spaces attempts at something that keeps failing.
package backoff

import "time"

// Limits say how long the pauses between attempts are.
type Limits struct {
	Free    int           // failures without a pause, because most are transient
	First   time.Duration // the first pause; each further one is twice as long
	Longest time.Duration // of these; a pause that is asked for may be longer
}

// Backoff is the state of one sequence of attempts. The zero value has seen no failure. It is not
// safe for concurrent use.
type Backoff struct {
	failures int
	length   time.Duration
	until    time.Time
}

// Failed records a failure and returns the pause after it, which is at least as long as asked for.
func (b *Backoff) Failed(now time.Time, l Limits, asked time.Duration) time.Duration {
	b.failures++
	b.length = asked
	if paused := b.failures - l.Free; paused > 0 {
		b.length = max(asked, min(l.First<<min(paused-1, 10), l.Longest))
	}
	b.until = now.Add(b.length)
	return b.length
}

// Rest returns the rest of the pause, and zero if there is none. A clock that was set back ends the
// pause instead of extending it.
func (b *Backoff) Rest(now time.Time) time.Duration {
	rest := b.until.Sub(now)
	if rest <= 0 || rest > b.length {
		return 0
	}
	return rest
}
