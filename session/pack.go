package session

import (
	"encoding/base64"
	"strings"
)

// Tokens are most of a session's bytes, and most of a token is base64url, which the cookie would
// encode a second time. So each segment between two dots that is pure base64url is stored decoded,
// which saves a fifth of the cookie. JSON segments are stored as values that share the texts of the
// identity, such as the user's name. Decoding restores the exact token.

// packed writes the number of segments of a token and each segment: twice its length, plus one if
// it is stored decoded, followed by its bytes. A JSON segment, as in a JWT, is a single 1 and a
// value.
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
		// Groups of four characters encode three bytes; the rest is stored as text.
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

// jsonSegment writes a segment that is JSON, or returns false. raw is the decoded segment without
// its last, incomplete group.
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

// tokens reads the three tokens, which share one string.
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

// unpack reads what packed wrote and appends the token to out. The older format had no JSON
// segments.
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

// maxUnpacked bounds one segment, so that arithmetic on lengths cannot overflow.
const maxUnpacked = 1 << 24
