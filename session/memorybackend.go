package session

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/internal/bounded"
)

const (
	defaultRecords = 100_000
	defaultBytes   = 256 << 20
	defaultPerUser = 500

	// recordOverhead is the approximate memory of a record besides its text.
	recordOverhead = 512
)

// A MemoryBackend keeps sessions in this process; a restart ends them all. When it is full, it
// evicts the least recently used sessions, each with an event of outcome "evicted": those of the
// same user if that user has PerUser sessions, otherwise those of the user with the most memory. A
// user's logins therefore never end the sessions of others. It is safe for concurrent use.
type MemoryBackend struct {
	now   func() time.Time
	bytes int // limit

	mu      sync.Mutex
	records *bounded.Cache[Key, memoryRecord]
	evicted int
}

// A memoryRecord is a Record without its TTL, which the cache stores.
type memoryRecord struct {
	version uint64
	data    string
}

// MemoryLimits bound a MemoryBackend. Zero fields have defaults.
type MemoryLimits struct {
	Records int // default: 100,000
	Bytes   int // of text, plus half a kilobyte per record; default: 256 MiB
	PerUser int // records per user; default: 500
}

// NewMemoryBackend returns an empty MemoryBackend. now is the clock; nil means time.Now.
func NewMemoryBackend(limits MemoryLimits, now func() time.Time) *MemoryBackend {
	if limits.Records <= 0 {
		limits.Records = defaultRecords
	}
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	if limits.PerUser <= 0 {
		limits.PerUser = defaultPerUser
	}
	if now == nil {
		now = time.Now
	}
	return &MemoryBackend{now: now, bytes: limits.Bytes,
		records: bounded.New[Key, memoryRecord](bounded.Limits{
			Count: limits.Records, Bytes: limits.Bytes, OwnCount: limits.PerUser,
		})}
}

// Get implements [Backend]. It updates the time of last use.
func (b *MemoryBackend) Get(_ context.Context, key Key) (Record, error) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	record, ok := b.records.Get(key, now)
	if !ok {
		return Record{}, ErrNoRecord
	}
	return Record{Version: record.version, Data: record.data}, nil
}

// Put implements [Backend].
func (b *MemoryBackend) Put(_ context.Context, key Key, record Record, condition Condition) error {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	current, found := b.records.Get(key, now)
	if err := condition.check(found, current.version, record.Version); err != nil {
		return err
	}
	kept := memoryRecord{record.Version, record.Data}
	// the newest record is kept, whatever its size
	size := min(len(record.Data)+recordOverhead, b.bytes)
	evicted, _ := b.records.Put(key.Owner, key, kept, size, record.TTL, now)
	b.evicted += evicted
	return nil
}

// Delete implements [Backend].
func (b *MemoryBackend) Delete(_ context.Context, key Key) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records.Delete(key)
	return nil
}

// List implements [Backend]. It does not update the time of last use.
func (b *MemoryBackend) List(_ context.Context, owner string) ([]Record, error) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Record
	for _, record := range b.records.Owned(owner, now) {
		all = append(all, Record{Version: record.version, Data: record.data})
	}
	return all, nil
}

// Len returns the number of records, including expired ones that have not been dropped yet.
func (b *MemoryBackend) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records.Len()
}

// takeEvicted returns how many live records were evicted since the last call. The manager calls it
// after each Put and reports the number in an [Event].
func (b *MemoryBackend) takeEvicted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.evicted
	b.evicted = 0
	return n
}

// check returns nil if a Put may write version next. found reports whether a record exists, and
// current is its version.
func (c Condition) check(found bool, current, next uint64) error {
	switch {
	case c == Always, c == IfAbsent && !found:
		return nil
	case c != IfAbsent && !found:
		return ErrNoRecord
	case c == IfOlder && current < next, c == IfNotNewer && current <= next:
		return nil
	}
	return ErrChanged
}
