package oauth1

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestBaseURI(t *testing.T) {
	for _, row := range []struct{ address, host, want string }{
		{"http://EXAMPLE.COM:80/r%20v/X?id=123", "", "http://example.com/r%20v/X"},
		{"https://www.example.net:8080/?q=1", "", "https://www.example.net:8080/"},
		{"https://example.com", "", "https://example.com/"},
		{"https://example.com?q", "", "https://example.com/"},
		{"https://example.com:443/a/", "", "https://example.com/a/"},
		{"https://example.com:80/", "", "https://example.com:80/"},
		{"http://example.com:443/", "", "http://example.com:443/"},
		{"http://example.com:/", "", "http://example.com/"},
		{"http://[2001:DB8::1]:80/", "", "http://[2001:db8::1]/"},
		{"http://[2001:db8::1]:8080/", "", "http://[2001:db8::1]:8080/"},
		{"https://user:secret@example.com/a#part", "", "https://example.com/a"},
		// unchanged
		{"https://example.com/a%2Fb/%e4;v=1,2", "", "https://example.com/a%2Fb/%e4;v=1,2"},
		{"https://example.com/a b/ü", "", "https://example.com/a%20b/%C3%BC"},
		{"https://example.com//a/../b/", "", "https://example.com//a/../b/"},
		// the Host header wins
		{"https://10.0.0.1/", "API.example.com:443", "https://api.example.com/"},
	} {
		r := newRequest(t, "GET", row.address, "")
		r.Host = row.host
		if got, err := baseURI(r); err != nil || got != row.want {
			t.Errorf("%s: %s, %v, want %s", row.address, got, err, row.want)
		}
	}
	for _, address := range []string{"/path", "ftp://example.com/", "mailto:a@example.com",
		"https:///path", "https://bücher.example/"} {
		r := newRequest(t, "GET", address, "")
		if got, err := baseURI(r); err == nil {
			t.Errorf("%s: %s, want an error", address, got)
		}
	}
	r := newRequest(t, "GET", "https://example.com/", "")
	r.URL.Opaque = "//example.com/other"
	if got, err := baseURI(r); err == nil {
		t.Errorf("opaque: %s, want an error", got)
	}
}

func TestNormalize(t *testing.T) {
	for _, row := range []struct{ form, want string }{
		{"", ""},
		{"b=2&a=1", "a=1&b=2"},
		{"a=2&a=1&a", "a=&a=1&a=2"},
		{"a=10&a=9&a=1", "a=1&a=10&a=9"},               // by bytes, not by number
		{"%C3%BC=1&z=1&Z=1", "%C3%BC=1&Z=1&z=1"},       // sorted after encoding
		{"a%20b=1&a=2&a%2Bb=3", "a=2&a%20b=1&a%2Bb=3"}, // "a=" before "a%": sorted by name first
		{"a=1&&b", "a=1&b="},                           // an empty pair is ignored
		{"=x&a=b=c", "=x&a=b%3Dc"},                     // a value may contain '='
		{"a;b=1", "a%3Bb=1"},                           // ';' is not a separator
		// RFC 5849 section 3.4.1.3
		{"b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q",
			"a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2="},
	} {
		params, err := parseForm(row.form)
		if got := normalize(params); err != nil || got != row.want {
			t.Errorf("%s: %s, %v, want %s", row.form, got, err, row.want)
		}
	}
}

// Normalization is independent of parameter order and idempotent, and the base string can be
// decoded without loss.
func FuzzBaseString(f *testing.F) {
	for _, seed := range []string{"", "a=1&b=2", "b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q",
		"a&a=&=&&", "x=%zz", "ü=☃", "a=%26&b=%2526", "a%00=%ff"} {
		f.Add("GET", "/r%20v/X", seed)
	}
	f.Add("post", "", "a=b")
	f.Fuzz(func(t *testing.T, method, path, query string) {
		params, err := parseForm(query)
		if err != nil {
			return
		}
		normal := normalize(params)
		again, err := parseForm(normal)
		if err != nil {
			t.Fatalf("the normalized parameters %q do not parse: %v", normal, err)
		}
		if got := normalize(again); got != normal {
			t.Errorf("normalizing %q again gives %q", normal, got)
		}
		slices.Reverse(params)
		if got := normalize(params); got != normal {
			t.Errorf("in reverse order: %q, want %q", got, normal)
		}
		base := baseString(method, "https://example.com"+path, params)
		parts := strings.Split(base, "&")
		if len(parts) != 3 {
			t.Fatalf("%q has %d parts", base, len(parts))
		}
		if got, err := url.PathUnescape(parts[0]); err != nil || got != strings.ToUpper(method) {
			t.Errorf("the method decodes to %q, %v", got, err)
		}
		if uri, err := url.PathUnescape(parts[1]); err != nil || uri != "https://example.com"+path {
			t.Errorf("the URI decodes to %q, %v", uri, err)
		}
		if got, err := url.PathUnescape(parts[2]); err != nil || got != normal {
			t.Errorf("the parameters decode to %q, %v", got, err)
		}
	})
}
