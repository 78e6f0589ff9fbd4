package session

import (
	"encoding/base64"
	"errors"
	"net/http"
)

// A name refers to one session, for what goes on longer than a request: a login knows by it which
// session the browser had when it began, also where browsers do not send the session's cookie. It
// is sealed, opens no session, and is of use to this application only.

// maxRecordName bounds the cookie of a gorilla store in a name. Longer ones hold the session
// itself, and there is no record.
const maxRecordName = 512

// Name returns a name of a session that was loaded or started. It is empty for any other.
func (m *Manager) Name(s *Session) string {
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
	return associatedData(purposeReference, "name "+m.fullName, m.origin, m.prefix)
}

// Names reports whether a name is that of the session.
func (m *Manager) Names(name string, s *Session) bool {
	n, err := m.openName(name)
	return err == nil && n.isTo(s)
}

// StartAfter is Start for a login that began with the session of this name, which ends as well. The
// request need not carry it.
func (m *Manager) StartAfter(w http.ResponseWriter, r *http.Request, s *Session,
	name string) error {
	s.details.previous = name
	return m.Start(w, r, s)
}

// sessionName is what a name says.
type sessionName struct {
	reference
	record string // in a gorilla store; may be empty
}

func (m *Manager) openName(name string) (n sessionName, err error) {
	if name == "" {
		return n, ErrInvalid
	}
	plain, _, err := m.keyring.open(purposeReference, m.nameSeal(), name, m.config.Now())
	if err != nil || len(plain) < len(n.id)+len(n.user) {
		return n, ErrInvalid
	}
	n.id = [idSize]byte(plain)
	n.user = RevocationKey(plain[len(n.id):])
	n.record = string(plain[len(n.id)+len(n.user):])
	return n, nil
}

// session is as much of the session as it takes to end it.
func (n *sessionName) session(m *Manager) *Session {
	return &Session{
		ID:      base64.RawURLEncoding.EncodeToString(n.id[:]),
		Expires: m.config.Now().Add(m.config.Lifetime),
	}
}

// endPrevious ends the sessions that a new one replaces: those of the request, and the one that the
// login began with (R88).
func (m *Manager) endPrevious(r *http.Request, s *Session) error {
	err := m.keeper.end(r)
	if n, nameErr := m.openName(s.details.previous); nameErr == nil && !n.isTo(s) {
		err = errors.Join(err, m.keeper.endNamed(r, &n))
	}
	s.details.previous = ""
	return err
}
