package handlers

import (
	"encoding/json"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-go/sallyport/internal/wiring"
)

const home = "/"

var testFilter = returnFilter{
	origin: "https://app.example.com", paths: wiring.Paths{Prefix: "/auth", Home: home},
}

func corpus(t testing.TB, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "returnto", name))
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	if err := json.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// R81, R86
func TestReturnFilter_R81_HostileValuesLeadHome(t *testing.T) {
	for _, raw := range corpus(t, "hostile.json") {
		if got := testFilter.clean(raw); got != home {
			t.Errorf("clean(%q) = %q, want %q", raw, got, home)
		}
	}
}

// R82
func TestReturnFilter_R82_LegitimateValuesStayByteForByte(t *testing.T) {
	for _, raw := range corpus(t, "legitimate.json") {
		if got := testFilter.clean(raw); got != raw {
			t.Errorf("clean(%q) = %q, want it unchanged", raw, got)
		}
	}
}

func TestReturnFilter_OwnOriginIsReducedToItsPath(t *testing.T) {
	for raw, want := range map[string]string{
		"https://app.example.com/":                      "/",
		"https://app.example.com/reports?x=1#y":         "/reports?x=1#y",
		"https://app.example.com/x?u=https://e.example": "/x?u=https://e.example",
		"https://app.example.com":                       home,
	} {
		if got := testFilter.clean(raw); got != want {
			t.Errorf("clean(%q) = %q, want %q", raw, got, want)
		}
	}
}

// F53: what is just long enough, and the characters beside those that browsers drop.
func TestReturnFilter_F53_Edges(t *testing.T) {
	for raw, passes := range map[string]bool{
		"/" + strings.Repeat("a", maxReturnTo-1): true,
		"/" + strings.Repeat("a", maxReturnTo):   false,
		"/\xff":                                  false, // not UTF-8
		"/\ufffd":                                false, // what not UTF-8 becomes
		"/!":                                     true,
		"/ ":                                     false,
		"/~":                                     true,
		"/\x7f":                                  false,
		"/\u0080":                                false,
		"/\u00a0":                                false,
		"/\u00a1":                                true,
		"/caf\u00e9":                             true,
		"/x\x00":                                 false,
		"/\t/evil.ex":                            false,
	} {
		want := home
		if passes {
			want = raw
		}
		if got := testFilter.clean(raw); got != want {
			t.Errorf("clean(%.40q) = %.40q, want %.40q", raw, got, want)
		}
	}
}

// R81: whatever passes stays on the origin for a browser, which is more forgiving than RFC 3986.
func FuzzReturnTo(f *testing.F) {
	for _, name := range []string{"hostile.json", "legitimate.json"} {
		for _, raw := range corpus(f, name) {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := testFilter.clean(raw)
		if host := browserHost(got); host != "" {
			t.Errorf("clean(%q) = %q, which a browser takes to host %q", raw, got, host)
		}
		if again := testFilter.clean(got); again != got {
			t.Errorf("clean is not stable: %q, then %q", got, again)
		}
		if len(got) > maxReturnTo {
			t.Errorf("clean(%q) is %d bytes", raw, len(got))
		}
	})
}

// R81: a listed origin admits addresses of that origin only, for a browser and for Go, and an
// application below a path admits only those below it.
func FuzzReturnOrigins_R81(f *testing.F) {
	const front, local = "https://front.example.com", "http://localhost:5173"
	filter := returnFilter{
		origin:  "https://app.example.com",
		paths:   wiring.Paths{Base: "/app", Prefix: "/app/auth", Home: "/app/"},
		origins: []string{front, local, "https://app.example.com"},
	}
	for _, raw := range append(corpus(f, "hostile.json"), corpus(f, "legitimate.json")...) {
		for _, start := range []string{"", front, local, filter.origin, "/app"} {
			f.Add(start + raw)
		}
	}
	for _, raw := range []string{"/application", "/app/../x", "/app/%2e%2e/x", "/app%2f..%2fx",
		"/app/%252e%252e/x", "/app/.%2e/%2e./app/auth/logout", "/app//evil.example"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := filter.clean(raw)
		if again := filter.clean(got); again != got || len(got) > maxReturnTo {
			t.Errorf("clean(%q) = %q, then %q", raw, got, again)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("clean(%q) = %q: %v", raw, got, err)
		}
		if u.Host == "" {
			below := path.Clean(u.Path)
			if host := browserHost(got); host != "" || below != "/app" &&
				!strings.HasPrefix(below, "/app/") {
				t.Errorf("clean(%q) = %q leaves the application (%s)", raw, got, host)
			}
			return
		}
		origin := u.Scheme + "://" + u.Host
		rest, found := strings.CutPrefix(got, origin)
		if !found || origin != front && origin != local || u.User != nil ||
			rest != "" && browserHost(rest) != "" {
			t.Errorf("clean(%q) = %q, which is at no listed origin", raw, got)
		}
	})
}

// browserHost is the host that a browser on an https page goes to for a Location value, or "" for
// the own one, by the rules of the WHATWG URL standard that matter here: outer controls and spaces
// are cut off, tabs and newlines are dropped anywhere, and "\" is "/".
func browserHost(location string) string {
	s := strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	if scheme, rest, found := strings.Cut(s, ":"); found && isScheme(scheme) {
		return "scheme " + scheme + ":" + rest
	}
	s = strings.ReplaceAll(s, `\`, "/")
	if rest, double := strings.CutPrefix(s, "//"); double {
		return "//" + rest
	}
	return ""
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}
