//go:build !linux

package ratio

import "time"

var start = time.Now()

// CPU returns the time that has passed: the standard library has no clock of a thread here.
func CPU() time.Duration { return time.Since(start) }
