package session

import (
	"bytes"
	"encoding/hex"
	"regexp"
)

// guessable returns why a secret must not be used, or "".
func guessable(b []byte, distinct int) string {
	switch {
	case len(bytes.Trim(b, "\x00")) == 0:
		return "is all zero"
	case repeats(b):
		return "is a repeated pattern"
	case countDistinct(b) < distinct:
		return "has too few different bytes"
	case sequence(b):
		return "is a sequence"
	case placeholder(b), testVector(b):
		return "is a published example"
	}
	return ""
}

// repeats reports whether b repeats a shorter piece.
func repeats(b []byte) bool {
	for size := 1; size <= len(b)/2; size++ {
		if bytes.Equal(b[size:], b[:len(b)-size]) {
			return true
		}
	}
	return false
}

func countDistinct(b []byte) int {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// sequence reports whether most bytes are one more or one less than the byte before, as in "abcdef"
// and "987654".
func sequence(b []byte) bool {
	up, down := 0, 0
	for i := 1; i < len(b); i++ {
		switch b[i] - b[i-1] {
		case 1:
			up++
		case 255:
			down++
		}
	}
	return max(up, down) > len(b)/2
}

// placeholderWords matches text that consists of the words of documentation placeholders, with
// optional numbers.
var placeholderWords = regexp.MustCompile(`^[0-9]{0,4}(?:(?:` +
	`a|an|and|any|anything|api|app|application|at|auth|authentication|authkey|bar|baz|be|before|bit|bits|byte|bytes|` +
	`cat|change|changed|char|character|characters|chars|cookie|cookies|default|demo|dev|development|do|dummy|` +
	`encrypt|encryption|enter|ever|example|foo|for|generate|generated|go|golang|gorilla|hash|hello|here|hex|i|in|` +
	`insecure|insert|is|it|jwt|key|keyboard|keys|least|length|local|long|me|must|my|never|node|not|of|one|only|or|our|` +
	`own|pass|passphrase|password|placeholder|please|private|prod|production|put|qwerty|random|real|really|replace|` +
	`replaced|safe|sallyport|sample|secret|secrets|secure|server|service|session|sessions|should|sign|signing|some|` +
	`something|staging|store|string|strong|super|test|testing|text|that|the|this|to|token|top|use|used|user|value|` +
	`very|want|weak|web|with|world|you|your` +
	`)[0-9]{0,4})+$`)

// placeholder reports whether the whole text is a placeholder, such as
// "change-me-before-production-1". A secret that contains one is as good as its other part.
func placeholder(b []byte) bool {
	var letters []byte
	for _, c := range bytes.ToLower(b) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			letters = append(letters, c)
		case c < ' ' || c > '~':
			return false // not printable text
		}
	}
	return placeholderWords.Match(letters)
}

// testVector reports whether b is a key from well-known test vectors, raw or in hex: the AES-256
// keys of NIST SP 800-38A and of the GCM specification.
func testVector(b []byte) bool {
	text := string(bytes.ToLower(b))
	for _, known := range []string{
		"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	} {
		if text == known || hex.EncodeToString(b) == known {
			return true
		}
	}
	return false
}
