package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// TestRevocations runs the contract of session.Revocations.
func TestRevocations(t *testing.T, open func(t *testing.T) (one, other session.Revocations), o Options) {
	for name, test := range map[string]func(*testing.T, session.Revocations, session.Revocations, Options){
		"epochs order revocations": revocationEpochs,
		"marks":                    revocationMarks,
		"marks are merged":         revocationMerge,
		"marks are kept":           revocationKeep,
		"many at once":             revocationsAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			one, other := open(t)
			test(t, one, other, o)
		})
	}
}

func epochOf(t *testing.T, v session.Revocations) uint64 {
	t.Helper()
	epoch, err := v.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return epoch
}

func revoke(t *testing.T, v session.Revocations, issuedBefore time.Time, keys ...session.RevocationKey) {
	t.Helper()
	if err := v.Revoke(t.Context(), keys, issuedBefore, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, v session.Revocations, keys session.RevocationKeys) session.Marks {
	t.Helper()
	marks, err := v.Lookup(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	return marks
}

func revocationEpochs(t *testing.T, one, other session.Revocations, _ Options) {
	before := epochOf(t, one)
	if before < 1 || epochOf(t, other) != before {
		t.Errorf("epochs %d and %d at first", before, epochOf(t, other))
	}
	for _, v := range []session.Revocations{one, other, one, one} { // also twice in one moment
		key := newRevocationKey()
		revoke(t, v, time.Time{}, key)
		after := epochOf(t, one)
		if mark := look(t, other, session.RevocationKeys{key})[0].All; after <= before || mark <= before || mark > after {
			t.Errorf("epoch %d, mark %d, epoch afterwards %d: want them in order", before, mark, after)
		}
		if got := epochOf(t, other); got != after {
			t.Errorf("the other process sees epoch %d, want %d", got, after)
		}
		before = after
	}
}

func revocationMarks(t *testing.T, one, other session.Revocations, _ Options) {
	all, some, never := newRevocationKey(), newRevocationKey(), newRevocationKey()
	at := time.Unix(1_800_000_000, 999)
	revoke(t, one, time.Time{}, all, session.RevocationKey{})
	revoke(t, one, at, some)
	marks := look(t, other, session.RevocationKeys{some, never, all})
	if m := marks[0]; m.All != 0 || m.Some == 0 || int64(m.Before) != at.Unix() {
		t.Errorf("the mark with a time: %+v", m)
	}
	if marks[1] != (session.Mark{}) {
		t.Errorf("the mark of a key that was never revoked: %+v", marks[1])
	}
	if m := marks[2]; m.All == 0 || m.Some != 0 || m.Before != 0 {
		t.Errorf("the mark without a time: %+v", m)
	}
	if got := look(t, other, session.RevocationKeys{{}, {}, all}); got[0] != (session.Mark{}) || got[2] != marks[2] {
		t.Errorf("zero keys: %+v", got)
	}
}

func revocationMerge(t *testing.T, one, other session.Revocations, _ Options) {
	key := newRevocationKey()
	early, late := time.Unix(1_800_000_000, 0), time.Unix(1_800_000_100, 0)
	revoke(t, one, late, key)
	revoke(t, other, early, key)
	mark := look(t, one, session.RevocationKeys{key})[0]
	if int64(mark.Before) != late.Unix() || mark.Some != epochOf(t, one) || mark.All != 0 {
		t.Errorf("two with a time: %+v, epoch %d", mark, epochOf(t, one))
	}
	revoke(t, other, time.Time{}, key)
	merged := look(t, one, session.RevocationKeys{key})[0]
	if merged.All != epochOf(t, one) || merged.Some != mark.Some || merged.Before != mark.Before {
		t.Errorf("one without a time after %+v: %+v", mark, merged)
	}
}

func revocationKeep(t *testing.T, one, other session.Revocations, o Options) {
	key := newRevocationKey()
	keep := func(d time.Duration) {
		t.Helper()
		if err := one.Revoke(t.Context(), []session.RevocationKey{key}, time.Time{}, d); err != nil {
			t.Fatal(err)
		}
	}
	keep(5 * time.Second)
	keep(time.Second) // does not shorten the first
	o.pass(3 * time.Second)
	if look(t, other, session.RevocationKeys{key})[0].All == 0 {
		t.Error("a mark is forgotten too early")
	}
	before := epochOf(t, one)
	if before < 2 {
		t.Errorf("the epoch is %d after a revocation", before)
	}
}

func revocationsAtOnce(t *testing.T, one, other session.Revocations, _ Options) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	shared := newRevocationKey()
	own := map[session.RevocationKey]bool{}
	for i := range 40 {
		v := []session.Revocations{one, other}[i%2]
		wg.Go(func() {
			key := newRevocationKey()
			if err := v.Revoke(t.Context(), []session.RevocationKey{key, shared}, time.Time{}, time.Hour); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			own[key] = true
		})
	}
	wg.Wait()
	epochs := map[uint64]bool{}
	for key := range own {
		epochs[look(t, one, session.RevocationKeys{key})[0].All] = true
	}
	if len(epochs) != len(own) || epochs[0] {
		t.Errorf("%d revocations have %d epochs", len(own), len(epochs))
	}
	if last := look(t, other, session.RevocationKeys{shared})[0].All; last != epochOf(t, one) {
		t.Errorf("the key that all revoked has mark %d, the epoch is %d", last, epochOf(t, one))
	}
}
