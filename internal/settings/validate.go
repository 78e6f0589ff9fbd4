package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// validate has the provider check itself, and notes each mistake with its variable or line.
func (e *entry) validate(made provider.Provider) {
	v, ok := made.(provider.Validator)
	if !ok {
		return
	}
	_, err := v.Validate()
	for _, mistake := range Each(err) {
		if wrong, ok := errors.AsType[*provider.FieldError](mistake); ok {
			e.complainAboutField(wrong, made)
		} else if !e.standIn {
			e.Env.Wrong("%s: %w", e.place(Setting{}), mistake)
		}
	}
}

// Each takes errors.Join apart.
func Each(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, inner := range joined.Unwrap() {
		all = append(all, Each(inner)...)
	}
	if errors.Join(all...).Error() != err.Error() { // it has words of its own
		return []error{err}
	}
	return all
}

// complainAboutField notes a mistake in a field, unless the setting that it comes from is already
// known to be missing or wrong.
func (e *entry) complainAboutField(wrong *provider.FieldError, made provider.Provider) {
	s, known := forField(wrong.Field, made)
	set := known && e.isSet(s)
	what := wrong.Err
	if wrong.Insecure != "" {
		what = fmt.Errorf("%w: that is for development, with a BASE_URL on loopback as well", what)
	}
	switch {
	case slices.Contains(e.missing, s.Key), slices.Contains(e.failed, s.Key),
		e.standIn && (!set || isZero(reflect.ValueOf(made), wrong.Field)):
	case !known:
		e.Env.Wrong("%s: %s %w", e.place(Setting{}), wrong.Field, what)
	// the vendor's provider has set it
	case len(e.own) > 0 && !set && !isZero(reflect.ValueOf(made), wrong.Field):
		e.Env.Wrong("%s: %s %w", e.place(Setting{}), s.Key, what)
	default:
		e.Env.Wrong("%s %w", e.place(s), what)
	}
}

// forField is the setting behind a field of a provider, or behind one beside or inside of it.
func forField(field string, made provider.Provider) (Setting, bool) {
	for {
		for _, s := range All() {
			if path := s.pathIn(made); path == field || strings.HasPrefix(path, field+".") {
				return s, true
			}
		}
		i := strings.LastIndexByte(field, '.')
		if i < 0 {
			return Setting{}, false
		}
		field = field[:i]
	}
}
