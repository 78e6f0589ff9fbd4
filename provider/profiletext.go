package provider

import "encoding/json"

// Text returns the string or number at a path of the profile, written as in [Fields]; of several
// alternatives the first that has one. It returns "" if there is none. The profile is Profile.User,
// or Profile.Token if User is empty.
func (p Profile) Text(path string) string {
	c := p.members()
	for path := range alternatives(path) {
		raw, _ := c.at(path)
		if text := codeText(raw); text != "" {
			return text
		}
	}
	return ""
}

// True reports whether the value at a path of the profile is true or "true". For paths see Text.
func (p Profile) True(path string) bool {
	raw, _ := p.members().first(path)
	return isTrue(raw)
}

// members returns the members of the profile, which has been checked before.
func (p Profile) members() claims {
	raw := p.User
	if raw == nil {
		raw = p.Token
	}
	var c claims
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	return c
}
