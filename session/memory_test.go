package session

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/sallyport-go/sallyport/internal/engine"
)

// P14: memory of a signed-in user in the memory store.
func TestBudget_P14_BytesOfAUser(t *testing.T) {
	const users, limit = 10_000, 819
	backend := NewMemoryBackend(MemoryLimits{}, nil)
	b := newBench(t, func(c *Config, _ *engine.Site) { c.Store = NewServerStore(backend) })
	r := httptest.NewRequest("GET", "/", nil)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range users {
		s := realSession(false)
		s.User.Subject = fmt.Sprint("user ", i)
		if err := b.Start(httptest.NewRecorder(), r, s); err != nil {
			t.Fatal(err)
		}
	}
	size := (heap() - before) / users
	t.Logf("%d bytes, limit %d", size, limit)
	if size > limit || backend.Len() != users {
		t.Errorf("%d bytes per user for %d users, limit %d", size, backend.Len(), limit)
	}
}
