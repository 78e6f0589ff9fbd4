package session

import (
	"encoding/base64"
	"strings"
)

// Tokens are most of a session's bytes, and most of a token is base64url already, which the cookie
// would encode a second time. So each run between two dots is stored as the bytes it stands for, if
// it consists of nothing but base64url characters; that saves a fifth of the cookie. What these say
// of the user in JSON is already part of the identity and is not stored again. The text comes back
// exactly as it was.

// packed writes the number of segments of a token and each segment: twice its length, plus one if
// it is packed, and then its bytes. A segment that is JSON, as in a JWT, is a single 1 and a value.
func (w *writer) packed(token string) {
	if token == "" {
		w.uint(0)
		return
	}
	w.uint(uint64(strings.Count(token, ".") + 1))
	for segment := range strings.SplitSeq(token, ".") {
		w.segment(segment)
	}
}

func (w *writer) segment(segment string) {
	length := uint64(len(segment)) << 1
	if whole := len(segment) &^ 3; whole > 0 {
		// Groups of four characters stand for three bytes; the rest stays text.
		raw, err := base64.RawURLEncoding.DecodeString(segment[:whole])
		if err == nil && len(raw) == whole/4*3 { // the decoder skips line breaks
			if w.jsonSegment(segment, raw) {
				return
			}
			w.uint(length | 1)
			w.b = append(append(w.b, raw...), segment[whole:]...)
			return
		}
	}
	w.uint(length)
	w.b = append(w.b, segment...)
}

// jsonSegment writes a segment of JSON, and reports whether it is one. raw is all but the end of
// it.
func (w *writer) jsonSegment(segment string, raw []byte) bool {
	if raw[0] != '{' {
		return false
	}
	all := make([]byte, base64.RawURLEncoding.DecodedLen(len(segment)))
	if !decodeText(all, segment) {
		return false
	}
	before := w.mark()
	w.uint(1)
	if !w.json(string(all)) {
		w.back(before)
		return false
	}
	return true
}

// tokens reads the three tokens, all cut from one string.
func (r *reader) tokens(newer bool) *Tokens {
	var out strings.Builder
	out.Grow(r.left()/3*4 + 512)
	var ends [3]int
	for i := range ends {
		r.unpack(&out, newer)
		ends[i] = out.Len()
	}
	all := out.String()
	first, second, third := all[:ends[0]], all[ends[0]:ends[1]], all[ends[1]:]
	if newer {
		return &Tokens{IDToken: first, AccessToken: second, RefreshToken: third}
	}
	return &Tokens{AccessToken: first, RefreshToken: second, IDToken: third}
}

// unpack reads what packed wrote and appends the token to out. The older format had no JSON.
func (r *reader) unpack(out *strings.Builder, newer bool) {
	segments := r.count(r.left())
	for i := range segments {
		if i > 0 {
			out.WriteByte('.')
		}
		head := r.count(2*maxUnpacked + 1)
		length := head >> 1
		switch {
		case newer && head == 1:
			var room [1024]byte
			encodeInto(out, r.json(room[:0], 0))
		case head&1 == 0:
			out.WriteString(r.take(length))
		default:
			encodeInto(out, r.take(length/4*3))
			out.WriteString(r.take(length % 4))
		}
	}
}

// maxUnpacked bounds one segment, so that lengths are safe to calculate with.
const maxUnpacked = 1 << 24
