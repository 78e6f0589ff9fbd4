package handlers

import (
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/sallyport-go/sallyport/internal/wiring"
)

// maxReturnTo bounds the address to return to: it travels in the flow's cookie.
const maxReturnTo = 2048

// A returnFilter decides where a sign-in or sign-out may lead: to rooted paths of the application
// on its own origin, except the login routes, which would loop or sign out, and to listed other
// origins. Anything else is an open redirect (RFC 9700 section 4.11.1). Paths are those of the
// browser.
type returnFilter struct {
	origin string // "https://app.example.com"
	paths  wiring.Paths

	origins  []string // others to which a login may lead, such as "https://www.example.com"
	signedIn string   // the one login route to which a login may lead; empty for none
}

// start is the default destination.
func (f returnFilter) start() string { return f.paths.Home }

// clean returns raw unchanged if it is a valid return address, else the start page. An absolute URL
// of the own origin is reduced to its path; of other origins, only the listed ones are valid. The
// value is parsed as browsers do, never searched for bad words, so a query may contain anything.
func (f returnFilter) clean(raw string) string {
	target := raw
	if rest, own := strings.CutPrefix(raw, f.origin); own {
		target = rest
	}
	switch {
	case f.signedIn != "" && target == f.signedIn:
		return target
	case f.elsewhere(raw):
		return raw
	case !f.allowed(target):
		return f.start()
	}
	return target
}

// elsewhere reports whether an address is one of the other origins that are allowed. What follows
// the origin starts with a slash, so that no parser reads another host.
func (f returnFilter) elsewhere(address string) bool {
	for _, origin := range f.origins {
		rest, found := strings.CutPrefix(address, origin)
		_, _, plain := plainPath(rest)
		if found && origin != f.origin && (rest == "" || plain) {
			return len(address) <= maxReturnTo
		}
	}
	return false
}

func (f returnFilter) allowed(target string) bool {
	raw, decoded, plain := plainPath(target)
	return plain && f.inside(raw, decoded) && !f.ownRoute(decoded)
}

// plainPath reports whether every browser reads the target as a rooted path on the same origin,
// with an optional query and fragment. It returns the path as it is, and decoded.
func plainPath(target string) (raw, decoded string, ok bool) {
	if len(target) > maxReturnTo || !plainText(target) || !rooted(target) {
		return "", "", false
	}
	rawPath, _, _ := strings.Cut(target, "#")
	rawPath, _, _ = strings.Cut(rawPath, "?")
	if strings.Contains(rawPath, `\`) { // browsers read it as "/"
		return "", "", false
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.Host != "" || u.User != nil {
		return "", "", false
	}
	// An application that redirects to its decoded path must not be led off the origin either.
	return rawPath, u.Path, rooted(u.Path)
}

// inside reports whether a path belongs to the application, which may have only a part of its
// origin. The path must say so as it is, since proxies compare it that way, and without its dot
// segments, encoded or not, which browsers and servers resolve. What follows is the path by which a
// proxy may forward the request: it must not start a host either.
func (f returnFilter) inside(raw, decoded string) bool {
	base := f.paths.Base
	if base == "" {
		return true
	}
	for _, p := range []string{raw, decoded} {
		rest, below := strings.CutPrefix(p, base)
		if !below || rest != "" && !rooted(rest) {
			return false
		}
	}
	cleaned := path.Clean(decoded)
	return cleaned == base || strings.HasPrefix(cleaned, base+"/")
}

// rooted reports whether p starts with one slash that starts a path, not a host ("//", "/\").
func rooted(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") && !strings.HasPrefix(p, `/\`)
}

// ownRoute reports whether a path, as a router would clean it, is one of the login routes.
func (f returnFilter) ownRoute(decoded string) bool {
	cleaned := path.Clean(decoded)
	for _, callback := range f.paths.Callbacks {
		if cleaned == path.Clean(callback) {
			return true
		}
	}
	return cleaned == f.paths.Prefix || strings.HasPrefix(cleaned, f.paths.Prefix+"/")
}

// plainText reports whether s is UTF-8 without control characters or spaces: browsers drop some of
// them silently, which turns "/\t/evil.example" into "//evil.example".
func plainText(s string) bool {
	for _, r := range s {
		if r <= ' ' || r == utf8.RuneError || 0x7f <= r && r <= 0xa0 {
			return false
		}
	}
	return true
}
