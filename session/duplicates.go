package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
)

// maxLookups is how many of a request's cookies are looked up in a store: more than a browser keeps for
// one site.
const maxLookups = 200

// A choice is made among the sessions of a request that carries several cookies of our name, which a
// sibling host can set when Config.Domain is used. What does not open is ignored (R93).
type choice struct {
	session *Session // the valid one that was written last
	err     error    // if there is none
}

// add considers a session, or what kept one from being loaded.
func (c *choice) add(s *Session, err error) {
	switch {
	case err == nil:
		if c.session == nil || compareWritten(s, c.session) > 0 {
			c.session = s
		}
	case c.err == nil, errors.Is(c.err, ErrEnded), errors.Is(err, ErrStore):
		c.err = err // that all have ended is only true if none may be of use elsewhere
	}
}

func (c *choice) result(ctx context.Context, m *Manager) (*Session, error) {
	switch {
	case c.session != nil:
		return c.session, nil
	case c.err == nil:
		return nil, ErrInvalid
	}
	return nil, m.refuse(ctx, c.err)
}

// compareWritten compares when two sessions were written.
func compareWritten(a, b *Session) int {
	return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.Generation, b.Generation))
}

// reportDuplicates tells the operator that others set cookies of our name. s is the session that was
// chosen, or nil.
func (m *Manager) reportDuplicates(r *http.Request, s *Session) {
	event := Event{Time: m.config.Now(), Kind: "session", Outcome: "duplicate_cookie"}
	if s != nil {
		event.Provider, event.Issuer, event.Subject = s.Provider, s.User.Issuer, s.User.Subject
	}
	m.logOnce(r.Context(), "session: duplicate session cookies: does another host set cookies of this name?",
		"cookie", m.fullName)
	m.site.event(r.Context(), event)
}
