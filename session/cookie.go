package session

import (
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Cookies writes and reads cookies whose names and attributes depend on the configured base URL,
// never on the request (R142). With an https base URL they are Secure, HttpOnly, Path=/ and have
// the prefix "__Host-" ("__Secure-" if Config.Domain shares them with sibling hosts), which
// browsers enforce (RFC 6265bis section 4.1.3). On plain http, which is allowed on loopback only,
// there is no prefix.
//
// A Cookies is a small value that is safe for concurrent use. Its methods take names without the
// prefix.
type Cookies struct {
	prefix string
	domain string
	secure bool
}

func newCookies(base *url.URL, domain string) Cookies {
	if base.Scheme != "https" {
		return Cookies{domain: domain}
	}
	if domain != "" {
		return Cookies{prefix: "__Secure-", domain: domain, secure: true}
	}
	return Cookies{prefix: "__Host-", secure: true}
}

// Name returns the full name of a cookie, with the prefix.
func (c Cookies) Name(name string) string { return c.prefix + name }

// Set sets a cookie for maxAge (rounded up to a second; zero or less: until the browser closes). It
// replaces an earlier Set or Delete of the same name in this response. On plain http, SameSite=None
// becomes Lax, because browsers accept None for Secure cookies only.
func (c Cookies) Set(w http.ResponseWriter, name, value string, maxAge time.Duration, sameSite http.SameSite) {
	cookie := c.cookie(name, value, sameSite)
	if maxAge > 0 {
		cookie.MaxAge = max(int(maxAge/time.Second), 1)
	}
	write(w, cookie)
}

// Delete removes a cookie from the browser, with the attributes that it was set with.
func (c Cookies) Delete(w http.ResponseWriter, name string, sameSite http.SameSite) {
	cookie := c.cookie(name, "", sameSite)
	cookie.MaxAge = -1
	cookie.Expires = time.Unix(1, 0)
	write(w, cookie)
}

func (c Cookies) cookie(name, value string, sameSite http.SameSite) *http.Cookie {
	if sameSite == http.SameSiteNoneMode && !c.secure {
		sameSite = http.SameSiteLaxMode
	}
	return &http.Cookie{
		Name: c.prefix + name, Value: value, Path: "/", Domain: c.domain,
		Secure: c.secure, HttpOnly: true, SameSite: sameSite,
	}
}

// write adds a Set-Cookie line and removes an earlier one of the same name: browsers need not apply
// them in order (RFC 6265 section 4.1.1), so there must not be two. Its cost grows with the lines
// of the response, so the number of cookies per response must not depend on the request.
func write(w http.ResponseWriter, cookie *http.Cookie) {
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

// maxSame bounds the cookies of one name that are examined: more than browsers keep for a site, and
// few enough that a header full of them costs little.
const maxSame = 512

// ReadAll returns the values of all cookies with exactly this name in the request, at most 512.
// There is more than one if a sibling host or another path planted its own (R93).
func (c Cookies) ReadAll(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := 0
		for found, value := range c.All(r) {
			if found != name {
				continue
			}
			if seen++; seen > maxSame || !yield(value) {
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
func (c Cookies) All(r *http.Request) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, line := range r.Header["Cookie"] {
			for line != "" {
				var pair string
				pair, line, _ = strings.Cut(line, ";")
				// One space separates pairs (RFC 6265 section 4.2.1); more belongs to the name.
				pair = strings.TrimPrefix(pair, " ")
				name, value, found := strings.Cut(pair, "=")
				if !found || !strings.HasPrefix(name, c.prefix) {
					continue
				}
				if !yield(name[len(c.prefix):], value) {
					return
				}
			}
		}
	}
}
