package sallyport

import (
	"fmt"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// wrongField is a mistake in a field of [Config].
func wrongField(field, format string, args ...any) error {
	return fmt.Errorf("sallyport: %w", &provider.FieldError{Field: field,
		Err: fmt.Errorf(format, args...)})
}

// A providerError is a mistake in one of the configured providers.
type providerError struct {
	name string
	err  error
}

// Error names the provider.
func (e *providerError) Error() string {
	return fmt.Sprintf("sallyport: provider %q: %v", e.name, e.err)
}

// Unwrap returns what is wrong with the provider.
func (e *providerError) Unwrap() error { return e.err }

// wrongOption is an insecure option that is used with a public base URL.
func wrongOption(option string, base *url.URL) error {
	return &provider.FieldError{Field: option, Err: fmt.Errorf(
		"is for development and must not be used with the public BaseURL %s", base)}
}
