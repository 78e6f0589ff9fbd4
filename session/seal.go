package session

import (
	"encoding/base64"
	"hash/crc32"
	"strings"
	"time"
)

// The text of a session is identity "." details, both sealed. The identity knows the length and a checksum of the
// details, so a damaged or foreign details text refuses the session although it is not opened.

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // has an instruction on common processors

// loaded is a session with its unopened details, in one allocation.
type loaded struct {
	session  Session
	sealed   sealedDetails
	manifest manifest
	lists    [6]string // room for the user's roles and the methods of the sign-in
}

// sealDetails returns the details text, which is empty when there is nothing to keep.
func (m *Manager) sealDetails(s *Session) (string, error) {
	plain, err := encodeDetails(s)
	if err != nil || plain == nil {
		return "", err
	}
	return m.keyring.seal(PurposeDetails, m.detailsSeal(detailsBinding{s.ID, s.Generation}), plain, s.Seen)
}

// sealIdentity returns the identity text. It asks cut for the number of chunks that a text of the given length needs.
func (m *Manager) sealIdentity(s *Session, details string, cut func(length int) byte) (string, error) {
	plain := encodeIdentity(s, manifest{length: len(details), sum: m.checksum(&[maxChunks]string{details})})
	length := base64.RawURLEncoding.EncodedLen(len(plain)+sealOverhead) + len(".") + len(details)
	plain[chunksAt] = cut(length)
	return m.keyring.seal(PurposeSession, m.identitySeal, plain, s.Seen)
}

// openIdentity opens the identity text. The details are not attached yet.
func (m *Manager) openIdentity(text string, now time.Time) (*loaded, error) {
	plain, current, err := m.keyring.open(PurposeSession, m.identitySeal, text, now)
	if err != nil {
		return nil, err
	}
	l := &loaded{}
	l.sealed.manager, l.sealed.loadedAt, l.sealed.current = m, now, current
	l.sealed.identity = string(plain)
	var ok bool
	if l.manifest, ok = decodeIdentity(l.sealed.identity, &l.session, l.lists[:]); !ok {
		return nil, errNewer // it is ours, so the format is one that is not known here
	}
	l.sealed.binding = detailsBinding{l.session.ID, l.session.Generation}
	return l, nil
}

// attach gives the session its details text, in pieces, if it is the one that the identity was written with.
func (l *loaded) attach(parts [maxChunks]string) bool {
	var length int
	for _, part := range parts {
		length += len(part)
	}
	if length != l.manifest.length {
		return false
	}
	if length > 0 && l.sealed.manager.checksum(&parts) != l.manifest.sum {
		return false
	}
	l.sealed.parts = parts
	l.session.details.sealed, l.session.details.origin = &l.sealed, &l.sealed
	return true
}

// openStored opens a text that is in one piece.
func (m *Manager) openStored(text string, now time.Time) (*Session, error) {
	identity, details, found := strings.Cut(text, ".")
	if !found {
		return nil, errForeign
	}
	l, err := m.openIdentity(identity, now)
	if err != nil {
		return nil, err
	}
	if l.manifest.chunks != 0 || !l.attach([maxChunks]string{details}) {
		return nil, errIncomplete
	}
	return &l.session, nil
}

// checksum works through a pooled buffer, because converting a string to bytes would allocate. What it holds is
// sealed text, no secret.
func (m *Manager) checksum(parts *[maxChunks]string) (sum uint32) {
	buf, _ := m.buffers.Get().(*[4096]byte)
	if buf == nil {
		buf = new([4096]byte)
	}
	for _, part := range parts {
		for part != "" {
			n := copy(buf[:], part)
			sum = crc32.Update(sum, castagnoli, buf[:n])
			part = part[n:]
		}
	}
	m.buffers.Put(buf)
	return sum
}
