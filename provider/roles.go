package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// roles reads the roles at the first alternative of a field that is present. A missing or ambiguous
// member means no roles (R151); the latter is logged once. OIDC.RolesClaim describes the accepted
// shapes. chosen means that the application configured the member, so it is known to hold roles.
func (d document) roles(field string, chosen bool) []string {
	for path := range alternatives(field) {
		root, rest := d.claims.longest(strings.Split(path, "."))
		if root == "" {
			continue
		}
		values, there, err := follow(d.claims[root], rest)
		if !there && err == nil {
			continue
		}
		roles, err := rolesIn(values, chosen, err)
		if err == nil && d.unsure[root] {
			err = errors.New("it contains a duplicate name")
		}
		if err != nil {
			what := "the roles at %q cannot be read, so users have none: %v"
			d.notes.add(d.about, fmt.Sprintf(what, printable(path), err))
			return nil
		}
		return roles
	}
	d.noteOverage(field)
	return nil
}

// longest returns the first member of a path, and the rest of the path. Names may contain dots, as
// in "https://example.com/roles" or "resource_access.my.client.roles": the longest name present is
// used.
func (c claims) longest(path []string) (name string, rest []string) {
	for n := len(path); n > 0; n-- {
		if name := strings.Join(path[:n], "."); c.has(name) {
			return name, path[n:]
		}
	}
	return "", nil
}

// follow returns the values at a path below a value: several if the path crosses a list.
func follow(raw json.RawMessage, path []string) (values []json.RawMessage, there bool, err error) {
	if len(path) == 0 {
		return []json.RawMessage{raw}, true, nil
	}
	switch raw[0] {
	case '{':
		var object claims
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, false, errMalformed
		}
		if name, rest := object.longest(path); name != "" {
			return follow(object[name], rest)
		}
		if len(path) == 1 && path[0] == "*" {
			return object.trueNames(), true, nil
		}
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, false, errMalformed
		}
		return followElements(list, path)
	}
	return nil, false, nil
}

// followElements continues in one element by its number, or in all of them.
func followElements(list []json.RawMessage, path []string) ([]json.RawMessage, bool, error) {
	if i, err := strconv.ParseUint(path[0], 10, 16); err == nil {
		if i >= uint64(len(list)) {
			return nil, false, nil
		}
		return follow(list[i], path[1:])
	}
	var values []json.RawMessage
	for _, element := range list {
		more, there, err := follow(element, path)
		if err != nil {
			return nil, true, err
		}
		if !there {
			name := printable(strings.Join(path, "."))
			return nil, true, fmt.Errorf("an element of the list has no %q", name)
		}
		values = append(values, more...)
	}
	return values, true, nil
}

// trueNames returns the names of members that are neither false nor null, as JSON.
func (c claims) trueNames() []json.RawMessage {
	var names []json.RawMessage
	for name, value := range c {
		if string(value) != "false" && string(value) != "null" {
			quoted, _ := json.Marshal(name) // a string always marshals
			names = append(names, quoted)
		}
	}
	slices.SortFunc(names, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	return names
}

var errRoles = errors.New("they are neither a string nor a list of strings; the path can lead " +
	"on to a member of each element of a list (roles.name) or to the names of an " +
	"object's members (roles.*)")

// rolesIn reads the values at the end of a path, unless err is set. A string is one role and is
// never split.
func rolesIn(values []json.RawMessage, chosen bool, err error) ([]string, error) {
	var roles []string
	for _, value := range values {
		if err != nil {
			break
		}
		if chosen && isGrants(value) {
			values, _, _ := follow(value, []string{"*"})
			return rolesIn(values, false, nil)
		}
		var some []string
		if some, err = (claims{"": value}).texts(""); err != nil {
			err = errRoles
		}
		roles = append(roles, nonEmpty(some)...)
	}
	if err == nil && slices.ContainsFunc(roles, broken) {
		err = errors.New("one of them is not valid Unicode")
	}
	if err != nil {
		return nil, err
	}
	return roles, nil
}

// isGrants reports whether a value is an object of objects, the format of some providers' roles:
// {"editor": {"1": "example.com"}}.
func isGrants(raw json.RawMessage) bool {
	var object map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &object) != nil {
		return false
	}
	for _, value := range object {
		if value[0] != '{' {
			return false
		}
	}
	return true
}

// noteOverage logs that the provider keeps roles elsewhere. Microsoft Entra does so for users in
// too many groups: instead of the groups the token has a pointer (OpenID Connect Core section
// 5.6.2) or hasgroups.
func (d document) noteOverage(field string) {
	var pointers claims
	if d.has("_claim_names") { // only an object can point to something
		_ = json.Unmarshal(d.claims["_claim_names"], &pointers)
	}
	for path := range alternatives(field) {
		root, _, _ := strings.Cut(path, ".")
		hasGroups := root == "groups" && isTrue(d.claims["hasgroups"])
		if pointers.named(path) || pointers.named(root) || hasGroups {
			d.notes.add(d.about, fmt.Sprintf("the roles at %q are kept behind a pointer "+
				"(_claim_names or hasgroups): users with too many have none", printable(path)))
		}
	}
}

func nonEmpty(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
