package session

import (
	"encoding/binary"
	"strings"
	"time"
)

// latest is the highest time that is accepted: far beyond every real one, and low enough that
// arithmetic with times cannot overflow.
const latest uint64 = 1 << 40

// A reader decodes an encoded session. After an error it returns zero values, and done reports
// false.
type reader struct {
	in     string
	at     int      // number of bytes read from in
	lists  []string // memory for short lists, to save allocations
	origin int64    // the base of times: Session.Created
	bad    bool
	known  knownTexts

	out strings.Builder // expanded texts, in one allocation
}

// done reports whether the input was well-formed and completely read.
func (r *reader) done() bool { return !r.bad && r.at == len(r.in) }

func (r *reader) fail() {
	r.bad = true
	r.at = len(r.in)
}

// left returns the number of unread bytes.
func (r *reader) left() int { return len(r.in) - r.at }

// turn continues with another input.
func (r *reader) turn(to string) { r.in, r.at = to, 0 }

func (r *reader) take(n int) string {
	if n > r.left() {
		r.fail()
		return ""
	}
	taken := r.in[r.at : r.at+n]
	r.at += n
	return taken
}

func (r *reader) byte() byte {
	if r.at >= len(r.in) {
		r.fail()
		return 0
	}
	b := r.in[r.at]
	r.at++
	return b
}

func (r *reader) uint32() uint32 {
	b := r.take(4)
	if r.bad {
		return 0
	}
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func (r *reader) uint() uint64 {
	if r.at < len(r.in) && r.in[r.at] < 0x80 { // the usual case
		r.at++
		return uint64(r.in[r.at-1])
	}
	return r.longUint()
}

func (r *reader) longUint() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		if shift == 63 && b > 1 {
			break // more than 64 bits
		}
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.fail()
	return 0
}

// count reads a number that is at most limit.
func (r *reader) count(limit int) int {
	n := r.uint()
	if n > uint64(limit) {
		r.fail()
		return 0
	}
	return int(n)
}

// string reads a length and that many bytes.
func (r *reader) string() string { return r.take(r.count(r.left())) }

// seconds reads a time in seconds since 1970; 0 is the zero time.
func (r *reader) seconds() time.Time {
	seconds := r.uint()
	if seconds > latest {
		r.fail()
	}
	if seconds == 0 || r.bad {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

func (r *reader) list(n int) []string {
	if n > len(r.lists) {
		return make([]string, n)
	}
	list := r.lists[:n:n] // appending to it makes a copy
	r.lists = r.lists[n:]
	return list
}

// appendText writes a string for reader.string.
func appendText(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}
