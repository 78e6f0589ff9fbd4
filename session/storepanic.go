package session

import (
	"fmt"

	"github.com/sallyport-go/sallyport/internal/recovered"
)

// fromStore runs f, which calls a store, revocations or a locker of the application. A panic
// becomes an error that wraps [ErrStore]: the outcome is unknown.
func fromStore[T any](f func() (T, error)) (T, error) {
	value, err := recovered.Get(f)
	if err != nil && recovered.Is(err) {
		err = fmt.Errorf("%w: %w", ErrStore, err)
	}
	return value, err
}

// toStore is fromStore for a call without a result.
func toStore(f func() error) error {
	_, err := fromStore(func() (struct{}, error) { return struct{}{}, f() })
	return err
}
