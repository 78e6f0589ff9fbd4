package session

import (
	"encoding/base64"
	"time"
)

// A reference is the sealed content of the cookie of a session in a [ServerStore]: its record, and
// the names under which it may have been revoked, so that one round trip can look up both.
type reference struct {
	id [idSize]byte // of the session

	// The names of the session when it began; that of the user is part of the record's key. sid may
	// be zero, and provider is zero in format 1.
	user, sid, provider RevocationKey
}

// referenceFormat is part of the sealed format: a change needs a new number. Format 1 did not name
// the provider; it still opens (R160).
const (
	referenceFormat  = 2
	referenceFormat1 = 1
)

const idSize = 16

// referenceTo fails for a session whose ID is not from Start.
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

// namerOf returns the namer that named the session in a reference, or nil if its secret has been
// removed.
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

// isTo reports whether the reference is to the session.
func (ref *reference) isTo(s *Session) bool {
	id, ok := rawID(s.ID)
	return ok && id == ref.id
}

// sessionKey returns the session's key.
func (ref *reference) sessionKey() RevocationKey {
	var id [22]byte
	base64.RawURLEncoding.Encode(id[:], ref.id[:])
	return sessionKey(string(id[:]))
}

// key returns the key of the record. The store sees only a hash of the ID, so its data opens
// nothing (R99).
func (ref *reference) key() Key {
	hashed := ref.sessionKey()
	var both [44]byte // two texts of 22 bytes in one allocation
	base64.RawURLEncoding.Encode(both[:22], ref.user[:])
	base64.RawURLEncoding.Encode(both[22:], hashed[:])
	text := string(both[:])
	return Key{Owner: text[:22], ID: text[22:]}
}

// revocationKeys omits the session's own key: an ended session has no record.
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

// openReference opens a cookie, and rejects forged ones before any store is asked. It also reports
// whether the newest secret sealed it.
func (m *Manager) openReference(text string, now time.Time) (ref reference, current bool,
	err error) {
	plain, current, err := m.keyring.open(purposeReference, m.referenceSeal, text, now, nil)
	if err != nil {
		return reference{}, false, err
	}
	if !ref.read(plain) {
		return reference{}, false, errNewer
	}
	return ref, current, nil
}

// read returns false for an unknown format.
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
