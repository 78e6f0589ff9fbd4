package session

import "strings"

// maxLocalPart is how long the part of an e-mail address before the "@" may be (RFC 5321 section 4.5.3.1.1).
const maxLocalPart = 64

// EmailIn reports whether the user has a verified e-mail address in one of the domains, such as "corp.example": in exactly that
// one, not in one below it or one that ends alike. Upper and lower case are the same in a domain. Everything out of the ordinary is in none:
// an address that is not verified, has more than one "@", is a list, is quoted, ends with a dot, or holds anything but ASCII, in which
// different characters look alike; a domain name in another script is written in its ASCII form ("xn--...").
//
// It is for Hooks.Login, to let only people of an organisation in:
//
//	Login: func(_ context.Context, s *session.Session) error {
//		if !s.User.EmailIn("corp.example") {
//			return errors.New("not one of us")
//		}
//		return nil
//	},
//
// It says where somebody gets mail, and no more than the provider is worth: a provider that lets users enter any address, or a tenant that
// runs one of its own, can say of anybody that they are in any domain. Name only domains that the provider of the
// session (Session.Provider) may speak for. Who somebody is, is said by [User.Key] alone.
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

// plainLocalPart reports whether s is a Dot-string of RFC 5321 section 4.1.2 without "%" and "!", by which some servers send mail on to
// somewhere else.
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

// plainDomain reports whether s is a Domain of RFC 5321 section 4.1.2. What is configured is judged, because what the user has must be
// equal to it: "*.corp.example" or "@corp.example" allows nobody.
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

// foldASCII makes ASCII letters lower case, and nothing else: other foldings make different names equal, such as that of the Kelvin sign and "k".
func foldASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}
