package session

import (
	"strings"
	"testing"
)

// R150
func TestEmailIn_R150_TheDomainItself(t *testing.T) {
	for email, want := range map[string]bool{
		"a@corp.example":                          true,
		"A.b+c@CORP.Example":                      true,
		"o'brien@corp.example":                    true,
		"a@other.example":                         true, // the second domain
		"a@xn--bcher-kva.example":                 true,
		strings.Repeat("a", 64) + "@corp.example": true,

		"":                                        false,
		"corp.example":                            false,
		"@corp.example":                           false,
		"a@":                                      false,
		"a@evil.example@corp.example":             false, // CVE-2026-40574
		"a@corp.example@evil.example":             false,
		`"a@evil.example"@corp.example`:           false,
		"a@corp.example.evil.example":             false,
		"a@xcorp.example":                         false,
		"a@sub.corp.example":                      false,
		"a@corp.exampl":                           false,
		"a@example":                               false,
		"a@corp.example.":                         false,
		"a@.corp.example":                         false,
		"a@corp..example":                         false,
		"a\uff20corp.example":                     false, // fullwidth @
		"a\ufe6bcorp.example":                     false, // small @
		"x\uff20evil@corp.example":                false,
		"a@corp\u3002example":                     false, // ideographic full stop
		"a@\u0441orp.example":                     false, // Cyrillic
		"a@corp.examp\u0131e":                     false,
		"a@\u212aorp.example":                     false, // the Kelvin sign folds to k
		"a\u200b@corp.example":                    false,
		"a@corp.example\u200b":                    false,
		"a@b\u00fccher.example":                   false,
		"a@corp.example,b@evil.example":           false,
		"b@evil.example,a@corp.example":           false,
		"b@evil.example;a@corp.example":           false,
		"b,a@corp.example":                        false,
		"b;a@corp.example":                        false,
		"b a@corp.example":                        false,
		" a@corp.example":                         false,
		"a@corp.example ":                         false,
		"a@corp.example\n":                        false,
		"a\n@corp.example":                        false,
		"a\x00@corp.example":                      false,
		"a@corp.example\x00":                      false,
		"a@corp.example\x00.evil":                 false,
		"a@corp.example#":                         false,
		"a@corp.example/":                         false,
		"a@corp.example?x":                        false,
		"<a@corp.example>":                        false,
		"A <a@corp.example>":                      false,
		"a(comment)@corp.example":                 false,
		"a@corp.example(comment)":                 false,
		"a@[corp.example]":                        false,
		".a@corp.example":                         false,
		"a.@corp.example":                         false,
		"a..b@corp.example":                       false,
		"a\\@corp.example":                        false,
		"mailto:a@corp.example":                   false,
		"a%evil.example@corp.example":             false,
		"evil.example!a@corp.example":             false,
		strings.Repeat("a", 65) + "@corp.example": false,
		"a@" + strings.Repeat("b.", 130) + "corp.example": false,
	} {
		u := User{Email: email, EmailVerified: true}
		if got := u.EmailIn("corp.example", "other.example", "xn--bcher-kva.example"); got != want {
			t.Errorf("%q: %v, want %v", email, got, want)
		}
		u.EmailVerified = false
		if u.EmailIn("corp.example", "other.example", "xn--bcher-kva.example") {
			t.Errorf("%q: allowed although unverified", email)
		}
	}
}

// R150: an invalid configured domain admits no users.
func TestEmailIn_R150_BadDomains(t *testing.T) {
	for domain, email := range map[string]string{
		"":                "a@",
		"@corp.example":   "a@corp.example",
		"*.corp.example":  "a@*.corp.example",
		".corp.example":   "a@.corp.example",
		"corp.example.":   "a@corp.example.",
		"*":               "a@*",
		"a.b,c.d":         "a@a.b,c.d",
		"corp.example ":   "a@corp.example ",
		"b\u00fccher":     "a@b\u00fccher",
		"-a.example":      "a@-a.example",
		"a-.example":      "a@a-.example",
		"b@corp.example":  "a@b@corp.example",
		"corp_x.example":  "a@corp_x.example",
		"corp.example/..": "a@corp.example/..",
	} {
		if (User{Email: email, EmailVerified: true}).EmailIn(domain) {
			t.Errorf("the domain %q admits %q", domain, email)
		}
	}
	// Unicode folds these to k and s
	for _, email := range []string{"a@\u212aiss.example", "a@ki\u017fs.example"} {
		if (User{Email: email, EmailVerified: true}).EmailIn("kiss.example") {
			t.Errorf("%q is in kiss.example", email)
		}
	}
	if (User{Email: "a@corp.example", EmailVerified: true}).EmailIn() {
		t.Error("an empty list of domains admits a user")
	}
	if !(User{Email: "a@corp.example", EmailVerified: true}).EmailIn("Corp.EXAMPLE") {
		t.Error("the configured domain is case-sensitive")
	}
}

// R150
func FuzzEmailIn(f *testing.F) {
	for _, email := range []string{"a@corp.example", "a@b@corp.example", "a@corp.example.",
		"a@xcorp.example", "a\uff20corp.example", "a@CORP.EXAMPLE"} {
		f.Add(email)
	}
	f.Fuzz(func(t *testing.T, email string) {
		if !(User{Email: email, EmailVerified: true}).EmailIn("corp.example") {
			return
		}
		local, domain, _ := strings.Cut(email, "@")
		if strings.ToLower(domain) != "corp.example" || strings.Count(email, "@") != 1 ||
			strings.ContainsAny(local, " ,;<>()[]\"\\\r\n\t\x00") ||
			len(domain) != len("corp.example") {
			t.Errorf("%q is in corp.example", email)
		}
	})
}
