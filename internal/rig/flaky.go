package rig

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/sallyport-go/sallyport/session"
)

// A FlakyBackend answers with an error while it is Down.
type FlakyBackend struct {
	session.Backend
	Down atomic.Bool
}

// errDown must not be shown to users: it holds a password.
var errDown = errors.New("dial tcp: connection refused, password was hunter2")

// Get implements session.Backend.
func (f *FlakyBackend) Get(ctx context.Context, k session.Key) (session.Record, error) {
	if f.Down.Load() {
		return session.Record{}, errDown
	}
	return f.Backend.Get(ctx, k)
}

// Put implements session.Backend.
func (f *FlakyBackend) Put(ctx context.Context, k session.Key, r session.Record,
	c session.Condition) error {
	if f.Down.Load() {
		return errDown
	}
	return f.Backend.Put(ctx, k, r, c)
}

// Delete implements session.Backend.
func (f *FlakyBackend) Delete(ctx context.Context, k session.Key) error {
	if f.Down.Load() {
		return errDown
	}
	return f.Backend.Delete(ctx, k)
}
