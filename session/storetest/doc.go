// Package storetest is the contract of session.Backend, session.Revocations and session.Locker as tests, for those who write
// one of their own:
//
//	func TestMyBackend(t *testing.T) {
//		storetest.TestBackend(t, func(t *testing.T) (one, other session.Backend) {
//			db := openTestDatabase(t)
//			return mystore.New(db), mystore.New(db)
//		}, storetest.Options{})
//	}
//
// Each test calls its open function several times. It returns the same store as two processes see it; a store that lives in
// one process returns one value twice. The store need not be empty: keys are random.
package storetest

import (
	"crypto/rand"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// Options say how to test a store.
type Options struct {
	// Advance makes the store's clock go on. Nil: the tests that need it wait, some seconds in all.
	Advance func(time.Duration)

	// PerProvider is how many marks of one provider the revocations keep apart, a small number. The
	// test of what happens beyond is left out if it is zero.
	PerProvider int

	// Size returns how many entries the store holds, if nothing else uses it. It may be nil.
	Size func() int
}

func (o Options) pass(d time.Duration) {
	if o.Advance != nil {
		o.Advance(d)
		return
	}
	<-time.After(d)
}

func newKey() session.Key { return session.Key{Owner: rand.Text(), ID: rand.Text()} }

func newRevocationKey() (key session.RevocationKey) {
	rand.Read(key[:]) // never fails
	return key
}
