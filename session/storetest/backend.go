package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// TestBackend tests a session.Backend against its contract.
func TestBackend(t *testing.T, open func(t *testing.T) (one, other session.Backend), o Options) {
	for name, test := range map[string]func(*testing.T, session.Backend, session.Backend, Options){
		"round trip":            backendRoundTrip,
		"conditions":            backendConditions,
		"concurrent writers":    backendOneWriter,
		"TTL":                   backendTTL,
		"list":                  backendList,
		"binary and large data": backendData,
		"canceled context":      backendContext,
		"read with revocations": backendJoint,
	} {
		t.Run(name, func(t *testing.T) {
			one, other := open(t)
			test(t, one, other, o)
		})
	}
}

const ttl = time.Minute

func put(t *testing.T, b session.Backend, key session.Key, version uint64,
	c session.Condition) error {
	t.Helper()
	return b.Put(t.Context(), key, session.Record{Version: version,
		Data: fmt.Sprint("data ", version), TTL: ttl}, c)
}

// wantRecord checks that all backends return a version; zero means ErrNoRecord.
func wantRecord(t *testing.T, key session.Key, version uint64, backends ...session.Backend) {
	t.Helper()
	for _, b := range backends {
		got, err := b.Get(t.Context(), key)
		if version == 0 {
			if !errors.Is(err, session.ErrNoRecord) {
				t.Errorf("Get = version %d, %v; want ErrNoRecord", got.Version, err)
			}
			continue
		}
		if err != nil || got.Version != version || got.Data != fmt.Sprint("data ", version) {
			t.Errorf("Get = version %d, %q, %v; want version %d", got.Version, got.Data, err,
				version)
		}
	}
}

