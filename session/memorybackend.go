package session

import (
	"container/list"
	"context"
	"sync"
	"time"
)

const (
	defaultRecords = 100_000
	defaultBytes   = 256 << 20

	// recordOverhead is about what a record takes beside its text.
	recordOverhead = 512
)

// A MemoryBackend keeps sessions in this process. A restart ends them all. When it is full, the sessions that have not been used
// for the longest time go first, each with an event of the outcome "evicted". It is safe for concurrent use.
type MemoryBackend struct {
	limits MemoryLimits
	now    func() time.Time

	mu      sync.Mutex
	records map[Key]*list.Element
	owners  map[string]map[Key]struct{}
	idle    *list.List // of *memoryRecord, those used last in front
	bytes   int
	evicted int
}

// MemoryLimits bound a MemoryBackend. Zero means the default.
type MemoryLimits struct {
	Records int // default: 100,000
	Bytes   int // of text, with half a kilobyte for each record; default: 256 MiB
}

type memoryRecord struct {
	key    Key
	record Record
	until  time.Time
}

func (r *memoryRecord) size() int { return len(r.record.Data) + recordOverhead }

// NewMemoryBackend returns an empty MemoryBackend. now is the clock; nil means time.Now.
func NewMemoryBackend(limits MemoryLimits, now func() time.Time) *MemoryBackend {
	if limits.Records <= 0 {
		limits.Records = defaultRecords
	}
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	if now == nil {
		now = time.Now
	}
	return &MemoryBackend{limits: limits, now: now, records: map[Key]*list.Element{}, owners: map[string]map[Key]struct{}{}, idle: list.New()}
}

// Get implements [Backend]. It counts as use.
func (b *MemoryBackend) Get(_ context.Context, key Key) (Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.find(key)
	if e == nil {
		return Record{}, ErrNoRecord
	}
	b.idle.MoveToFront(e)
	return e.Value.(*memoryRecord).record, nil
}

// Put implements [Backend].
func (b *MemoryBackend) Put(_ context.Context, key Key, record Record, condition Condition) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var current uint64
	e := b.find(key)
	if e != nil {
		current = e.Value.(*memoryRecord).record.Version
	}
	if err := condition.Check(e != nil, current, record.Version); err != nil {
		return err
	}
	if e != nil {
		b.remove(e)
	}
	added := &memoryRecord{key, record, b.now().Add(record.TTL)}
	b.records[key] = b.idle.PushFront(added)
	b.bytes += added.size()
	if b.owners[key.Owner] == nil {
		b.owners[key.Owner] = map[Key]struct{}{}
	}
	b.owners[key.Owner][key] = struct{}{}
	b.makeRoom()
	return nil
}

// Delete implements [Backend].
func (b *MemoryBackend) Delete(_ context.Context, key Key) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.records[key]; e != nil {
		b.remove(e)
	}
	return nil
}

// List implements [Backend]. It does not count as use.
func (b *MemoryBackend) List(_ context.Context, owner string) ([]Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Record
	for key := range b.owners[owner] {
		if e := b.find(key); e != nil {
			all = append(all, e.Value.(*memoryRecord).record)
		}
	}
	return all, nil
}

// Len returns how many records there are, expired ones that nobody has asked for included.
func (b *MemoryBackend) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.records)
}

// Evicted returns how many live records had to go for want of room since it was last asked. The manager that uses the
// backend asks after each Put, and tells it in an [Event].
func (b *MemoryBackend) Evicted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.evicted
	b.evicted = 0
	return n
}

// find returns the record's place, or nil when there is none, or none any more.
func (b *MemoryBackend) find(key Key) *list.Element {
	e := b.records[key]
	if e != nil && b.over(e) {
		b.remove(e)
		return nil
	}
	return e
}

func (b *MemoryBackend) over(e *list.Element) bool {
	return !b.now().Before(e.Value.(*memoryRecord).until)
}

func (b *MemoryBackend) remove(e *list.Element) {
	r := b.idle.Remove(e).(*memoryRecord)
	b.bytes -= r.size()
	delete(b.records, r.key)
	if own := b.owners[r.key.Owner]; len(own) > 1 {
		delete(own, r.key)
	} else {
		delete(b.owners, r.key.Owner)
	}
}

// makeRoom drops what has been idle for longest, until the limits hold, and what is over at that end in any case. The record that
// was put last stays.
func (b *MemoryBackend) makeRoom() {
	for e := b.idle.Back(); e != b.idle.Front(); e = b.idle.Back() {
		switch {
		case b.over(e):
		case len(b.records) > b.limits.Records || b.bytes > b.limits.Bytes:
			b.evicted++
		default:
			return
		}
		b.remove(e)
	}
}
