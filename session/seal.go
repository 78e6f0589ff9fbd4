package session

import (
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// The text of a session is identity "." details, both sealed. The identity holds the length and a
// checksum of the details, so a damaged or foreign details text is rejected without opening it.

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // common processors have an instruction for it

// loaded is a session with its unopened details, in one allocation.
type loaded struct {
	session Session
	sealed  sealedDetails
	lists   [6]string // memory for the user's roles and the AMR
}

// sealDetails returns the details text, which is empty if there are no details.
func (m *Manager) sealDetails(s *Session) (string, error) {
	if s.withoutDetails() {
		return "", nil
	}
	plain, err := encodeDetails(s)
	if err != nil {
		return "", err
	}
	return m.keyring.seal(purposeDetails, m.detailsSeal(s), plain, s.Seen)
}

// sameDetails returns the details text of a loaded session, sealed again if the old text cannot be
// reused.
func (m *Manager) sameDetails(s *Session) (string, error) {
	sealed := s.details.sealed
	if sealed.current && sealed.fits(s) {
		return sealed.text(), nil
	}
	fresh := *s
	if err := fresh.settle(); err != nil {
		return "", err
	}
	return m.sealDetails(&fresh)
}

// sealIdentity returns the identity text. It calls cut for the number of chunks of a text of the
// given length.
func (m *Manager) sealIdentity(s *Session, details string, cut func(length int) byte) (string,
	error) {
	var claims json.RawMessage
	if details == "" {
		var err error
		if claims, err = s.rawClaims(); err != nil {
			return "", err
		}
	}
	plain, err := encodeIdentity(s,
		manifest{length: len(details), sum: m.checksum(&chunks{details})}, claims)
	if err != nil {
		return "", err
	}
	length := base64.RawURLEncoding.EncodedLen(len(plain)+sealOverhead) + len(".") + len(details)
	plain[chunksAt] = cut(length)
	return m.keyring.seal(purposeSession, m.identitySeal, plain, s.Seen)
}

// openIdentity opens the identity text, without attaching the details.
func (m *Manager) openIdentity(text string, now time.Time) (*loaded, manifest, error) {
	buf := m.buffer()
	defer m.buffers.Put(buf)
	plain, current, err := m.keyring.open(purposeSession, m.identitySeal, text, now, buf[:])
	if err != nil {
		return nil, manifest{}, err
	}
	l := &loaded{}
	part, ok := decodeIdentity(plain, &l.session, l.lists[:])
	clear(plain)
	if !ok {
		return nil, manifest{}, errNewer // the seal is ours, so the format is newer
	}
	l.sealed.manager, l.sealed.current, l.sealed.identity = m, current, part.plain
	return l, part.manifest, nil
}

// attach sets the session's details text, in pieces, if it matches the identity.
func (l *loaded) attach(pieces *chunks, to manifest) bool {
	var length int
	for _, piece := range pieces {
		length += len(piece)
	}
	if length != to.length || length > 0 && l.sealed.manager.checksum(pieces) != to.sum {
		return false
	}
	l.sealed.first = pieces[0]
	if pieces[1] != "" {
		l.sealed.others = slices.Clone(pieces[1:])
	}
	l.session.details.sealed, l.session.details.origin = &l.sealed, &l.sealed
	return true
}

// openStored opens a text in one piece.
func (m *Manager) openStored(text string, now time.Time) (*Session, error) {
	identity, details, found := strings.Cut(text, ".")
	if !found {
		return nil, errForeign
	}
	l, manifest, err := m.openIdentity(identity, now)
	if err != nil {
		return nil, err
	}
	if manifest.chunks != 0 || !l.attach(&chunks{details}, manifest) {
		return nil, errIncomplete
	}
	return &l.session, nil
}

// buffer returns memory that is not kept, from a pool. Do not leave secrets in it.
func (m *Manager) buffer() *[4096]byte {
	if buf, ok := m.buffers.Get().(*[4096]byte); ok {
		return buf
	}
	return new([4096]byte)
}

// checksum needs a buffer because converting a string to bytes would allocate.
func (m *Manager) checksum(pieces *chunks) (sum uint32) {
	buf := m.buffer()
	for _, piece := range pieces {
		for piece != "" {
			n := copy(buf[:], piece)
			sum = crc32.Update(sum, castagnoli, buf[:n])
			piece = piece[n:]
		}
	}
	m.buffers.Put(buf)
	return sum
}
