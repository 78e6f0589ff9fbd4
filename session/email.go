package session

import "strings"

// maxLocalPart is the maximum length of the part of an email address before the "@" (RFC 5321
// section 4.5.3.1.1).
const maxLocalPart = 64

// EmailIn reports whether the user has a verified email address in one of the domains, such as
// "corp.example". The domain must match exactly, ignoring case: subdomains and other domains with
// the same ending do not match. Unusual addresses match no domain: an address that is unverified,
// has more than one "@", is a list, is quoted, ends with a dot, or contains non-ASCII characters,
// which can look alike. Write internationalized domains in ASCII ("xn--...").
//
// Use it in Hooks.Login to admit only users of one organization:
//
//	Login: func(_ *http.Request, l *handlers.Login) error {
//		if !l.User.EmailIn("corp.example") {
//			return errors.New("not an employee")
//		}
//		return nil
//	},
//
// The result is only as trustworthy as the provider: a provider that lets users enter any address,
// or that a tenant runs itself, can claim any domain for any user. Name only domains that the
// session's provider (Session.Provider) is authoritative for. To identify a user, use [User.Key].
func (u User) EmailIn(domains ...string) bool {
	local, domain, found := strings.Cut(u.Email, "@")
	if !found || !u.EmailVerified || !plainLocalPart(local) {
		return false
	}
	for _, allowed := range domains {
		if plainDomain(allowed) && foldASCII(domain) == foldASCII(allowed) {
			return true
		}
	}
	return false
}

// plainLocalPart reports whether s is a Dot-string of RFC 5321 section 4.1.2 without "%" and "!",
// with which some servers forward mail elsewhere.
func plainLocalPart(s string) bool {
	if len(s) > maxLocalPart {
		return false
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range []byte(atom) {
			if !letterOrDigit(r) && !strings.ContainsRune("#$&'*+-/=?^_`{|}~", rune(r)) {
				return false
			}
		}
	}
	return true
}

// plainDomain reports whether s is a Domain of RFC 5321 section 4.1.2. Checking the configured
// domain is enough, because the user's must equal it: "*.corp.example" and "@corp.example" match no
// address.
func plainDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range []byte(label) {
			if !letterOrDigit(r) && r != '-' {
				return false
			}
		}
	}
	return true
}

func letterOrDigit(r byte) bool {
	return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
}

// foldASCII lowercases ASCII letters only: other foldings equate different names, such as the
// Kelvin sign and "k".
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}
