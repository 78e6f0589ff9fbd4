package session

import (
	"fmt"
	"strings"
)

// A configError is a mistake in a field of [Config].
type configError struct {
	field string // such as "Idle" or "OldSecrets[0]"
	err   error
}

// Error returns the field and the mistake.
func (e *configError) Error() string { return "session: " + e.field + " " + e.err.Error() }

// Unwrap returns the mistake without the field.
func (e *configError) Unwrap() error { return e.err }

// SessionField returns the field's name, from which sallyport.FromEnv finds the variable that sets
// it.
func (e *configError) SessionField() string {
	name, _, _ := strings.Cut(e.field, "[")
	return name
}

// wrongField returns the error for a field.
func wrongField(field, format string, args ...any) error {
	return &configError{field, fmt.Errorf(format, args...)}
}
