package ratio

import (
	"crypto/sha256"
	"testing"
)

// hash is work whose time is proportional to n.
func hash(n int) func() {
	data := make([]byte, n)
	return func() { sha256.Sum256(data) }
}

// The ratio of a function and itself is 1, and that of twice the work is 2, also beside the tests
// of other packages. No test fails on time, so it is a benchmark that reports them.
func BenchmarkOf(b *testing.B) {
	once, twice := hash(8<<10), hash(16<<10)
	for b.Loop() {
		once()
	}
	b.ReportMetric(Of(once, once), "x-itself")
	b.ReportMetric(Of(twice, once), "x-half")
}
