package session

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Claims, and the JSON segments of tokens, are stored without JSON syntax, and with each text only
// once. A string is a text; each other type has its own first byte. Decoding restores the same JSON
// byte by byte, so JSON with white space between its tokens is not stored this way.
const (
	valueFalse  = 0xf0
	valueTrue   = 0xf1
	valueNull   = 0xf2
	valueNumber = 0xf3 // from 0
	valueTime   = 0xf4 // a number close to Session.Created: likely a time
	valueList   = 0xf5 // the values, valueEnd
	valueObject = 0xf6 // a text and a value for each member, valueEnd
	valueJSON   = 0xf7 // other numbers, and strings with escapes, verbatim
	valueEnd    = 0xff
)

const (
	maxDepth = 16
	// maxNumber is the greatest number that is stored in binary.
	maxNumber = 1<<53 - 1
	// near is the distance from Session.Created within which a number is stored as a time.
	near = 1 << 20
)

// json writes a JSON value. It writes nothing and returns false for JSON that it cannot restore
// exactly.
func (w *writer) json(raw string) bool {
	before := w.mark()
	if rest, ok := w.value(raw, 0); ok && rest == "" {
		return true
	}
	w.back(before)
	return false
}

// value writes the first value in raw, and returns the rest of raw.
func (w *writer) value(raw string, depth int) (rest string, ok bool) {
	if raw == "" || depth > maxDepth {
		return "", false
	}
	switch raw[0] {
	case '"':
		return w.jsonString(raw)
	case '[':
		return w.values(raw[1:], depth)
	case '{':
		return w.members(raw[1:], depth)
	}
	for i, text := range [...]string{"false", "true", "null"} {
		if rest, ok := strings.CutPrefix(raw, text); ok {
			w.b = append(w.b, byte(valueFalse+i))
			return rest, true
		}
	}
	return w.jsonNumber(raw)
}

// jsonString writes a string without escapes as a text.
func (w *writer) jsonString(raw string) (rest string, ok bool) {
	end := closing(raw)
	if end < 0 {
		return "", false
	}
	if text := raw[1:end]; strings.IndexByte(text, '\\') < 0 {
		w.text(text)
	} else {
		w.verbatim(raw[:end+1])
	}
	return raw[end+1:], true
}

// closing returns the index of a string's closing quotation mark.
func closing(raw string) int {
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			return i
		case c == '\\':
			i++
		case c < ' ':
			return -1
		}
	}
	return -1
}

func (w *writer) jsonNumber(raw string) (rest string, ok bool) {
	end := 0
	for end < len(raw) && strings.IndexByte("+-.0123456789Ee", raw[end]) >= 0 {
		end++
	}
	if end == 0 {
		return "", false
	}
	text := raw[:end]
	n, err := strconv.ParseInt(text, 10, 64)
	switch distance := n - w.origin; {
	case err != nil || n < 0 || n > maxNumber || strconv.FormatInt(n, 10) != text:
		w.verbatim(text)
	case -near < distance && distance < near:
		w.b = binary.AppendVarint(append(w.b, valueTime), distance)
	default:
		w.b = binary.AppendUvarint(append(w.b, valueNumber), uint64(n))
	}
	return raw[end:], true
}

func (w *writer) verbatim(raw string) {
	w.b = appendText(append(w.b, valueJSON), raw)
}

func (w *writer) values(raw string, depth int) (rest string, ok bool) {
	w.b = append(w.b, valueList)
	if rest, ok := strings.CutPrefix(raw, "]"); ok {
		w.b = append(w.b, valueEnd)
		return rest, true
	}
	for {
		if raw, ok = w.value(raw, depth+1); !ok || raw == "" {
			return "", false
		}
		separator := raw[0]
		raw = raw[1:]
		if separator == ']' {
			w.b = append(w.b, valueEnd)
			return raw, true
		}
		if separator != ',' {
			return "", false
		}
	}
}

func (w *writer) members(raw string, depth int) (rest string, ok bool) {
	w.b = append(w.b, valueObject)
	if rest, ok := strings.CutPrefix(raw, "}"); ok {
		w.b = append(w.b, valueEnd)
		return rest, true
	}
	for {
		end := -1
		if strings.HasPrefix(raw, `"`) {
			end = closing(raw)
		}
		if end < 0 || strings.IndexByte(raw[:end], '\\') >= 0 ||
			!strings.HasPrefix(raw[end+1:], ":") {
			return "", false
		}
		w.text(raw[1:end])
		if raw, ok = w.value(raw[end+2:], depth+1); !ok || raw == "" {
			return "", false
		}
		separator := raw[0]
		raw = raw[1:]
		if separator == '}' {
			w.b = append(w.b, valueEnd)
			return raw, true
		}
		if separator != ',' {
			return "", false
		}
	}
}

// json is the inverse of writer.json. It appends to b.
func (r *reader) json(b []byte, depth int) []byte {
	if r.left() == 0 || depth > maxDepth+1 {
		r.fail()
		return b
	}
	switch first := r.in[r.at]; {
	case first == textEncoded:
		return r.jsonEncoded(b)
	case first < valueFalse:
		b = append(b, '"')
		b = append(b, r.text()...)
		return append(b, '"')
	}
	switch r.byte() {
	case valueFalse:
		return append(b, "false"...)
	case valueTrue:
		return append(b, "true"...)
	case valueNull:
		return append(b, "null"...)
	case valueNumber:
		return strconv.AppendUint(b, r.uint(), 10)
	case valueTime:
		return strconv.AppendInt(b, r.origin+r.int(), 10)
	case valueJSON:
		return append(b, r.string()...)
	case valueList:
		b = append(b, '[')
		for i := 0; !r.end(); i++ {
			if i > 0 {
				b = append(b, ',')
			}
			b = r.json(b, depth+1)
		}
		return append(b, ']')
	case valueObject:
		b = append(b, '{')
		for i := 0; !r.end(); i++ {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '"')
			b = append(b, r.text()...)
			b = append(b, '"', ':')
			b = r.json(b, depth+1)
		}
		return append(b, '}')
	}
	r.fail()
	return b
}

// jsonEncoded appends a text that is stored base64url-decoded. A long one is written directly to b.
func (r *reader) jsonEncoded(b []byte) []byte {
	start := r.at
	r.at++
	n := r.count(r.left() * 2)
	if n <= maxKnownText {
		r.at = start
		b = append(b, '"')
		b = append(b, r.text()...)
		return append(b, '"')
	}
	b = append(b, '"')
	b = slices.Grow(b, n+1)
	raw := r.take(n / 4 * 3)
	b = b[:len(b)+encode(b[len(b):cap(b)], raw)]
	b = append(b, r.take(n%4)...)
	return append(b, '"')
}

// end reports whether a list or an object ends here.
func (r *reader) end() bool {
	if r.left() > 0 && r.in[r.at] == valueEnd {
		r.at++
		return true
	}
	return r.bad
}

// int reads a signed number.
func (r *reader) int() int64 {
	n := r.uint()
	if n&1 == 0 {
		return int64(n >> 1)
	}
	return ^int64(n >> 1)
}
