package provider

import (
	"errors"
	"fmt"
)

// A FieldError is a mistake in a field of a provider. [Validator] returns one for each mistake, and
// sallyport.FromEnv and FromFile name the variable or the line that the field was read from.
type FieldError struct {
	Field string // path of the field, such as "ClientSecret" or "Endpoints.Token"
	Err   error  // what is wrong and what to do, as the rest of a sentence: "is missing"

	// Insecure is the switch that would permit the value for development, such as
	// "InsecureLoopbackHTTP". Empty for none.
	Insecure string
}

// Error names the field and what is wrong with it.
func (e *FieldError) Error() string {
	text := e.Field + " " + e.Err.Error()
	if e.Insecure != "" {
		text += ": for development on this machine set " + e.Insecure
	}
	return text
}

// Unwrap returns what is wrong with the field.
func (e *FieldError) Unwrap() error { return e.Err }

// wrongField makes the error for a field.
func wrongField(field, format string, args ...any) error {
	return &FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// within says in which member of a list or map a mistake is.
func within(member string, err error) error {
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	found := *wrong
	found.Err = fmt.Errorf("%q %w", member, wrong.Err)
	return &found
}
