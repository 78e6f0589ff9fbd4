package session

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// A text is stored once. Later occurrences are its number: the entries of words have the first
// numbers, and the session's own texts follow in the order in which they are written. The first
// byte says how a text is stored:
//
//	0 to longText-1         its length; the bytes follow
//	longText to rareText-1  the number of a known text, from 0
//	rareText and above      one of the forms below
const (
	longText = 0x40
	rareText = 0xe0

	textLong    = 0xe0 // a length, then the bytes
	textKnown   = 0xe1 // a number
	textUUID    = 0xe2 // 16 bytes
	textDigits  = 0xe3 // the number of digits, then a byte for each pair
	textEncoded = 0xe4 // the number of characters, then the base64url-decoded bytes, as in a token
	textURL     = 0xe5 // the text after "https://"
)

const (
	// maxKnown bounds how many texts have a number. Very short and very long texts have none.
	maxKnown     = 1 << 12
	minKnownText = 2
	maxKnownText = 80

	// Shorter texts gain nothing from another form, and longer ones are rarely of that kind.
	minDigits  = 5
	maxDigits  = 40
	minEncoded = 12
	maxEncoded = 1 << 10

	https = "https://"
)

// A writer encodes a session. The zero writer is ready for use.
type writer struct {
	b      []byte
	known  map[string]int
	own    []string // the known texts, in order
	origin int64    // the base of times: Session.Created
}

func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *writer) text(s string) {
	if n, ok := wordNumbers[s]; ok {
		w.number(n)
		return
	}
	if n, ok := w.known[s]; ok {
		w.number(n)
		return
	}
	w.newText(s)
	if minKnownText <= len(s) && len(s) <= maxKnownText && len(w.own) < maxKnown {
		if w.known == nil {
			w.known = map[string]int{}
		}
		w.known[s] = firstOwn + len(w.own)
		w.own = append(w.own, s)
	}
}

func (w *writer) number(n int) {
	if n < rareText-longText {
		w.b = append(w.b, byte(longText+n))
		return
	}
	w.b = append(w.b, textKnown)
	w.uint(uint64(n))
}

func (w *writer) newText(s string) {
	switch {
	case isUUID(s):
		w.b = append(w.b, textUUID)
		w.b, _ = hex.AppendDecode(w.b, []byte(strings.ReplaceAll(s, "-", "")))
	case minDigits <= len(s) && len(s) <= maxDigits && isDigits(s):
		w.b = append(w.b, textDigits)
		w.digits(s)
	case w.encoded(s):
	case strings.HasPrefix(s, https):
		w.b = append(w.b, textURL)
		w.plain(s[len(https):])
	default:
		w.plain(s)
	}
}

func (w *writer) plain(s string) {
	if len(s) < longText {
		w.b = append(append(w.b, byte(len(s))), s...)
		return
	}
	w.b = appendText(append(w.b, textLong), s)
}

func (w *writer) digits(s string) {
	w.uint(uint64(len(s)))
	for ; len(s) >= 2; s = s[2:] {
		w.b = append(w.b, 10*(s[0]-'0')+s[1]-'0')
	}
	if s != "" {
		w.b = append(w.b, 10*(s[0]-'0'))
	}
}

// encoded writes a base64url text as the bytes it decodes to. The last characters, which do not
// fill a group of four, are stored as text.
func (w *writer) encoded(s string) bool {
	if len(s) < minEncoded || len(s) > maxEncoded {
		return false
	}
	whole := len(s) &^ 3
	raw, err := base64.RawURLEncoding.DecodeString(s[:whole])
	if err != nil || len(raw) != whole/4*3 { // the decoder skips line breaks
		return false
	}
	w.b = append(w.b, textEncoded)
	w.uint(uint64(len(s)))
	w.b = append(append(w.b, raw...), s[whole:]...)
	return true
}

func (w *writer) texts(texts []string) {
	w.uint(uint64(len(texts)))
	for _, text := range texts {
		w.text(text)
	}
}

// A mark is a state of the writer to return to.
type mark struct{ bytes, own int }

func (w *writer) mark() mark { return mark{len(w.b), len(w.own)} }

// back removes everything written since a mark.
func (w *writer) back(to mark) {
	for _, text := range w.own[to.own:] {
		delete(w.known, text)
	}
	w.b, w.own = w.b[:to.bytes], w.own[:to.own]
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (c == '-') || !hyphen && !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
