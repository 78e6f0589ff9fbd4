package middleware

import (
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
	maxPauses  = 10_000 // sessions that are remembered; beyond that, all are forgotten
)

// pauses remembers for which sessions a refresh has failed, so that a hundred requests a second do not become a
// hundred token requests a second. The pauses double. The zero value is ready for use.
type pauses struct {
	mu   sync.Mutex
	byID map[string]pause
}

type pause struct {
	failures int
	until    time.Time
	err      error
}

// wait returns the last failure while the pause after it lasts.
func (p *pauses) wait(id string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.byID[id]
	if rest := last.until.Sub(now); known && rest > 0 && rest <= maxPause {
		return fmt.Errorf("%w; next try in %v: %w", provider.ErrUnavailable, rest.Round(time.Second), last.err)
	}
	return nil
}

func (p *pauses) failed(id string, now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil || len(p.byID) >= maxPauses {
		p.byID = map[string]pause{}
	}
	failures := p.byID[id].failures + 1
	p.byID[id] = pause{failures, now.Add(min(firstPause<<min(failures-1, 10), maxPause)), err}
}

func (p *pauses) done(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
}
