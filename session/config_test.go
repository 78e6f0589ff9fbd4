package session

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-go/sallyport/internal/engine"
)

func TestConfig_EveryMistakeAtOnce(t *testing.T) {
	base, _ := url.Parse("http://app.example.com")
	_, err := New(Config{Secret: "short", CookieName: "__Host-a.b", Domain: "other.com",
		SameSite: http.SameSiteNoneMode,
		Idle:     2 * time.Hour, Lifetime: time.Hour}, engine.Site{BaseURL: base}, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"Secret", "https", "CookieName", "Domain", "SameSite",
		"Lifetime"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s is missing in: %v", part, err)
		}
	}
}

func TestConfig_Table(t *testing.T) {
	for _, c := range []struct {
		name string
		base string
		edit Config
		ok   bool
	}{
		{"zero", "https://app.example.com", Config{}, true},
		{"loopback", "http://localhost:8080", Config{}, true},
		{"loopback IPv6", "http://[::1]:8080", Config{}, true},
		{"http", "http://example.com", Config{}, false},
		{"ftp", "ftp://example.com", Config{}, false},
		{"parent domain", "https://app.example.com", Config{Domain: "example.com"}, true},
		{"top-level domain", "https://app.example.com", Config{Domain: "com"}, false},
		{"suffix of a label", "https://app.example.com", Config{Domain: "ample.com"}, false},
		{"domain with attributes", "https://app.example.com",
			Config{Domain: "example.com; Path=/x"}, false},
		{"None on https", "https://app.example.com", Config{SameSite: http.SameSiteNoneMode}, true},
		{"None on http", "http://localhost", Config{SameSite: http.SameSiteNoneMode}, false},
		{"unknown SameSite", "https://app.example.com", Config{SameSite: 99}, false},
		{"negative", "https://app.example.com", Config{Idle: -time.Hour}, false},
		{"negative lifetime", "https://app.example.com", Config{Lifetime: -time.Hour}, false},
		{"short lifetime alone", "https://app.example.com", Config{Lifetime: time.Hour}, true},
		{"long idle alone", "https://app.example.com", Config{Idle: 30 * 24 * time.Hour}, true},
		{"too long", "https://app.example.com", Config{Lifetime: 401 * 24 * time.Hour}, false},
		{"name with a dot", "https://app.example.com", Config{CookieName: "a.b"}, false},
		{"name with a prefix", "https://app.example.com", Config{CookieName: "__secure-a"}, false},
	} {
		base, _ := url.Parse(c.base)
		c.edit.Secret = secretA
		if _, err := New(c.edit, engine.Site{BaseURL: base}, nil); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := New(Config{Secret: secretA}, engine.Site{}, nil); err == nil {
		t.Error("no base URL")
	}
}

// F53: the first and last valid characters of a cookie name, and their invalid neighbors.
func TestConfig_F53_CharactersOfTheCookieName(t *testing.T) {
	base, _ := url.Parse("https://app.example.com")
	for chars, ok := range map[string]bool{"azAZ09-_": true, "`{@[/:.,;= \"\x7f": false} {
		for _, c := range chars {
			_, err := New(Config{Secret: secretA, CookieName: "s" + string(c)},
				engine.Site{BaseURL: base}, nil)
			if (err == nil) != ok {
				t.Errorf("%q: %v", c, err)
			}
		}
	}
}

// F53: SameSiteDefaultMode also means Lax, so that the default does not depend on the browser.
func TestConfig_F53_DefaultSameSite(t *testing.T) {
	for _, mode := range []http.SameSite{0, http.SameSiteDefaultMode, http.SameSiteLaxMode} {
		b := newBench(t, func(c *Config, _ *engine.Site) { c.SameSite = mode })
		w := httptest.NewRecorder()
		if err := b.Start(w, b.request(), alice()); err != nil {
			t.Fatal(err)
		}
		if got := w.Result().Cookies()[0].SameSite; got != http.SameSiteLaxMode {
			t.Errorf("mode %d: the cookie has %d, want Lax", mode, got)
		}
	}
}

// F53: the longest lifetime.
func TestConfig_F53_LongestLifetime(t *testing.T) {
	base, _ := url.Parse("https://app.example.com")
	for lifetime, ok := range map[time.Duration]bool{400 * 24 * time.Hour: true, 400*24*time.Hour +
		1: false} {
		_, err := New(Config{Secret: secretA, Lifetime: lifetime}, engine.Site{BaseURL: base}, nil)
		if (err == nil) != ok {
			t.Errorf("%v: %v", lifetime, err)
		}
	}
}

// F53: the shortest intervals.
func TestConfig_F53_ShortestIntervals(t *testing.T) {
	base, _ := url.Parse("https://app.example.com")
	for name, row := range map[string]struct {
		config Config
		ok     bool
	}{
		"Revalidate":           {Config{Revalidate: time.Minute}, true},
		"Revalidate too short": {Config{Revalidate: time.Minute - 1}, false},
		"Watch":                {Config{Watch: time.Second}, true},
		"Watch too short":      {Config{Watch: time.Second - 1}, false},
		"Idle":                 {Config{Idle: time.Minute}, true},
		"Idle too short":       {Config{Idle: time.Minute - 1}, false},
	} {
		row.config.Secret = secretA
		if _, err := New(row.config, engine.Site{BaseURL: base}, nil); (err == nil) != row.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
