package provider

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// document is what Fields read, for presets that need to know more of it. It has been checked before.
func (p Profile) document() claims {
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

// text is what is at a path, if it is a text or a number.
func (c claims) textAt(path string) string {
	raw, _ := c.at(path)
	return codeText(raw)
}

// trueAt reports whether there is a true at a path.
func (c claims) trueAt(path string) bool {
	raw, _ := c.at(path)
	return isTrue(raw)
}

// nameOf is MapUser of vendors that have the name in two pieces.
func nameOf(first, last string) func(Profile, *session.User) error {
	return func(p Profile, u *session.User) error {
		if c := p.document(); u.Name == "" {
			u.Name = strings.TrimSpace(c.shown(first) + " " + c.shown(last))
		}
		return nil
	}
}

// setQuery puts a parameter into the address of a request to the API.
func setQuery(r *http.Request, name, value string) {
	query := r.URL.Query()
	query.Set(name, value)
	r.URL.RawQuery = query.Encode()
}

// tokenText is a member of the token endpoint's answer, if it is a text or a number.
func (p Profile) tokenText(name string) string {
	var c claims
	if json.Unmarshal(p.Token, &c) != nil {
		return ""
	}
	return c.textAt(name)
}
