package session

import (
	"encoding/base64"
	"time"
)

// A reference is what the cookie of a session in a [ServerStore] says, sealed: which record to get,
// and under which names the session may have been revoked, so that both can be asked for at once.
type reference struct {
	id [idSize]byte // of the session

	// The names that the session began with: that of the user is part of the record's key. sid may
	// be zero, and provider is in older references.
	user, sid, provider RevocationKey
}

// referenceFormat is part of the sealed format: a change needs a new number. The format before did
// not name the provider, and still opens (R160).
const (
	referenceFormat  = 2
	referenceFormat1 = 1
)

const idSize = 16

// referenceTo fails for a session whose ID Start has not made.
func (m *Manager) referenceTo(s *Session) (ref reference, ok bool) {
	ref.id, ok = rawID(s.ID)
	if record := s.details.record; record != nil {
		ref.user, ref.sid, ref.provider = record.user, record.sid, record.provider
		return ref, ok
	}
	n := m.namer()
	ref.user, ref.sid, ref.provider = n.userOf(s), n.providerSessionOf(s), n.providerOf(s)
	return ref, ok
}

// namerOf returns the namer that has named the session in a reference, or nil if its secret is
// gone.
func (m *Manager) namerOf(s *Session, ref *reference) *namer {
	for _, n := range m.keyring.namers {
		if n.userOf(s) == ref.user {
			return n
		}
	}
	return nil
}

// rawID decodes an ID without allocating.
func rawID(id string) (raw [idSize]byte, ok bool) {
	if len(id) != base64.RawURLEncoding.EncodedLen(idSize) {
		return raw, false
	}
	n, err := strictText.Decode(raw[:], []byte(id))
	return raw, err == nil && n == idSize
}

// isTo reports whether the reference means the session.
func (ref *reference) isTo(s *Session) bool {
	id, ok := rawID(s.ID)
	return ok && id == ref.id
}

// sessionKey is that of the session.
func (ref *reference) sessionKey() RevocationKey {
	var id [22]byte
	base64.RawURLEncoding.Encode(id[:], ref.id[:])
	return sessionKey(string(id[:]))
}

// key is where the record is. The store sees a hash of the ID only, so that what it knows opens
// nothing (R99).
func (ref *reference) key() Key {
	hashed := ref.sessionKey()
	var both [44]byte // two texts of 22 bytes in one allocation
	base64.RawURLEncoding.Encode(both[:22], ref.user[:])
	base64.RawURLEncoding.Encode(both[22:], hashed[:])
	text := string(both[:])
	return Key{Owner: text[:22], ID: text[22:]}
}

// revocationKeys leaves the session's own key out: a session that has ended has no record.
func (ref *reference) revocationKeys() RevocationKeys {
	return RevocationKeys{{}, ref.sid, ref.user, ref.provider}
}

func (m *Manager) sealReference(ref *reference, now time.Time) (string, error) {
	plain := append([]byte{referenceFormat}, ref.id[:]...)
	plain = append(plain, ref.user[:]...)
	plain = append(plain, ref.provider[:]...)
	if ref.sid != (RevocationKey{}) {
		plain = append(plain, ref.sid[:]...)
	}
	return m.keyring.seal(purposeReference, m.referenceSeal, plain, now)
}

// openReference rejects what we have not sealed, before any store is asked. It also reports whether
// the newest secret sealed it.
func (m *Manager) openReference(text string, now time.Time) (ref reference, current bool, err error) {
	plain, current, err := m.keyring.open(purposeReference, m.referenceSeal, text, now)
	if err != nil {
		return reference{}, false, err
	}
	if !ref.read(plain) {
		return reference{}, false, errNewer
	}
	return ref, current, nil
}

// read reports false for a format that this release does not know.
func (ref *reference) read(plain []byte) bool {
	rest := plain[min(1+idSize, len(plain)):]
	if len(plain) < 1+idSize || len(rest)%len(ref.user) != 0 {
		return false
	}
	next := func() (key RevocationKey) {
		if len(rest) > 0 {
			key = RevocationKey(rest)
			rest = rest[len(key):]
		}
		return key
	}
	ref.id = [idSize]byte(plain[1:])
	ref.user = next()
	switch plain[0] {
	case referenceFormat:
		ref.provider = next()
	case referenceFormat1:
	default:
		return false
	}
	ref.sid = next()
	return len(rest) == 0
}
