// Package cookies reads and writes cookies with the names and attributes of one site.
package cookies

import (
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Jar writes and reads cookies whose names and attributes depend on the configured base URL,
// never on the request (R142). With an https base URL they are Secure, HttpOnly, Path=/ and have
// the prefix "__Host-" ("__Secure-" if Config.Domain shares them with sibling hosts), which
// browsers enforce (RFC 6265bis section 4.1.3). On plain http, which is allowed on loopback only,
// there is no prefix.
//
// A Jar is a small value that is safe for concurrent use. Its methods take names without the
// prefix.
type Jar struct {
	Prefix string // of the name, which browsers enforce
	Domain string
	Secure bool
}

// New returns the cookies of a base URL, shared with the hosts below domain unless that is empty.
func New(base *url.URL, domain string) Jar {
	if base.Scheme != "https" {
		return Jar{Domain: domain}
	}
	if domain != "" {
		return Jar{Prefix: "__Secure-", Domain: domain, Secure: true}
	}
	return Jar{Prefix: "__Host-", Secure: true}
}

// Name returns the full name of a cookie, with the prefix.
func (c Jar) Name(name string) string { return c.Prefix + name }

// Set sets a cookie for maxAge (rounded up to a second; zero or less: until the browser closes). It
// replaces an earlier Set or Delete of the same name in this response. On plain http, SameSite=None
// becomes Lax, because browsers accept None for Secure cookies only.
func (c Jar) Set(
	w http.ResponseWriter, name, value string, maxAge time.Duration, sameSite http.SameSite,
) {
	cookie := c.Cookie(name, value, sameSite)
	if maxAge > 0 {
		cookie.MaxAge = max(int(maxAge/time.Second), 1)
	}
	Write(w, cookie)
}

// Delete removes a cookie from the browser, with the attributes that it was set with.
func (c Jar) Delete(w http.ResponseWriter, name string, sameSite http.SameSite) {
	cookie := c.Cookie(name, "", sameSite)
	cookie.MaxAge = -1
	cookie.Expires = time.Unix(1, 0)
	Write(w, cookie)
}

// Cookie returns a cookie with the attributes of the site.
func (c Jar) Cookie(name, value string, sameSite http.SameSite) *http.Cookie {
	if sameSite == http.SameSiteNoneMode && !c.Secure {
		sameSite = http.SameSiteLaxMode
	}
	return &http.Cookie{
		Name: c.Prefix + name, Value: value, Path: "/", Domain: c.Domain,
		Secure: c.Secure, HttpOnly: true, SameSite: sameSite,
	}
}

// Write adds a Set-Cookie line and removes an earlier one of the same name: browsers need not apply
// them in order (RFC 6265 section 4.1.1), so there must not be two. Its cost grows with the lines
// of the response, so the number of cookies per response must not depend on the request.
func Write(w http.ResponseWriter, cookie *http.Cookie) {
	header := w.Header()
	lines := header["Set-Cookie"]
	for i, line := range lines {
		rest, same := strings.CutPrefix(line, cookie.Name)
		if same && strings.HasPrefix(rest, "=") {
			header["Set-Cookie"] = append(lines[:i:i], lines[i+1:]...)
			break
		}
	}
	http.SetCookie(w, cookie)
}

// MaxSame bounds the cookies of one name that are examined: more than browsers keep for a site, and
// few enough that a header full of them costs little.
const MaxSame = 512

// ReadAll returns the values of all cookies with exactly this name in the request, at most 512.
// There is more than one if a sibling host or another path planted its own (R93).
func (c Jar) ReadAll(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := 0
		for found, value := range c.All(r) {
			if found != name {
				continue
			}
			if seen++; seen > MaxSame || !yield(value) {
				return
			}
		}
	}
}

// All returns the name, without our prefix, and the value of every cookie in the request that has
// our prefix.
//
// It parses the header itself because net/http parses and allocates far more than needed here, and
// trims names, so a planted "__Host-s " would pass as "__Host-s".
func (c Jar) All(r *http.Request) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, line := range r.Header["Cookie"] {
			for line != "" {
				var pair string
				pair, line, _ = strings.Cut(line, ";")
				// One space separates pairs (RFC 6265 section 4.2.1); more belongs to the name.
				pair = strings.TrimPrefix(pair, " ")
				name, value, found := strings.Cut(pair, "=")
				if !found || !strings.HasPrefix(name, c.Prefix) {
					continue
				}
				if !yield(name[len(c.Prefix):], value) {
					return
				}
			}
		}
	}
}
