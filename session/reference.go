package session

import (
	"encoding/base64"
	"errors"
	"net/http"
	"time"
)

// maxReferences is how many duplicate cookies are looked up in a store.
const maxReferences = 4

// loadReferenced returns the session that the request's cookie refers to. Of several cookies of the name, it takes the only one that leads
// to a session, or the session written last.
func (m *Manager) loadReferenced(r *http.Request, lookUp func(reference string) (*Session, error)) (*Session, error) {
	var latest *Session
	found, valid := 0, 0
	for reference := range m.cookies.ReadAll(r, m.config.CookieName) {
		if found++; found > maxReferences {
			break
		}
		s, err := lookUp(reference)
		if errors.Is(err, ErrStore) {
			return nil, err
		}
		if err != nil {
			continue
		}
		valid++
		if latest == nil || writtenAfter(s, latest) {
			latest = s
		}
	}
	if found == 0 {
		return nil, ErrNone
	}
	if found > 1 {
		m.reportDuplicates(r, latest, valid)
	}
	if latest == nil {
		return nil, ErrInvalid
	}
	return latest, nil
}

// A reference is what the cookie of a session in a [ServerStore] says, sealed: which record to get, and under which keys the session
// may have been revoked, so that both can be asked for at once.
type reference struct {
	id   string // of the session
	user RevocationKey
	sid  RevocationKey // may be zero
}

// referenceFormat is part of the sealed format: a change needs a new number.
const referenceFormat = 1

const idSize = 16

func referenceTo(s *Session) reference {
	keys := revocationKeys(s)
	return reference{id: s.ID, user: keys[2], sid: keys[1]}
}

// key is where the record is. The store sees a hash of the ID only, so that what it knows opens nothing (R99).
func (ref reference) key() Key {
	hashed := sessionKey(ref.id)
	return Key{Owner: ownerOf(ref.user), ID: base64.RawURLEncoding.EncodeToString(hashed[:])}
}

// ownerOf names a user to the backend.
func ownerOf(user RevocationKey) string { return base64.RawURLEncoding.EncodeToString(user[:]) }

// revocationKeys leaves the session's own key out: a session that has ended has no record.
func (ref reference) revocationKeys() RevocationKeys {
	return RevocationKeys{{}, ref.sid, ref.user}
}

func (m *Manager) sealReference(ref reference, now time.Time) (string, error) {
	id, err := base64.RawURLEncoding.DecodeString(ref.id)
	if err != nil || len(id) != idSize {
		return "", errors.New("session: the ID is not one that Start has made")
	}
	plain := append([]byte{referenceFormat}, id...)
	plain = append(plain, ref.user[:]...)
	if ref.sid != (RevocationKey{}) {
		plain = append(plain, ref.sid[:]...)
	}
	return m.keyring.seal(PurposeReference, m.referenceSeal, plain, now)
}

// openReference refuses what we have not sealed, before any store is asked. It also reports whether the newest secret sealed it.
func (m *Manager) openReference(text string, now time.Time) (ref reference, current, ok bool) {
	plain, current, err := m.keyring.open(PurposeReference, m.referenceSeal, text, now)
	const short, long = 1 + idSize + len(ref.user), 1 + idSize + len(ref.user) + len(ref.sid)
	if err != nil || len(plain) != short && len(plain) != long || plain[0] != referenceFormat {
		return reference{}, false, false
	}
	ref.id = base64.RawURLEncoding.EncodeToString(plain[1 : 1+idSize])
	ref.user = RevocationKey(plain[1+idSize : short])
	if len(plain) == long {
		ref.sid = RevocationKey(plain[short:])
	}
	return ref, current, true
}
