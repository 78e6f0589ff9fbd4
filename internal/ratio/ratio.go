// Package ratio compares the CPU time of two functions for benchmarks, in a way that repeats on a
// busy machine.
package ratio

import (
	"runtime"
	"slices"
	"time"
)

const (
	samples = 5                      // in a turn
	sample  = 250 * time.Microsecond // at least, to make the clock's own time negligible

	maxTurns = 200 // of each function
	minTurns = 15
	// budget limits the turns of functions that take long.
	budget = 2 * time.Second
)

// Of returns the CPU time of a call of a, divided by that of a call of b.
//
// It runs both in turns on one thread. A turn is as good as the best of its samples, because
// disturbances only ever add time. The result is the median of the quotients of two turns: they
// are milliseconds apart, so that both meet the same clock rate and the same neighbors in the
// caches. The time of threads other than the caller's, such as those of the garbage collector, is
// not included.
func Of(a, b func()) float64 {
	return OfTimed(Timed(a), Timed(b))
}

// OfTimed is Of for functions that call what is measured n times, and return the CPU time of those
// calls only, measured with [CPU]. It is for calls that need a preparation.
func OfTimed(a, b func(n int) time.Duration) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	callsA, callsB := enough(a), enough(b)
	var quotients []float64
	begin := CPU()
	for n := 0; n < minTurns || n < maxTurns && CPU()-begin < budget; n++ {
		quotients = append(quotients, best(a, callsA)/best(b, callsB))
	}
	slices.Sort(quotients)
	return quotients[len(quotients)/2]
}

// Timed returns a function that calls f n times and returns their CPU time.
func Timed(f func()) func(n int) time.Duration {
	return func(n int) time.Duration {
		begin := CPU()
		for range n {
			f()
		}
		return CPU() - begin
	}
}

// Elapsed is Timed with the time that has passed, for calls that wait for others.
func Elapsed(f func()) func(n int) time.Duration {
	return func(n int) time.Duration {
		begin := time.Now()
		for range n {
			f()
		}
		return time.Since(begin)
	}
}

// enough returns how many calls take at least the time of a sample.
func enough(f func(n int) time.Duration) int {
	for n := 1; ; n *= 2 {
		if spent := f(n); spent >= sample {
			return n
		}
	}
}

// best returns the least time per call of one turn.
func best(f func(n int) time.Duration, n int) float64 {
	least := f(n)
	for range samples - 1 {
		least = min(least, f(n))
	}
	return float64(least) / float64(n)
}
