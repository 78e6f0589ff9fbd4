package provider

import "encoding/json"

// Text returns the text or the number at a path of the profile, as [Fields] write paths; of several
// alternatives the first that has one. It is empty where there is neither. The profile is
// Profile.User, or Profile.Token as long as there is no other document.
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

// True reports whether true, or the text "true", is at a path of the profile, as in Text.
func (p Profile) True(path string) bool {
	raw, _ := p.members().first(path)
	return isTrue(raw)
}

// members are what the paths of a profile lead into. The document has been checked before.
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
