package session

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/sessions"
)

// A cookieStore keeps gorilla sessions in sealed cookies. Of a session's Options, only MaxAge
// applies: the manager's configuration determines the others.
type cookieStore struct{ m *Manager }

// Get returns the session with the given name for this request, the same one each time.
func (c *cookieStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(c, name)
}

// New reads the named session again. On error it also returns a new, empty session.
func (c *cookieStore) New(r *http.Request, name string) (*sessions.Session, error) {
	gs := sessions.NewSession(c, name)
	gs.IsNew = true
	gs.Options = c.m.gorillaOptions()
	m := c.m.at(r)
	if err := c.m.checkOwnName(name); err != nil {
		return gs, err
	}
	if found, _ := firstChunks(c.m.cookies, r, name); found == (chunks{}) {
		return gs, nil
	}
	for _, candidate := range candidates(c.m.cookies, r, name) {
		// older releases wrote no tags
		for _, pieces := range [...]chunks{candidate.pieces(), candidate} {
			text, ok := joinCounted(pieces)
			if ok && m.Codec().Decode(m.cookies.Name(name), text, &gs.Values) == nil {
				gs.IsNew = false
				return gs, nil // duplicates: the first one that opens
			}
		}
	}
	return gs, &codecError{decode: true, err: ErrInvalid}
}

// Save sets the session's cookies, or removes them when Options.MaxAge is negative.
func (c *cookieStore) Save(r *http.Request, w http.ResponseWriter, gs *sessions.Session) error {
	name := gs.Name()
	if err := c.m.checkOwnName(name); err != nil {
		return err
	}
	maxAge := time.Duration(0)
	if gs.Options != nil {
		maxAge = time.Duration(gs.Options.MaxAge) * time.Second
	}
	if maxAge < 0 {
		c.m.cookies.Delete(w, name, c.m.config.SameSite)
		c.m.removeLeftovers(w, r, name, 1)
		return nil
	}
	text, err := c.m.at(r).Codec().Encode(c.m.cookies.Name(name), gs.Values)
	if err != nil {
		return err
	}
	room := c.m.room(name)
	length := len("1.") + len(text)
	if length > maxChunks*room {
		return &TooLargeError{Size: length, Limit: maxChunks * room,
			Largest: []Part{{fmt.Sprintf("gorilla session %q", name), len(text)}}}
	}
	count := (length + room - 1) / room
	c.m.setChunks(w, r, name, fmt.Sprintf("%d.%s", count, text), room, maxAge)
	return nil
}

// gorillaOptions returns the initial options of an application's own session.
func (m *Manager) gorillaOptions() *sessions.Options {
	return &sessions.Options{
		Path: "/", Domain: m.cookies.Domain, Secure: m.cookies.Secure, HttpOnly: true,
		SameSite: m.config.SameSite, MaxAge: int(m.config.Lifetime / time.Second),
	}
}

// checkOwnName rejects cookie names that an application's own session must not have.
func (m *Manager) checkOwnName(name string) error {
	if name == m.config.CookieName {
		return fmt.Errorf("session: %q is the name of the session cookie: choose "+
			"another name", name)
	}
	if name == "" {
		return errors.New("session: the cookie name is empty: choose a name")
	}
	if reason := badCookieName(name); reason != "" {
		return fmt.Errorf("session: the cookie name %q %s", name, reason)
	}
	return nil
}

// joinCounted joins a text that starts with the number of its chunks. The number needs no seal:
// with a wrong number, the text does not open.
func joinCounted(c chunks) (string, bool) {
	count, text, found := strings.Cut(c[0], ".")
	if !found || len(count) != 1 || count[0] < '1' || count[0] > '0'+maxChunks {
		return "", false
	}
	if n := int(count[0] - '0'); n > 1 {
		if len(c[0]) < fullChunk || c[n-1] == "" {
			return "", false
		}
		text += strings.Join(c[1:n], "")
	}
	return text, true
}
