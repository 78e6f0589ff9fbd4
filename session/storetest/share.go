package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// A shareTest is a test of the marks of one provider.
type shareTest struct {
	*testing.T
	stores    [2]session.Revocations // of two processes
	providers []session.RevocationKey
	ended     []login
}

// A login is a session that began in an epoch.
type login struct {
	key   session.RevocationKey
	epoch uint64
}

// begin starts a login.
func (t *shareTest) begin() login {
	return login{newRevocationKey(), epochOf(t.T, t.stores[1])}
}

// end revokes a login in alternating processes.
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

// revoked reports whether a login is revoked for processes that use this key for the provider.
func (t *shareTest) revoked(l login, provider session.RevocationKey) bool {
	t.Helper()
	var revoked [2]bool
	for i, v := range t.stores {
		marks := look(t.T, v, session.RevocationKeys{l.key, {}, {}, provider})
		revoked[i] = marks[0] != (session.Mark{}) || l.epoch < marks[3].All
	}
	if revoked[0] != revoked[1] {
		t.Errorf("the processes disagree on whether a login is revoked")
	}
	return revoked[0]
}

// F8: too many marks of one provider collapse into one for the provider. No mark is lost, and other
// providers and later logins are not affected.
func revocationShare(t *testing.T, one, other session.Revocations, o Options) {
	if o.PerProvider == 0 {
		t.Skip("Options.PerProvider is not set")
	}
	provider := func() *shareTest {
		// under two secrets
		names := []session.RevocationKey{newRevocationKey(), newRevocationKey()}
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
		if busy.revoked(goesOn, name) {
			t.Error("below the limit, a session is revoked that was not ended")
		}
	}
	collapses := 0
	for range 3 * o.PerProvider {
		if busy.end(busy.begin()) {
			collapses++
		}
		if n := size() - before; n > o.PerProvider+10 {
			t.Fatalf("the store has %d more entries, with a limit of %d marks", n, o.PerProvider)
		}
	}
	if collapses < 1 || collapses > 4 {
		t.Errorf("the marks collapsed %d times, want 1 to 4", collapses)
	}
	for _, name := range busy.providers {
		for _, l := range append(busy.ended, goesOn) {
			if !busy.revoked(l, name) {
				t.Fatalf("a session of epoch %d is not revoked", l.epoch)
			}
		}
		if l := busy.begin(); busy.revoked(l, name) {
			t.Error("a later login is revoked")
		}
	}
	for _, name := range quiet.providers {
		if !quiet.revoked(quietEnded, name) || quiet.revoked(quietGoesOn, name) {
			t.Error("another provider is affected")
		}
	}
}
