package handlers

import (
	"fmt"
	"testing"
)

// R14, R146
func TestSpentFlows_OnceAndBounded(t *testing.T) {
	var s spentFlows
	for i := range 5 * spentPerGeneration {
		state := fmt.Sprint(i)
		if !s.first(state) {
			t.Fatalf("flow %d counts as used", i)
		}
		if s.first(state) {
			t.Fatalf("flow %d is used twice", i)
		}
		if i > 0 && s.first(fmt.Sprint(i-min(i, spentPerGeneration-1))) {
			t.Fatalf("flow %d: one used a moment ago is forgotten", i)
		}
		if n := len(s.young) + len(s.older); n > 2*spentPerGeneration {
			t.Fatalf("%d flows are remembered", n)
		}
	}
}
