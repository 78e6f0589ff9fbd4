package session

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// The identity part of a session is opened on every request. It has a fixed binary layout: no
// reflection, no field names, and most strings of the decoded session share one copy of the
// plaintext. A number is a uvarint, text.go describes a text, a list is its length and its texts,
// and a time is the number of seconds from Session.Created.
//
// A change to the layout needs a new number here, and old layouts stay readable (R160): older.go.
const identityFormat = 3

// A manifest in the identity part describes the rest of the session's text, so that pieces of
// different writes never combine (R97).
type manifest struct {
	chunks byte   // number of cookies; 0: the text is in a store
	length int    // of the details text
	sum    uint32 // CRC-32C of the details text; detects accidents, the seal protects
}

// chunksAt is the offset of the number of chunks, which is known only when everything else is
// encoded.
const chunksAt = 1

// longest is the maximum length of a details text.
const longest = 1 << 30

// encodeIdentity encodes the session and, if it has no details, its claims.
func encodeIdentity(s *Session, m manifest, claims json.RawMessage) ([]byte, error) {
	w := identityWriter(s, m)
	if claims == nil {
		return append(w.b, 0), nil
	}
	begin := len(w.b)
	if err := w.claims(claims); err != nil {
		return nil, err
	}
	return appendText(w.b[:begin], string(w.b[begin:])), nil
}

// identityWriter returns a writer that has written everything except the claims, and knows the
// session's texts.
func identityWriter(s *Session, m manifest) *writer {
	w := &writer{b: make([]byte, 0, 512), origin: unix(s.Created)}
	w.b = append(w.b, identityFormat, m.chunks)
	w.uint(uint64(m.length))
	if m.length > 0 {
		w.b = binary.BigEndian.AppendUint32(w.b, m.sum)
	}
	w.uint(uint64(w.origin))
	for _, t := range [...]time.Time{s.Proven, s.Seen, s.Expires, s.AuthTime, s.Issued} {
		w.time(t)
	}
	w.uint(s.Generation)
	w.uint(s.Epoch)
	w.text(s.ID)
	w.text(s.Provider)
	w.text(s.Registration)
	w.user(s.User)
	w.text(s.SID)
	w.text(s.ACR)
	w.texts(s.AMR)
	w.text(s.Device)
	w.uint(uint64(len(s.Values)))
	for _, key := range slices.Sorted(maps.Keys(s.Values)) {
		w.text(key)
		w.text(s.Values[key])
	}
	return w
}

func (w *writer) user(u User) {
	w.text(u.Issuer)
	w.text(u.Subject)
	w.text(u.Name)
	w.text(u.Username)
	w.text(u.Email)
	w.text(u.Picture)
	verified := byte(0)
	if u.EmailVerified {
		verified = 1
	}
	w.b = append(w.b, verified)
	w.texts(u.Roles)
}

// time writes the zero time, and any other before 1970, as 0.
func (w *writer) time(t time.Time) {
	if seconds := unix(t); seconds > 0 {
		distance := seconds - w.origin
		w.uint(uint64(distance<<1^distance>>63) + 1)
		return
	}
	w.uint(0)
}

func unix(t time.Time) int64 { return max(t.Unix(), 0) }

// An identityPart is the content of an opened identity part.
type identityPart struct {
	plain    string
	manifest manifest
	claims   string // of a session without details, encoded
}

// decodeIdentity fills in s from an opened identity part. It returns false for input that
// encodeIdentity, in this or an older release, would not have written. Short lists of the session
// use the memory of lists if it suffices. All strings share one allocation.
func decodeIdentity(plain []byte, s *Session, lists []string) (identityPart, bool) {
	r := reader{lists: lists}
	r.out.Grow(len(plain) + unpackedRoom)
	r.out.Write(plain)
	r.turn(r.out.String())
	part := identityPart{plain: r.in}
	r.identity(s, &part)
	return part, r.done()
}

// unpackedRoom is the memory that the compact texts of most sessions need when expanded.
const unpackedRoom = 128

// identity reads the identity part and learns the session's texts.
func (r *reader) identity(s *Session, part *identityPart) {
	format := r.byte()
	if format != identityFormat {
		part.manifest = r.olderIdentity(format, s)
		return
	}
	part.manifest.chunks = r.byte()
	if part.manifest.length = r.count(longest); part.manifest.length > 0 {
		part.manifest.sum = r.uint32()
	}
	s.Created = r.seconds()
	r.origin = unix(s.Created)
	s.Proven = r.time()
	s.Seen = r.time()
	s.Expires = r.time()
	s.AuthTime = r.time()
	s.Issued = r.time()
	s.Generation = r.uint()
	s.Epoch = r.uint()
	s.ID = r.text()
	s.Provider = r.text()
	s.Registration = r.text()
	r.user(&s.User)
	s.SID = r.text()
	s.ACR = r.text()
	s.AMR = r.texts()
	s.Device = r.text()
	if n := r.count(r.left() / 2); n > 0 {
		s.Values = make(map[string]string, n)
		for range n {
			key := r.text()
			s.Values[key] = r.text()
		}
	}
	part.claims = r.string()
}

func (r *reader) user(u *User) {
	u.Issuer = r.text()
	u.Subject = r.text()
	u.Name = r.text()
	u.Username = r.text()
	u.Email = r.text()
	u.Picture = r.text()
	u.EmailVerified = r.count(1) == 1
	u.Roles = r.texts()
}

// time is the inverse of writer.time.
func (r *reader) time() time.Time {
	n := r.uint()
	if n == 0 {
		return time.Time{}
	}
	n--
	seconds := r.origin + int64(n>>1)
	if n&1 == 1 {
		seconds = r.origin + ^int64(n>>1)
	}
	if seconds <= 0 || seconds > int64(latest) {
		r.fail()
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
