// Package authparams says which parameters of an authorization request an application may add.
package authparams

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// owned are the parameters that the library sets. If an application set them too, they would be
// sent twice, or a check would be disabled (RFC 6749 section 3.1).
var owned = []string{
	"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope",
	"state", "nonce", "max_age", "acr_values", "request", "request_uri", "dpop_jkt",
}

// ownedPrefixes begin the names of further ones.
var ownedPrefixes = []string{"client_assertion", "code_challenge"}

// fields are the parameters of one login that have a field in provider.Request.
var fields = map[string]string{
	"prompt": "Prompt", "max_age": "MaxAge", "acr_values": "ACRValues", "scope": "Scopes",
	"login_hint": "LoginHint", "ui_locales": "UILocales",
}

// Canonical returns the same text for all names that a server might take for one: some ignore case,
// and PHP reads "." as "_".
func Canonical(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == ' ' {
			return '_'
		}
		return unicode.ToLower(r)
	}, name)
}

// Owned reports whether the library sets the parameter, in any spelling.
func Owned(name string) bool {
	name = Canonical(name)
	return slices.Contains(owned, name) || slices.ContainsFunc(ownedPrefixes,
		func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

const (
	maxName   = 64
	maxParams = 32 // of one login
)

// CheckName returns an error unless one login may add the parameter. The text starts with the name.
func CheckName(name string) error {
	field, hasField := fields[Canonical(name)]
	switch {
	case hasField:
		return fmt.Errorf("%q has a field of its own: set Request.%s", name, field)
	case Owned(name):
		return fmt.Errorf("%q is set by the library", name)
	case Canonical(name) == "resource":
		return fmt.Errorf("%q belongs to the provider: set it in AuthParams", name)
	case name == "" || len(name) > maxName || strings.ContainsFunc(name, odd):
		return fmt.Errorf("%.80q is not the name of a parameter: use at most %d letters, digits "+
			"and . _ ~ : / -", name, maxName)
	}
	return nil
}

// odd reports whether a character is not part of a parameter's name. PHP reads "state[0]" as state.
func odd(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !letter && !strings.ContainsRune("._~:/-", r)
}

// CheckValue returns an error for a value that is not plain text.
func CheckValue(value string) error {
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !utf8.ValidString(value) || strings.ContainsFunc(value, control) {
		return errors.New("has a value that is not UTF-8 text without control characters")
	}
	return nil
}

// Check returns an error unless one login may add the parameters: each once, in one spelling.
func Check(params url.Values) error {
	if len(params) > maxParams {
		return fmt.Errorf("has %d parameters, more than %d", len(params), maxParams)
	}
	seen := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if err := CheckName(name); err != nil {
			return err
		}
		if other, twice := seen[Canonical(name)]; twice {
			return fmt.Errorf("%q and %q are the same parameter to some servers", other, name)
		}
		seen[Canonical(name)] = name
		values := params[name]
		if len(values) != 1 {
			return fmt.Errorf("%q must have one value, not %d", name, len(values))
		}
		if err := CheckValue(values[0]); err != nil {
			return fmt.Errorf("%q %w", name, err)
		}
	}
	return nil
}

// Merge returns the parameters of the provider's configuration with those of one login, which
// replace others of the same name.
func Merge(configured, login url.Values) url.Values {
	merged := url.Values{}
	replaced := map[string]bool{}
	for name, values := range login {
		merged[name] = slices.Clone(values)
		replaced[Canonical(name)] = true
	}
	for name, values := range configured {
		if !replaced[Canonical(name)] {
			merged[name] = slices.Clone(values)
		}
	}
	return merged
}
