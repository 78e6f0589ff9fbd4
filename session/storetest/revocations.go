package storetest

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// TestRevocations tests a session.Revocations against its contract.
func TestRevocations(t *testing.T, open func(t *testing.T) (one, other session.Revocations),
	o Options) {
	for name, test := range map[string]func(*testing.T, session.Revocations, session.Revocations,
		Options){
		"epochs order revocations": revocationEpochs,
		"epochs are times":         revocationTime,
		"marks":                    revocationMarks,
		"marks are merged":         revocationMerge,
		"marks are kept":           revocationKeep,
		"concurrent revocations":   revocationsAtOnce,
		"limit per provider":       revocationShare,
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

func revoke(t *testing.T, v session.Revocations, issuedBefore time.Time,
	keys ...session.RevocationKey) {
	t.Helper()
	r := session.Revocation{Keys: keys, IssuedBefore: issuedBefore, Keep: time.Hour}
	if _, err := v.Revoke(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, v session.Revocations, keys session.RevocationKeys) [4]session.Mark {
	t.Helper()
	marks, err := v.Lookup(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	return marks
}

func revocationEpochs(t *testing.T, one, other session.Revocations, _ Options) {
	handedOut := max(epochOf(t, one), epochOf(t, other))
	if handedOut < 1 {
		t.Errorf("the first epoch is %d, want at least 1", handedOut)
	}
	for _, v := range []session.Revocations{one, other, one, one} { // twice in a row, too
		key := newRevocationKey()
		revoke(t, v, time.Time{}, key)
		// of later logins in both processes
		afterwards := []uint64{epochOf(t, other), epochOf(t, one)}
		mark := look(t, other, session.RevocationKeys{key})[0].All
		if mark <= handedOut {
			t.Errorf("mark %d does not end an earlier login with epoch %d", mark, handedOut)
		}
		if lowest := slices.Min(afterwards); lowest < mark {
			t.Errorf("mark %d ends a later login with epoch %d", mark, lowest)
		}
		handedOut = slices.Max(afterwards)
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
		t.Errorf("an unrevoked key has mark %+v", marks[1])
	}
	if m := marks[2]; m.All == 0 || m.Some != 0 || m.Before != 0 {
		t.Errorf("the mark without a time: %+v", m)
	}
	if got := look(t, other, session.RevocationKeys{{}, {}, all}); got[0] != (session.Mark{}) ||
		got[2] != marks[2] {
		t.Errorf("lookup with zero keys: %+v", got)
	}
}

func revocationMerge(t *testing.T, one, other session.Revocations, _ Options) {
	key := newRevocationKey()
	now := func() session.Mark { return look(t, one, session.RevocationKeys{key})[0] }
	early, late := time.Unix(1_800_000_000, 0), time.Unix(1_800_000_100, 0)
	revoke(t, one, late, key)
	first := now()
	revoke(t, other, early, key)
	second := now()
	if int64(second.Before) != late.Unix() || second.Some <= first.Some || second.All != 0 {
		t.Errorf("two marks with a time: %+v, then %+v", first, second)
	}
	revoke(t, other, time.Time{}, key)
	third := now()
	if third.All <= second.Some || third.Some != second.Some || third.Before != second.Before {
		t.Errorf("a mark without a time after %+v: %+v", second, third)
	}
	revoke(t, one, early, key)
	if m := now(); m.All != third.All || m.Some <= third.All || m.Before != third.Before {
		t.Errorf("a mark with a time after %+v: %+v", third, m)
	}
}

func revocationKeep(t *testing.T, one, other session.Revocations, o Options) {
	key := newRevocationKey()
	keep := func(d time.Duration) {
		t.Helper()
		r := session.Revocation{Keys: []session.RevocationKey{key}, Keep: d}
		if _, err := one.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	keep(5 * time.Second)
	keep(time.Second) // does not shorten the first
	o.pass(3 * time.Second)
	if look(t, other, session.RevocationKeys{key})[0].All == 0 {
		t.Error("a mark expired too early")
	}
	if epoch := epochOf(t, one); epoch < 2 {
		t.Errorf("the epoch after a revocation is %d, want at least 2", epoch)
	}
}

// Epochs are times, because processes without shared revocations have only the time in common.
func revocationTime(t *testing.T, one, other session.Revocations, o Options) {
	before := epochOf(t, one)
	o.pass(3 * time.Second)
	if after := epochOf(t, other); after < before+2_000_000 {
		t.Errorf("the epoch went from %d to %d in 3 seconds: it is not a time in microseconds",
			before, after)
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
			r := session.Revocation{Keys: []session.RevocationKey{key, shared}, Keep: time.Hour}
			if _, err := v.Revoke(t.Context(), r); err != nil {
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
		t.Errorf("%d revocations have %d distinct epochs", len(own), len(epochs))
	}
	last := slices.Max(slices.Collect(maps.Keys(epochs)))
	if mark := look(t, other, session.RevocationKeys{shared})[0].All; mark != last ||
		epochOf(t, one) < last {
		t.Errorf("the shared key has mark %d, the last revocation has %d, the epoch is %d",
			mark, last, epochOf(t, one))
	}
}
