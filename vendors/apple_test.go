package vendors

import (
	"net/url"
	"strings"
	"testing"
)

// Whatever the browser sends, the result is a name or nothing. Package provider cleans the text.
func FuzzAppleName(f *testing.F) {
	for _, seed := range []string{
		`{"name":{"firstName":"Alice","lastName":"Example"},"email":"a@example.com"}`,
		`{"name":null}`, `{}`, `null`, `[]`, `"x"`, ``, `{"name":{"firstName":"\u0000\ufeff"}}`,
		`{"name":{"firstName":"\ud800"}}`, `{"name":{"firstName":7}}`,
		`{"NAME":{"FIRSTNAME":"x"}}`, `{"name":{"lastName":"\u202egnp.exe"}}`,
		`{"name":{"firstName":"` + strings.Repeat("x", 300) + `"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		for name := range appleName(url.Values{"user": {user}}) {
			if name != "given_name" && name != "family_name" {
				t.Errorf("the claim %s", name)
			}
		}
	})
}

func FuzzDomain(f *testing.F) {
	for _, seed := range []string{
		"example.okta.com",
		"",
		"a/b",
		"a?b",
		"a#b",
		"u@a",
		"a:443",
		"a:",
		"[::1]",
		"a b",
		"a%2fb",
		"a\\b",
		"https://a",
		"é.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Domain(text)
		if d.check() != nil {
			return
		}
		u, err := url.Parse(d.at("/path"))
		if err != nil || u.Host != text || u.Path != "/path" ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q is accepted", text)
		}
	})
}
