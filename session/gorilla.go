package session

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// When Config.Store is set, the sealed text of a session is kept there, and the cookie is whatever reference the
// store makes. The store sees neither tokens nor names, and whoever can write to it cannot sign in.

// storedKey is where the text lives in the gorilla session: a string, so that stores with a JSON serializer work.
const storedKey = "sallyport"

// maxReferences is how many duplicate cookies are looked up in the store.
const maxReferences = 4

// A record is a session's place in the store.
type record struct{ reference string } // the cookie's value

func (m *Manager) loadStored(r *http.Request) (*Session, error) {
	var latest *Session
	found, valid := 0, 0
	for reference := range m.cookies.ReadAll(r, m.config.CookieName) {
		if found++; found > maxReferences {
			break
		}
		s, err := m.lookUp(r, reference)
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

// lookUp returns the session that a reference leads to.
func (m *Manager) lookUp(r *http.Request, reference string) (*Session, error) {
	gs, err := m.fetch(r, reference)
	if err != nil {
		return nil, err
	}
	text, _ := gs.Values[storedKey].(string)
	now := m.config.Now()
	s, ok := m.openStored(text, now)
	if gs.IsNew || !ok {
		return nil, ErrInvalid
	}
	if err := m.check(s, now); err != nil {
		return nil, err
	}
	s.details.record = &record{reference}
	return s, nil
}

// fetch asks the store for the record of a reference; an empty one makes a new record.
func (m *Manager) fetch(r *http.Request, reference string) (*sessions.Session, error) {
	gs, err := m.config.Store.New(m.withReference(r, reference), m.fullName)
	if err != nil {
		var refused securecookie.Error
		if errors.As(err, &refused) && refused.IsDecode() || errors.Is(err, fs.ErrNotExist) {
			return nil, ErrInvalid
		}
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	if gs == nil {
		return nil, fmt.Errorf("%w: it returned no session", ErrStore)
	}
	return gs, nil
}

// withReference returns a request that carries one cookie only, so that the store cannot pick another of
// the same name.
func (m *Manager) withReference(r *http.Request, reference string) *http.Request {
	alone := r.WithContext(r.Context())
	alone.Header = http.Header{}
	if reference != "" {
		alone.Header.Set("Cookie", m.fullName+"="+reference)
	}
	return alone
}

// writeStored puts the session into the store and sets the cookie.
func (m *Manager) writeStored(w http.ResponseWriter, r *http.Request, s *Session, details string) error {
	identity, err := m.sealIdentity(s, details, func(int) byte { return 0 })
	if err != nil {
		return err
	}
	gs, err := m.recordFor(r, s)
	if err != nil {
		return err
	}
	gs.Values = map[any]any{storedKey: identity + "." + details}
	gs.Options = &sessions.Options{
		Path: "/", Domain: m.cookies.domain, Secure: m.cookies.secure, HttpOnly: true,
		SameSite: m.config.SameSite, MaxAge: max(int(m.remaining(s).Seconds()), 1),
	}
	answer := headerOnly{}
	if err := m.config.Store.Save(m.withReference(r, ""), answer, gs); err != nil {
		return fmt.Errorf("%w: %w", ErrStore, err)
	}
	return m.passCookies(w, r, s, http.Header(answer))
}

// recordFor returns the store's record for a session: its own if it has not changed meanwhile, and for one that starts
// a new one, after those that the request came with are gone (R88).
func (m *Manager) recordFor(r *http.Request, s *Session) (*sessions.Session, error) {
	if s.details.record == nil {
		if err := m.endStored(r); err != nil {
			return nil, err
		}
		gs, err := m.fetch(r, "")
		if err != nil {
			return nil, err
		}
		gs.ID, gs.IsNew = "", true // the store makes the name of a record, never the request
		return gs, nil
	}
	gs, err := m.fetch(r, s.details.record.reference)
	if err != nil {
		return nil, err
	}
	text, _ := gs.Values[storedKey].(string)
	stored, ok := m.openStored(text, m.config.Now())
	if gs.IsNew || !ok || stored.ID != s.ID {
		return nil, ErrInvalid // ended meanwhile: writing it would bring it back
	}
	// Renew writes the generation that is stored, Save the next one.
	if stored.Generation > s.Generation || stored.Generation == s.Generation && s.details.sealed == nil {
		return nil, ErrChanged
	}
	return gs, nil
}

// passCookies hands the store's cookies on. The session's gets our attributes, whatever the store would do.
func (m *Manager) passCookies(w http.ResponseWriter, r *http.Request, s *Session, answer http.Header) error {
	for _, line := range answer["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		if err != nil {
			return fmt.Errorf("%w: it set a malformed cookie", ErrStore)
		}
		if cookie.Name != m.fullName {
			write(w, cookie)
			continue
		}
		s.details.record = &record{cookie.Value}
		m.cookies.Set(w, m.config.CookieName, cookie.Value, m.remaining(s), m.config.SameSite)
	}
	if s.details.record == nil {
		return fmt.Errorf("%w: it set no cookie", ErrStore)
	}
	m.removeChunks(w, r, 1)
	return nil
}

// endStored deletes the records that the request refers to.
func (m *Manager) endStored(r *http.Request) error {
	if m.config.Store == nil {
		return nil
	}
	var failed []error
	found := 0
	for reference := range m.cookies.ReadAll(r, m.config.CookieName) {
		if found++; found > maxReferences {
			break
		}
		gs, err := m.fetch(r, reference)
		if errors.Is(err, ErrStore) {
			failed = append(failed, err)
		}
		if err != nil || gs.IsNew {
			continue
		}
		gs.Options = &sessions.Options{Path: "/", Domain: m.cookies.domain, MaxAge: -1}
		if err := m.config.Store.Save(m.withReference(r, reference), headerOnly{}, gs); err != nil {
			failed = append(failed, fmt.Errorf("%w: %w", ErrStore, err))
		}
	}
	return errors.Join(failed...)
}

// headerOnly takes the cookies that a store sets, so that they can be looked at first.
type headerOnly http.Header

func (h headerOnly) Header() http.Header { return http.Header(h) }
func (h headerOnly) Write([]byte) (int, error) {
	return 0, errors.New("session: a store must not write a body")
}
func (h headerOnly) WriteHeader(int) {}
