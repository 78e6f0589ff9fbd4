package provider

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// maxPath is how many names a path may have. Documents are not nested deeper.
const maxPath = maxDepth

// alternatives are the paths of a field, in their order. A field that is empty has none.
func alternatives(field string) iter.Seq[string] {
	if field == "" {
		return func(func(string) bool) {}
	}
	return strings.SplitSeq(field, "|")
}

// sure reports whether no name appears twice in the members that a field leads into.
func (d document) sure(field string) bool {
	for path := range alternatives(field) {
		if root, _, _ := strings.Cut(path, "."); d.unsure[root] {
			return false
		}
	}
	return true
}

// first returns what is at the first alternative that is there, if only a null.
func (c claims) first(field string) (raw json.RawMessage, there bool) {
	for path := range alternatives(field) {
		if raw, there = c.at(path); there {
			return raw, true
		}
	}
	return nil, false
}

// at follows a path.
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
		if i, err := strconv.ParseUint(name, 10, 16); err == nil && json.Unmarshal(raw, &list) == nil && i < uint64(len(list)) {
			return list[i], true
		}
	}
	return nil, false
}

// paths are the fields by their names in the configuration.
func (f Fields) paths() [7]struct{ name, path string } {
	return [7]struct{ name, path string }{
		{"ID", f.ID}, {"Name", f.Name}, {"Username", f.Username}, {"Email", f.Email}, {"EmailVerified", f.EmailVerified},
		{"Picture", f.Picture}, {"Roles", f.Roles},
	}
}

// check returns what is wrong with the fields.
func (f Fields) check() []error {
	var mistakes []error
	if f.ID == "" {
		mistakes = append(mistakes, errors.New("UserFields.ID is missing: it says which member of the profile never changes"))
	}
	for _, field := range f.paths() {
		for path := range alternatives(field.path) {
			if err := checkPath(path); err != nil {
				mistakes = append(mistakes, fmt.Errorf("UserFields.%s: %w", field.name, err))
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