func backendRoundTrip(t *testing.T, one, other session.Backend, _ Options) {
	key := newKey()
	wantRecord(t, key, 0, one, other)
	if err := put(t, one, key, 7, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	wantRecord(t, key, 7, one, other)
	for _, unused := range []session.Key{{Owner: key.Owner, ID: newKey().ID},
		{Owner: newKey().Owner, ID: key.ID}} {
		wantRecord(t, unused, 0, one)
	}
	if err := other.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	wantRecord(t, key, 0, one, other)
	if err := one.Delete(t.Context(), key); err != nil {
		t.Errorf("Delete of a missing record: %v", err)
	}
	if err := put(t, one, key, 1, session.IfAbsent); err != nil {
		t.Errorf("Put after a Delete: %v", err)
	}
}

func backendConditions(t *testing.T, one, other session.Backend, _ Options) {
	const none = 0
	for _, row := range []struct {
		there, next uint64
		condition   session.Condition
		want        error
	}{
		{none, 1, session.Always, nil}, {5, 1, session.Always, nil},
		{none, 1, session.IfAbsent, nil}, {5, 6, session.IfAbsent, session.ErrChanged},
		{5, 5, session.IfAbsent, session.ErrChanged},
		{none, 1, session.IfOlder, session.ErrNoRecord}, {5, 6, session.IfOlder, nil},
		{5, 90, session.IfOlder, nil},
		{5, 5, session.IfOlder, session.ErrChanged}, {5, 4, session.IfOlder, session.ErrChanged},
		// not compared as text
		{9, 10, session.IfOlder, nil}, {10, 9, session.IfOlder, session.ErrChanged},
		// not as floats
		{1<<53 + 1, 1<<53 + 2, session.IfOlder, nil}, {1<<53 + 2, 1<<53 + 1, session.IfOlder,
			session.ErrChanged},
		// not as signed integers
		{1<<63 + 5, 1<<63 + 6, session.IfOlder, nil}, {1<<64 - 1, 1, session.IfOlder,
			session.ErrChanged},
		{none, 1, session.IfNotNewer, session.ErrNoRecord}, {5, 6, session.IfNotNewer, nil},
		{5, 5, session.IfNotNewer, nil},
		{5, 4, session.IfNotNewer, session.ErrChanged},
	} {
		key := newKey()
		if row.there != none {
			if err := put(t, one, key, row.there, session.IfAbsent); err != nil {
				t.Fatal(err)
			}
		}
		err := put(t, other, key, row.next, row.condition)
		if !errors.Is(err, row.want) {
			t.Errorf("Put version %d over %d with condition %d: %v, want %v",
				row.next, row.there, row.condition, err, row.want)
		}
		is := row.there
		if row.want == nil {
			is = row.next
		}
		wantRecord(t, key, is, one, other)
	}
}

func backendOneWriter(t *testing.T, one, other session.Backend, _ Options) {
	key := newKey()
	if err := put(t, one, key, 1, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		b := []session.Backend{one, other}[i%2]
		wg.Go(func() {
			switch err := put(t, b, key, 2, session.IfOlder); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, session.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d concurrent writers succeeded, want 1", won.Load())
	}
	wantRecord(t, key, 2, one, other)
}

func backendTTL(t *testing.T, one, other session.Backend, o Options) {
	short, long, renewed := newKey(), newKey(), newKey()
	long.Owner, renewed.Owner = short.Owner, short.Owner
	for key, ttl := range map[session.Key]time.Duration{short: 2 * time.Second,
		renewed: 2 * time.Second, long: time.Hour} {
		if err := one.Put(t.Context(), key, session.Record{Version: 1, Data: "data 1", TTL: ttl},
			session.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	o.pass(time.Second)
	wantRecord(t, short, 1, one, other)
	if err := one.Put(t.Context(), renewed, session.Record{Version: 1, Data: "data 1",
		TTL: time.Hour}, session.IfNotNewer); err != nil {
		t.Fatal(err)
	}
	o.pass(3 * time.Second)
	wantRecord(t, short, 0, one, other)
	wantRecord(t, long, 1, one, other)
	wantRecord(t, renewed, 1, one, other)
	if records, err := other.List(t.Context(), short.Owner); err != nil || len(records) != 2 {
		t.Errorf("List = %d records, %v; want 2 that have not expired", len(records), err)
	}
	if err := put(t, one, short, 2, session.IfOlder); !errors.Is(err, session.ErrNoRecord) {
		t.Errorf("IfOlder over an expired record: %v, want ErrNoRecord", err)
	}
	if err := put(t, one, short, 3, session.IfAbsent); err != nil {
		t.Errorf("IfAbsent over an expired record: %v", err)
	}
}

func backendList(t *testing.T, one, other session.Backend, _ Options) {
	owner := newKey().Owner
	keys := make([]session.Key, 5)
	for i := range keys {
		keys[i] = session.Key{Owner: owner, ID: newKey().ID}
		if err := put(t, one, keys[i], uint64(i+1), session.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(t, one, newKey(), 99, session.IfAbsent); err != nil { // another owner
		t.Fatal(err)
	}
	if err := put(t, other, keys[0], 11, session.IfOlder); err != nil {
		t.Fatal(err)
	}
	if err := other.Delete(t.Context(), keys[1]); err != nil {
		t.Fatal(err)
	}
	for _, b := range []session.Backend{one, other} {
		records, err := b.List(t.Context(), owner)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint64
		for _, r := range records {
			if got = append(got, r.Version); r.Data != fmt.Sprint("data ", r.Version) {
				t.Errorf("version %d has data %q", r.Version, r.Data)
			}
		}
		slices.Sort(got)
		if want := []uint64{3, 4, 5, 11}; !slices.Equal(got, want) {
			t.Errorf("List = versions %v, want %v", got, want)
		}
	}
	if records, err := one.List(t.Context(), newKey().Owner); err != nil || len(records) != 0 {
		t.Errorf("List of an owner without records = %v, %v", records, err)
	}
}

func backendData(t *testing.T, one, other session.Backend, _ Options) {
	for _, data := range []string{"", "\x00\xff\r\n", "a.b", strings.Repeat("x", 1<<20)} {
		key := newKey()
		if err := one.Put(t.Context(), key, session.Record{Version: 1, Data: data, TTL: ttl},
			session.IfAbsent); err != nil {
			t.Fatal(err)
		}
		if got, err := other.Get(t.Context(), key); err != nil || got.Data != data {
			t.Errorf("Put %.10q, Get = %.10q (%d bytes), %v", data, got.Data, len(got.Data), err)
		}
	}
}

// A canceled Get must not return ErrNoRecord.
func backendContext(t *testing.T, one, _ session.Backend, _ Options) {
	key := newKey()
	if err := put(t, one, key, 1, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := one.Get(ctx, key); errors.Is(err, session.ErrNoRecord) || err == nil &&
		got.Version != 1 {
		t.Errorf("Get = version %d, %v", got.Version, err)
	}
	wantRecord(t, key, 1, one)
}

func backendJoint(t *testing.T, one, other session.Backend, _ Options) {
	joint, ok := one.(session.JointBackend)
	if !ok {
		t.Skip("the backend is not a JointBackend")
	}
	key, revoked := newKey(), newRevocationKey()
	keys := session.RevocationKeys{{}, newRevocationKey(), revoked}
	if _, _, err := joint.GetAndLookup(t.Context(), key, keys); !errors.Is(err,
		session.ErrNoRecord) {
		t.Errorf("without a record: %v", err)
	}
	if err := put(t, other, key, 3, session.IfAbsent); err != nil {
		t.Fatal(err)
	}
	if record, marks, err := joint.GetAndLookup(t.Context(), key, keys); err != nil ||
		record.Version != 3 || marks != ([4]session.Mark{}) {
		t.Errorf("version %d, marks %v, %v", record.Version, marks, err)
	}
	revoke(t, joint, time.Time{}, revoked)
	if record, marks, err := joint.GetAndLookup(t.Context(), key, keys); err != nil ||
		record.Version != 3 || marks[2].All == 0 || marks[1].All != 0 {
		t.Errorf("after a revocation: version %d, marks %v, %v", record.Version, marks, err)
	}
}
