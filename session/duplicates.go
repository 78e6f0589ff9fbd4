package session

import (
	"cmp"
	"context"
	"errors"
	"net/http"
)

// maxLookups bounds the store lookups for the cookies of one request: browsers keep fewer cookies
// per site.
const maxLookups = 200

// A choice selects among several session cookies of one request, which a sibling host can set if
// Config.Domain is used. Cookies that do not open are ignored (R93).
type choice struct {
	session *Session // the valid session written last
	err     error    // set if there is no valid session
}

// add considers a session, or the error of loading it.
func (c *choice) add(s *Session, err error) {
	switch {
	case err == nil:
		if c.session == nil || compareWritten(s, c.session) > 0 {
			c.session = s
		}
	case c.err == nil, errors.Is(c.err, ErrEnded), errors.Is(err, ErrStore):
		c.err = err // ErrEnded only if every session has ended
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

// compareWritten compares the times at which two sessions were written.
func compareWritten(a, b *Session) int {
	return cmp.Or(a.Seen.Compare(b.Seen), cmp.Compare(a.Generation, b.Generation))
}

// reportDuplicates logs that another host may set cookies of our name. s is the chosen session, or
// nil.
func (m *Manager) reportDuplicates(r *http.Request, s *Session) {
	event := Event{Time: m.config.Now(), Kind: "session", Outcome: "duplicate_cookie"}
	if s != nil {
		event.Provider, event.Issuer, event.Subject = s.Provider, s.User.Issuer, s.User.Subject
	}
	m.logOnce(r.Context(), "session: duplicate session cookies: does another host set cookies of "+
		"this name?",
		"cookie", m.fullName)
	m.event(r.Context(), event)
}
