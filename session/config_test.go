package session

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestConfig_EveryMistakeAtOnce(t *testing.T) {
	base, _ := url.Parse("http://app.example.com")
	_, err := NewManager(Config{Secret: "short", CookieName: "__Host-a.b", Domain: "other.com", SameSite: http.SameSiteNoneMode,
		Idle: 2 * time.Hour, Lifetime: time.Hour}, Scope{BaseURL: base})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, part := range []string{"Secret", "https", "CookieName", "Domain", "SameSite", "Lifetime"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nothing about %s in: %v", part, err)
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
		{"domain with attributes", "https://app.example.com", Config{Domain: "example.com; Path=/x"}, false},
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
		if _, err := NewManager(c.edit, Scope{BaseURL: base}); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := NewManager(Config{Secret: secretA}, Scope{}); err == nil {
		t.Error("no base URL")
	}
}
