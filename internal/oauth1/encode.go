package oauth1

import (
	"errors"
	"strings"
)

// Encode percent-encodes text as RFC 5849 section 3.6 requires. It differs from package net/url:
// every byte except letters, digits, '-', '.', '_' and '~' is encoded, with upper-case hex digits
// and a space as %20.
func Encode(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for i := range len(text) {
		c := text[i]
		if unreserved(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

var errEncoding = errors.New("oauth1: a request parameter has a stray '%'; encode it as %25")

// decode decodes a name or value of a form (RFC 5849 section 3.4.1.3.1). A stray '%' is an error,
// because servers disagree on what it means and would reject the signature.
func decode(text string) (string, error) {
	if !strings.ContainsAny(text, "%+") {
		return text, nil
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '+':
			b = append(b, ' ')
		case '%':
			if i+2 >= len(text) {
				return "", errEncoding
			}
			high, low := digit(text[i+1]), digit(text[i+2])
			if high < 0 || low < 0 {
				return "", errEncoding
			}
			b = append(b, byte(high<<4|low))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b), nil
}

// digit returns the value of a hexadecimal digit, or -1.
func digit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
