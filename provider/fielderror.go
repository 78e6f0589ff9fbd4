package provider

import (
	"errors"
	"fmt"
)

// A FieldError is a mistake in a field of a provider. [Validator] returns one for each mistake;
// sallyport.FromEnv and FromFile add the variable or line that set the field.
type FieldError struct {
	Field string // path of the field, such as "ClientSecret" or "Endpoints.Token"
	Err   error  // what is wrong and what to do, as a predicate: "is missing"

	// Insecure is the field that permits the value for development, such as "InsecureLoopbackHTTP",
	// or empty.
	Insecure string
}

// Error implements error: the field, and what is wrong with it.
func (e *FieldError) Error() string {
	text := e.Field + " " + e.Err.Error()
	if e.Insecure != "" {
		text += ": for development on this machine set " + e.Insecure
	}
	return text
}

// Unwrap returns the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// wrongField returns the error for a field.
func wrongField(field, format string, args ...any) error {
	return &FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// within adds the member of a list or map to a mistake.
func within(member string, err error) error {
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	found := *wrong
	found.Err = fmt.Errorf("%q %w", member, wrong.Err)
	return &found
}
