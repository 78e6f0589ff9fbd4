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

// Error names the field and what is wrong with it.
func (e *configError) Error() string { return "session: " + e.field + " " + e.err.Error() }

// Unwrap returns what is wrong with the field.
func (e *configError) Unwrap() error { return e.err }

// SessionField is the field, for sallyport.FromEnv, which names the variable that sets it.
func (e *configError) SessionField() string {
	name, _, _ := strings.Cut(e.field, "[")
	return name
}

// wrongField makes the error for a field.
func wrongField(field, format string, args ...any) error {
	return &configError{field, fmt.Errorf(format, args...)}
}
