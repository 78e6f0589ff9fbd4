package session

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// The identity part of a session, opened on every request, has a fixed binary layout: no reflection, no field
// names, and the strings of the decoded session share one copy of the plaintext. A number is a uvarint,
// a text is its length and its bytes, a list its length and its texts, a time its Unix seconds.
//
// A change to the layout needs a new number here, and the old ones stay readable or are refused (R160).
const identityFormat = 2

// identityFormat1 had no Epoch, Issued and Device.
const identityFormat1 = 1

const (
	// latest is the highest time that is read: far beyond every real one, and low enough that
	// arithmetic with times cannot overflow.
	latest uint64 = 1 << 40

	// longest is the greatest length of a details text that is read.
	longest = 1 << 30
)

// A manifest is what the identity part knows of the rest of the session's text, so that pieces of
// different writes never combine (R97).
type manifest struct {
	chunks byte   // cookies that the text is cut into; 0: the text lives in a store
	length int    // of the details text
	sum    uint32 // CRC-32C of the details text; against accidents, the seal is what protects
}

// Where the manifest's first field is: the number of chunks is known only after all else is encoded.
const chunksAt = 1

func encodeIdentity(s *Session, m manifest) []byte {
	b := make([]byte, 0, 512)
	b = append(b, identityFormat, m.chunks)
	b = binary.AppendUvarint(b, uint64(m.length))
	b = binary.BigEndian.AppendUint32(b, m.sum)

	b = appendText(b, s.ID)
	b = appendText(b, s.Provider)
	b = appendText(b, s.Registration)
	b = appendUser(b, s.User)
	b = appendText(b, s.SID)
	b = appendTime(b, s.AuthTime)
	b = appendText(b, s.ACR)
	b = appendTexts(b, s.AMR)
	b = appendTime(b, s.Created)
	b = appendTime(b, s.Proven)
	b = appendTime(b, s.Seen)
	b = appendTime(b, s.Expires)
	b = binary.AppendUvarint(b, s.Generation)
	b = binary.AppendUvarint(b, s.Epoch)
	b = appendTime(b, s.Issued)
	b = appendText(b, s.Device)

	b = binary.AppendUvarint(b, uint64(len(s.Values)))
	for _, key := range slices.Sorted(maps.Keys(s.Values)) {
		b = appendText(b, key)
		b = appendText(b, s.Values[key])
	}
	return b
}

func appendUser(b []byte, u User) []byte {
	b = appendText(b, u.Issuer)
	b = appendText(b, u.Subject)
	b = appendText(b, u.Name)
	b = appendText(b, u.Username)
	b = appendText(b, u.Email)
	b = appendText(b, u.Picture)
	verified := byte(0)
	if u.EmailVerified {
		verified = 1
	}
	b = append(b, verified)
	return appendTexts(b, u.Roles)
}

// decodeIdentity fills in s from an opened identity part. It reports false for anything that
// encodeIdentity would not have written. Short lists of the session are put into room, where there is enough of it.
func decodeIdentity(text string, s *Session, room []string) (manifest, bool) {
	r := &reader{text: text, room: room}
	format := r.byte()
	if format != identityFormat && format != identityFormat1 {
		return manifest{}, false
	}
	m := manifest{chunks: r.byte(), length: r.count(longest), sum: r.uint32()}

	s.ID = r.string()
	s.Provider = r.string()
	s.Registration = r.string()
	r.user(&s.User)
	s.SID = r.string()
	s.AuthTime = r.time()
	s.ACR = r.string()
	s.AMR = r.strings()
	s.Created = r.time()
	s.Proven = r.time()
	s.Seen = r.time()
	s.Expires = r.time()
	s.Generation = r.uint()
	if format != identityFormat1 {
		s.Epoch = r.uint()
		s.Issued = r.time()
		s.Device = r.string()
	}

	if n := r.count(len(r.text) / 2); n > 0 {
		s.Values = make(map[string]string, n)
		for range n {
			key := r.string()
			s.Values[key] = r.string()
		}
	}
	return m, r.done()
}

func appendText(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendTexts(b []byte, texts []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, text := range texts {
		b = appendText(b, text)
	}
	return b
}

// appendTime writes the zero time, and every other before 1970, as 0.
func appendTime(b []byte, t time.Time) []byte {
	return binary.AppendUvarint(b, uint64(max(t.Unix(), 0)))
}

// A reader takes an encoding apart. After a mistake it yields zero values until the end, where done reports it.
type reader struct {
	text string   // what is left
	room []string // for lists, so that short ones take no allocation
	bad  bool
}

// done reports whether everything was well-formed and nothing is left over.
func (r *reader) done() bool { return !r.bad && r.text == "" }

func (r *reader) fail() {
	r.bad = true
	r.text = ""
}

func (r *reader) take(n int) string {
	if n > len(r.text) {
		r.fail()
		return ""
	}
	taken := r.text[:n]
	r.text = r.text[n:]
	return taken
}

func (r *reader) byte() byte {
	b := r.take(1)
	if r.bad {
		return 0
	}
	return b[0]
}

func (r *reader) uint32() uint32 {
	b := r.take(4)
	if r.bad {
		return 0
	}
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func (r *reader) uint() uint64 {
	if len(r.text) > 0 && r.text[0] < 0x80 { // nearly always
		n := r.text[0]
		r.text = r.text[1:]
		return uint64(n)
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

// count reads a number that cannot be more than limit.
func (r *reader) count(limit int) int {
	n := r.uint()
	if n > uint64(limit) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) string() string { return r.take(r.count(len(r.text))) }

func (r *reader) strings() []string {
	n := r.count(len(r.text)) // each takes a byte at least: no huge allocation from a small text
	if n == 0 {
		return nil
	}
	list := r.list(n)
	for i := range list {
		list[i] = r.string()
	}
	return list
}

func (r *reader) list(n int) []string {
	if n > len(r.room) {
		return make([]string, n)
	}
	list := r.room[:n:n] // whoever appends gets a copy
	r.room = r.room[n:]
	return list
}

func (r *reader) time() time.Time {
	seconds := r.uint()
	if seconds > latest {
		r.fail()
	}
	if seconds == 0 || r.bad {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

func (r *reader) user(u *User) {
	u.Issuer = r.string()
	u.Subject = r.string()
	u.Name = r.string()
	u.Username = r.string()
	u.Email = r.string()
	u.Picture = r.string()
	u.EmailVerified = r.count(1) == 1
	u.Roles = r.strings()
}
