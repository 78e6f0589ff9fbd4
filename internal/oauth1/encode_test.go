package oauth1

import (
	"net/url"
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"abcXYZ0189-._~":          "abcXYZ0189-._~",
		" ":                       "%20",
		"+":                       "%2B",
		"%":                       "%25",
		"%20":                     "%2520",
		"&=*":                     "%26%3D%2A",
		"\n":                      "%0A",
		"\x7f":                    "%7F",
		"ü":                       "%C3%BC",
		"☃":                       "%E2%98%83",
		"\xff":                    "%FF",
		"Ladies + Gentlemen":      "Ladies%20%2B%20Gentlemen",
		"An encoded string!":      "An%20encoded%20string%21",
		"Dogs, Cats & Mice (all)": "Dogs%2C%20Cats%20%26%20Mice%20%28all%29",
	} {
		if got := Encode(text); got != want {
			t.Errorf("Encode(%q) = %s, want %s", text, got, want)
		}
	}
	for c := range 256 { // compare with package net/url
		text := string([]byte{byte(c)})
		if got, want := Encode(text), strings.ReplaceAll(url.QueryEscape(text), "+",
			"%20"); got != want {
			t.Errorf("Encode(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "a+b%20c": "a b c", "%2b%2B": "++",
		"%c3%BC": "ü", "%00": "\x00", "a;b": "a;b"} {
		if got, err := decode(text); err != nil || got != want {
			t.Errorf("decode(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"%", "%2", "a%", "%zz", "%2g", "%g2", "%\x102", "% 2", "%u00fc"} {
		if got, err := decode(text); err == nil {
			t.Errorf("decode(%q) = %q, want an error", text, got)
		}
	}
}

// Encoded text has only unreserved characters and '%', decodes to the original here and in net/url,
// and can be encoded twice.
func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "a b+c%d", "ü☃", "\xff\x00", "%20%2B", "~-._", "&=;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := Encode(text)
		for i := range len(encoded) {
			if !unreserved(encoded[i]) && encoded[i] != '%' {
				t.Fatalf("%q has the character %q", encoded, encoded[i])
			}
		}
		if decoded, err := decode(encoded); err != nil || decoded != text {
			t.Errorf("%q decodes to %q, %v", text, decoded, err)
		}
		if decoded, err := url.PathUnescape(encoded); err != nil || decoded != text {
			t.Errorf("net/url decodes %q to %q, %v", text, decoded, err)
		}
		if twice, err := decode(Encode(encoded)); err != nil || twice != encoded {
			t.Errorf("%q, encoded twice, decodes to %q", encoded, twice)
		}
	})
}
