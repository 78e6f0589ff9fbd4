package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A shareTest is one provider with more marks than its share.
type shareTest struct {
	*testing.T
	stores    [2]session.Revocations // as two processes have them
	providers []session.RevocationKey
	ended     []login
}

// A login is a session that has begun in an epoch.
type login struct {
	key   session.RevocationKey
	epoch uint64
}

// begin is a login in one of the processes.
func (t *shareTest) begin() login {
	return login{newRevocationKey(), epochOf(t.T, t.stores[1])}
}

// end revokes a login in one of the processes.
func (t *shareTest) end(l login) (collapsed bool) {
	t.Helper()
	collapsed, err := t.stores[len(t.ended)%2].Revoke(t.Context(), session.Revocation{
		Keys: []session.RevocationKey{l.key}, Providers: t.providers, Keep: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.ended = append(t.ended, l)
	return collapsed
}

// over reports whether a login is over for a process that knows the provider by this name.
func (t *shareTest) over(l login, provider session.RevocationKey) bool {
	t.Helper()
	var over [2]bool
	for i, v := range t.stores {
		marks := look(t.T, v, session.RevocationKeys{l.key, {}, {}, provider})
		over[i] = marks[0] != (session.Mark{}) || l.epoch < marks[3].All
	}
	if over[0] != over[1] {
		t.Errorf("the processes do not agree whether a login is over")
	}
	return over[0]
}

// F8: the marks of one provider become a single one when they are too many. None is forgotten, no
// other provider is concerned, and later logins are not.
func revocationShare(t *testing.T, one, other session.Revocations, o Options) {
	if o.PerProvider == 0 {
		t.Skip("Options.PerProvider is not set")
	}
	provider := func() *shareTest {
		names := []session.RevocationKey{newRevocationKey(), newRevocationKey()} // of two secrets
		return &shareTest{T: t, stores: [2]session.Revocations{one, other}, providers: names}
	}
	busy, quiet := provider(), provider()
	quietEnded, quietGoesOn, goesOn := quiet.begin(), quiet.begin(), busy.begin()
	quiet.end(quietEnded)
	size := func() int { return 0 }
	if o.Size != nil {
		size = o.Size
	}
	before := size()
	for i := range o.PerProvider {
		if busy.end(busy.begin()) {
			t.Fatalf("collapsed at mark %d of %d", i+1, o.PerProvider)
		}
	}
	for _, name := range busy.providers {
		if busy.over(goesOn, name) {
			t.Error("below the share, a session is over that was not ended")
		}
	}
	collapses := 0
	for range 3 * o.PerProvider {
		if busy.end(busy.begin()) {
			collapses++
		}
		if n := size() - before; n > o.PerProvider+10 {
			t.Fatalf("the store holds %d more entries for %d marks", n, o.PerProvider)
		}
	}
	if collapses < 1 || collapses > 4 {
		t.Errorf("it collapsed %d times", collapses)
	}
	for _, name := range busy.providers {
		for _, l := range append(busy.ended, goesOn) {
			if !busy.over(l, name) {
				t.Fatalf("a session of epoch %d is not over", l.epoch)
			}
		}
		if l := busy.begin(); busy.over(l, name) {
			t.Error("a login afterwards is over")
		}
	}
	for _, name := range quiet.providers {
		if !quiet.over(quietEnded, name) || quiet.over(quietGoesOn, name) {
			t.Error("another provider is concerned")
		}
	}
}
