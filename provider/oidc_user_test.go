package provider

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// Any input from a browser yields displayable text or nothing.
func FuzzCallbackClaims(f *testing.F) {
	for _, seed := range []string{
		"Alice", "", " \t", "\x00\ufeff", "\xff", strings.Repeat("x", 300), "\u202egnp.exe",
	} {
		f.Add(seed)
	}
	o := &OIDC{CallbackClaims: func(callback url.Values) map[string]string {
		return map[string]string{"name": callback.Get("user")}
	}}
	f.Fuzz(func(t *testing.T, user string) {
		c, err := o.callbackClaims(url.Values{"user": {user}})
		if err != nil {
			t.Fatal(err)
		}
		if !c.has("name") {
			return
		}
		var text string
		if json.Unmarshal(c["name"], &text) != nil || text == "" || !utf8.ValidString(text) ||
			utf8.RuneCountInString(text) > maxCallbackClaim ||
			strings.ContainsAny(text, "\n\r\x00\x7f\u200e\u200f\u202a\u202b\u202c\u202d\u202e") ||
			strings.ContainsAny(text, "\u2066\u2067\u2068\u2069") {
			t.Errorf("the name is %s", c["name"])
		}
	})
}

// CallbackClaims cannot set claims that decide something.
func TestCallbackClaims_NamesOnly(t *testing.T) {
	o := &OIDC{CallbackClaims: func(url.Values) map[string]string {
		return map[string]string{
			"given_name": "Alice", "email": "a@example.com", "email_verified": "true",
			"roles": "admin",
			"sub":   "1", "acr": "high",
		}
	}}
	c, err := o.callbackClaims(url.Values{})
	if err != nil || len(c) != 1 || string(c["given_name"]) != `"Alice"` {
		t.Errorf("%s, %v", c, err)
	}
}
