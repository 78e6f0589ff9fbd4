// Package storetest tests implementations of session.Backend, session.Revocations and
// session.Locker against their contracts:
//
//	func TestMyBackend(t *testing.T) {
//		storetest.TestBackend(t, func(t *testing.T) (one, other session.Backend) {
//			db := openTestDatabase(t)
//			return mystore.New(db), mystore.New(db)
//		}, storetest.Options{})
//	}
//
// Each test calls its open function several times. The function returns two values that use the
// same store, as two processes would; for a store in memory, it returns one value twice. The store
// need not be empty, because keys are random.
package storetest

import (
	"crypto/rand"
	"time"

	"github.com/sallyport-go/sallyport/session"
)

// Options configures the tests for a store.
type Options struct {
	// Advance moves the store's clock forward. If it is nil, tests wait instead, for some seconds
	// in total.
	Advance func(time.Duration)

	// PerProvider is the maximum number of separate marks of one provider that the store under test
	// keeps. Configure it to be small. If it is zero, the test of this limit is skipped.
	PerProvider int

	// Size returns the number of entries in a store that nothing else uses. It may be nil.
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
