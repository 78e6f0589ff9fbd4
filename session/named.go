package session

import (
	"encoding/base64"
	"errors"
	"net/http"
)

// A name identifies one session across requests: a login uses it to find the session that the
// browser had at its start, even if the browser does not send the session's cookie. The name is
// sealed, opens no session, and only this application can read it.

// maxRecordName bounds the cookie of a gorilla store in a name. A longer one holds the session
// itself instead of a reference to a record.
const maxRecordName = 512

// Name returns a name of a session that was loaded or started, and "" for any other.
func (m internals) Name(s *Session) string {
	m.Manager = m.of(s)
	ref, ok := m.referenceTo(s)
	if !ok {
		return ""
	}
	plain := append(ref.id[:], ref.user[:]...)
	if record := s.details.record; record != nil && len(record.reference) <= maxRecordName {
		plain = append(plain, record.reference...)
	}
	name, err := m.keyring.seal(purposeReference, m.nameSeal(), plain, m.config.Now())
	if err != nil {
		return ""
	}
	return name
}

func (m *Manager) nameSeal() []byte {
	return associatedData(purposeReference, "name "+m.fullName, m.origin, m.site.Prefix)
}

// Names reports whether a name refers to the session.
func (m internals) Names(name string, s *Session) bool {
	n, err := m.of(s).openName(name)
	return err == nil && n.isTo(s)
}

// StartAfter is Start for a login that began in the session of this name: it also ends that
// session, even if the request does not carry it.
func (m internals) StartAfter(w http.ResponseWriter, r *http.Request, s *Session,
	name string) error {
	s.details.previous = name
	return m.start(w, r, s)
}

// sessionName is an opened name.
type sessionName struct {
	reference
	record string // in a gorilla store; may be empty
}

func (m *Manager) openName(name string) (n sessionName, err error) {
	if name == "" {
		return n, ErrInvalid
	}
	plain, _, err := m.keyring.open(purposeReference, m.nameSeal(), name, m.config.Now(), nil)
	if err != nil || len(plain) < len(n.id)+len(n.user) {
		return n, ErrInvalid
	}
	n.id = [idSize]byte(plain)
	n.user = RevocationKey(plain[len(n.id):])
	n.record = string(plain[len(n.id)+len(n.user):])
	return n, nil
}

// session returns the parts of the session that are needed to end it.
func (n *sessionName) session(m *Manager) *Session {
	return &Session{
		ID:      base64.RawURLEncoding.EncodeToString(n.id[:]),
		Expires: m.config.Now().Add(m.config.Lifetime),
	}
}

// endPrevious ends the sessions that a new one replaces: those of the request, and the one in which
// the login began (R88).
func (m *Manager) endPrevious(r *http.Request, s *Session) error {
	err := m.keeper.end(r)
	if n, nameErr := m.openName(s.details.previous); nameErr == nil && !n.isTo(s) {
		err = errors.Join(err, m.keeper.endNamed(r, &n))
	}
	s.details.previous = ""
	return err
}
