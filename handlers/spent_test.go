package handlers

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// R14, R146, F8: a flow that was used is never taken for a new one, however many others are.
func TestSpentFlows_F8_NeverForgetsAndIsBounded(t *testing.T) {
	s := spentFlows{limits: spentLimits{own: 1000, all: 1500}}
	type flow struct {
		provider, state string
		began           time.Time
	}
	var used []flow
	for i := range 10_000 {
		now := noon.Add(time.Duration(i) * 50 * time.Millisecond)
		f := flow{"noisy", fmt.Sprint(i),
			now.Add(-time.Duration(i%3) * time.Minute).Truncate(time.Second)}
		if i%10 == 0 {
			f.provider = fmt.Sprint("quiet", i%7)
			f.began = now
			if !s.first(f.provider, f.state, f.began, now) {
				t.Fatalf("flow %d of %s is treated as used", i, f.provider)
			}
		} else {
			s.first(f.provider, f.state, f.began, now)
		}
		used = append(used, f)
		for _, old := range []flow{f, used[i/2], used[0]} {
			if now.Sub(old.began) < flowLifetime && s.first(old.provider, old.state,
				old.began, now) {
				t.Fatalf("at flow %d, one of %s is used twice", i, old.provider)
			}
		}
		for name, at := range s.spent {
			if s.count > 1500 || at.count > 1000 {
				t.Fatalf("%d flows are remembered, %d of %s", s.count, at.count, name)
			}
		}
	}
	later := noon.Add(time.Hour)
	if !s.first("noisy", "new", later, later) || s.count != 1 || len(s.spent) != 1 {
		t.Errorf("an hour later: %d flows of %d providers", s.count, len(s.spent))
	}
}

// F8: with more flows than there is room for, those that began lately still work.
func TestSpentFlows_F8_NewLoginsGoOn(t *testing.T) {
	s := spentFlows{limits: spentLimits{own: 100, all: 1000}}
	for i := range 1000 {
		s.first("op", fmt.Sprint(i), noon, noon)
	}
	if s.first("op", "of the same minute", noon, noon) {
		t.Error("a flow that may have been used is taken for a new one")
	}
	if later := noon.Add(time.Minute); !s.first("op", "of the next", later, later) {
		t.Error("no login works any more")
	}
	if !s.first("other", "x", noon, noon) {
		t.Error("another provider is concerned")
	}
}
