package provider

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// claims are the members of a JSON object, read with their types. A null is treated as absent: it
// is an error only if the member is required.
type claims map[string]json.RawMessage

// has reports whether the member is present and not null.
func (c claims) has(name string) bool { return c.named(name) && string(c[name]) != "null" }

// named reports whether the member is present, even as null.
func (c claims) named(name string) bool { _, ok := c[name]; return ok }

// text reads a string. It returns "" for none, and an error for another type.
func (c claims) text(name string) (string, error) {
	if !c.has(name) {
		return "", nil
	}
	raw := c[name]
	if plainText(raw) {
		return string(raw[1 : len(raw)-1]), nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return s, nil
}

// plainText reports whether a value is a JSON string of printable ASCII without escapes. Most
// strings are; they need no decoder.
func plainText(raw json.RawMessage) bool {
	last := len(raw) - 1
	if last < 1 || raw[0] != '"' || raw[last] != '"' {
		return false
	}
	for _, b := range raw[1:last] {
		if b < ' ' || b > '~' || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

// display reads a string for display; other types are treated as absent.
func (c claims) display(name string) string {
	s, err := c.text(name)
	if err != nil {
		return ""
	}
	return s
}

// texts reads a string or an array of strings.
func (c claims) texts(name string) ([]string, error) {
	if !c.has(name) {
		return nil, nil
	}
	if s, err := c.text(name); err == nil {
		return []string{s}, nil
	}
	var list []*string
	if err := json.Unmarshal(c[name], &list); err != nil || list == nil {
		return nil, fmt.Errorf("%s is neither a string nor a list of strings", name)
	}
	all := make([]string, len(list))
	for i, s := range list {
		if s == nil {
			return nil, fmt.Errorf("%s is neither a string nor a list of strings", name)
		}
		all[i] = *s
	}
	return all, nil
}

// latestTime is the highest accepted NumericDate, far beyond any real one.
const latestTime = 1 << 40

// time reads a NumericDate (RFC 7519 section 2), which may have a fraction. It returns zero for
// none.
func (c claims) time(name string) (time.Time, error) {
	if !c.has(name) {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseFloat(string(c[name]), 64) // only a number parses
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > latestTime {
		return time.Time{}, fmt.Errorf("%s is not a time", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), nil
}

// tolerated reads a member that may grant rights but is not required for a login. A value that is
// ambiguous or of the wrong type is treated as absent, and logged once.
func tolerated[T any](d document, name string, read func(string) (T, error)) T {
	value, err := read(name)
	if err == nil && d.unsure[name] {
		err = fmt.Errorf("%s is ambiguous", name)
	}
	if err != nil {
		d.notes.add(d.about, err.Error()+"; it is ignored")
		var none T
		return none
	}
	return value
}

// maxPath bounds the names in a path. Documents are not nested deeper.
const maxPath = maxDepth

// alternatives yields the paths of a field in order. An empty field has none.
func alternatives(field string) iter.Seq[string] {
	if field == "" {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(field, "|")
}

// sure reports whether the members at a field's paths contain no duplicate names.
func (d document) sure(field string) bool {
	for path := range alternatives(field) {
		if root, _, _ := strings.Cut(path, "."); d.unsure[root] {
			return false
		}
	}
	return true
}

// first returns the value at the first alternative present, which may be null.
func (c claims) first(field string) (raw json.RawMessage, there bool) {
	for path := range alternatives(field) {
		if raw, there = c.at(path); there {
			return raw, true
		}
	}
	return nil, false
}

// at returns the value at a path.
func (c claims) at(path string) (raw json.RawMessage, there bool) {
	name, rest, deeper := strings.Cut(path, ".")
	raw, there = c[name]
	for there && deeper {
		name, rest, deeper = strings.Cut(rest, ".")
		raw, there = inside(raw, name)
	}
	return raw, there
}

// inside returns a member of an object, or an element of an array.
func inside(raw json.RawMessage, name string) (json.RawMessage, bool) {
	switch {
	case len(raw) == 0:
	case raw[0] == '{':
		var c claims
		if json.Unmarshal(raw, &c) == nil {
			member, there := c[name]
			return member, there
		}
	case raw[0] == '[':
		var list []json.RawMessage
		if i, err := strconv.ParseUint(name, 10, 16); err == nil &&
			json.Unmarshal(raw, &list) == nil && i < uint64(len(list)) {
			return list[i], true
		}
	}
	return nil, false
}

// paths returns the fields with their names in the configuration.
func (f Fields) paths() [7]struct{ name, path string } {
	return [7]struct{ name, path string }{
		{"ID", f.ID}, {"Name", f.Name}, {"Username", f.Username}, {"Email", f.Email},
		{"EmailVerified", f.EmailVerified},
		{"Picture", f.Picture}, {"Roles", f.Roles},
	}
}

// check returns the mistakes in the fields.
func (f Fields) check() []error {
	var mistakes []error
	if f.ID == "" {
		mistakes = append(mistakes,
			wrongField("UserFields.ID",
				"is missing: set it to the member of the profile that identifies the user"))
	}
	for _, field := range f.paths() {
		for path := range alternatives(field.path) {
			if err := checkPath(path); err != nil {
				mistakes = append(mistakes, wrongField("UserFields."+field.name, "%w", err))
			}
		}
	}
	return mistakes
}

func checkPath(path string) error {
	if strings.Count(path, ".") >= maxPath {
		return fmt.Errorf("%q has too many names", path)
	}
	for name := range strings.SplitSeq(path, ".") {
		if name == "" {
			return fmt.Errorf("%q has an empty name in it", path)
		}
	}
	return nil
}

// checkIdentifier checks the identifier of a user, tenant or organization. It is logged, so it must
// not contain control characters or characters that reorder or hide text. It must not contain
// U+FFFD either, or two users could get the same identifier.
func checkIdentifier(name, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%s is missing or empty", name)
	case len(text) > maxSubject:
		return fmt.Errorf("%s is longer than %d bytes", name, maxSubject)
	case broken(text) || strings.ContainsFunc(text, unseen):
		return fmt.Errorf("%s contains control characters", name)
	}
	return nil
}

// unseen reports whether a character is invisible.
func unseen(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
