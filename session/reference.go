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
	// be zero.
	user, sid RevocationKey
}

// referenceFormat is part of the sealed format: a change needs a new number.
const referenceFormat = 1

const idSize = 16

// referenceTo fails for a session whose ID Start has not made.
func (m *Manager) referenceTo(s *Session) (ref reference, ok bool) {
	ref.id, ok = rawID(s.ID)
	if record := s.details.record; record != nil {
		ref.user, ref.sid = record.user, record.sid
		return ref, ok
	}
	n := m.namer()
	ref.user, ref.sid = n.userOf(s), n.providerSessionOf(s)
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
	return RevocationKeys{{}, ref.sid, ref.user}
}

func (m *Manager) sealReference(ref *reference, now time.Time) (string, error) {
	plain := append([]byte{referenceFormat}, ref.id[:]...)
	plain = append(plain, ref.user[:]...)
	if ref.sid != (RevocationKey{}) {
		plain = append(plain, ref.sid[:]...)
	}
	return m.keyring.seal(PurposeReference, m.referenceSeal, plain, now)
}

// openReference rejects what we have not sealed, before any store is asked. It also reports whether
// the newest secret sealed it.
func (m *Manager) openReference(text string, now time.Time) (ref reference, current bool, err error) {
	plain, current, err := m.keyring.open(PurposeReference, m.referenceSeal, text, now)
	const short, long = 1 + idSize + len(ref.user), 1 + idSize + len(ref.user) + len(ref.sid)
	switch {
	case err != nil:
		return reference{}, false, err
	case len(plain) != short && len(plain) != long, plain[0] != referenceFormat:
		return reference{}, false, errNewer
	}
	ref.id = [idSize]byte(plain[1:])
	ref.user = RevocationKey(plain[1+idSize:])
	if len(plain) == long {
		ref.sid = RevocationKey(plain[short:])
	}
	return ref, current, nil
}
