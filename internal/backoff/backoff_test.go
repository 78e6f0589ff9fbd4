package backoff

import (
	"testing"
	"time"
)

var limits = Limits{Free: 1, First: time.Second, Longest: 5 * time.Second}

func TestBackoff_PausesDouble(t *testing.T) {
	now := time.Unix(1000, 0)
	var b Backoff
	if rest := b.Rest(now); rest != 0 {
		t.Errorf("before the first failure: %v", rest)
	}
	for i, want := range []time.Duration{0, 1, 2, 4, 5, 5} {
		if got := b.Failed(now, limits, 0); got != want*time.Second {
			t.Errorf("the pause after failure %d is %v, want %v s", i+1, got, want)
		}
	}
	for range 100 {
		if got := b.Failed(now, limits, 0); got != limits.Longest {
			t.Fatalf("the pause is %v, want %v", got, limits.Longest)
		}
	}
	if got := b.Failed(now, limits, time.Minute); got != time.Minute {
		t.Errorf("the pause that was asked for is %v", got)
	}
}

func TestBackoff_Rest(t *testing.T) {
	now := time.Unix(1000, 0)
	var b Backoff
	b.Failed(now, limits, 4*time.Second)
	for after, want := range map[time.Duration]time.Duration{
		0: 4, 1: 3, 4: 0, 5: 0,
		-1: 0, // the clock was set back
	} {
		if got := b.Rest(now.Add(after * time.Second)); got != want*time.Second {
			t.Errorf("after %v s, the rest is %v, want %v s", int(after), got, int(want))
		}
	}
}
