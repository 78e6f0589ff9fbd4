package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A cookieKeeper keeps sessions in the browser's cookies alone.
type cookieKeeper struct{ *Manager }

func (k cookieKeeper) load(r *http.Request) (*Session, error) {
	found, twice := firstChunks(k.cookies, r, k.config.CookieName)
	if found == (chunks{}) {
		return nil, ErrNone
	}
	now := k.config.Now()
	if twice {
		return k.loadDuplicates(r, now)
	}
	s, err := k.openChunks(&found, now)
	if err == nil {
		err = k.admit(r.Context(), s, now)
	}
	if err == nil {
		s, err = k.newest(r.Context(), s)
	}
	if err != nil {
		return nil, k.refuse(r.Context(), err)
	}
	return s, nil
}

// loadDuplicates returns the valid session that was written last.
func (k cookieKeeper) loadDuplicates(r *http.Request, now time.Time) (*Session, error) {
	var pick choice
	var opened []*Session
	for _, candidate := range candidates(k.cookies, r, k.config.CookieName) {
		if s, err := k.openChunks(&candidate, now); err != nil {
			pick.add(nil, err)
		} else {
			opened = append(opened, s)
		}
	}
	slices.SortStableFunc(opened, func(a, b *Session) int { return compareWritten(b, a) })
	for i, s := range opened {
		err := k.admit(r.Context(), s, now)
		if err == nil {
			s, err = k.newest(r.Context(), s)
		}
		if errors.Is(err, ErrStore) {
			return nil, err
		}
		if pick.add(s, err); err == nil || i == maxLookups {
			break
		}
	}
	k.reportDuplicates(r, pick.session)
	return pick.result(r.Context(), k.Manager)
}

func (k cookieKeeper) reload(ctx context.Context, s *Session) (*Session, error) {
	s, err := k.newest(ctx, s)
	if err != nil {
		return nil, err
	}
	return s, k.admit(ctx, s, k.config.Now())
}

// end revokes every session of the request that opens, if revocations are configured. It does not
// open the details or ask Site.Accept: a sign-out must work even if they are unusable here.
func (k cookieKeeper) end(r *http.Request) error {
	var failed []error
	now := k.config.Now()
	for _, candidate := range candidates(k.cookies, r, k.config.CookieName) {
		l, _, err := k.openFront(&candidate, now)
		if err != nil || k.expired(&l.session, now) {
			continue // unusable anyway
		}
		err = k.unrevoked(r.Context(), &l.session)
		if err == nil {
			err = k.recordEnd(r.Context(), &l.session)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (k cookieKeeper) endNamed(r *http.Request, n *sessionName) error {
	return k.recordEnd(r.Context(), n.session(k.Manager))
}

// openChunks opens the session of these cookies.
func (m *Manager) openChunks(c *chunks, now time.Time) (*Session, error) {
	pieces := *c
	l, manifest, err := m.openFront(&pieces, now)
	if err != nil {
		return nil, err
	}
	if !l.attach(&pieces, manifest) {
		return nil, errIncomplete
	}
	return &l.session, nil
}

// openFront opens the identity at the front of the cookies, and leaves the pieces of the details in
// c, without leftovers numbered above the session's own chunks.
func (m *Manager) openFront(c *chunks, now time.Time) (*loaded, manifest, error) {
	front, rest, found := strings.Cut(c[0], ".")
	if !found {
		return m.openLong(c, now)
	}
	l, manifest, err := m.openIdentity(front, now)
	if err == nil {
		err = manifest.checkChunks()
	}
	if err != nil {
		return nil, manifest, err
	}
	if pieces := c.pieces(); pieces[manifest.chunks-1] != "" {
		*c = pieces // formats 1 and 2 had no tags
	}
	c[0] = rest
	clear(c[manifest.chunks:])
	return l, manifest, nil
}

// openLong opens an identity that extends into the next cookie.
func (m *Manager) openLong(c *chunks, now time.Time) (*loaded, manifest, error) {
	if len(c[0]) < fullChunk {
		return nil, manifest{}, errForeign
	}
	err := error(errIncomplete)
	for _, pieces := range [...]chunks{c.pieces(), *c} { // formats 1 and 2 had no tags
		front, _, found := strings.Cut(strings.Join(pieces[:], ""), ".")
		if !found {
			continue
		}
		l, manifest, failed := m.openIdentity(front, now)
		if failed == nil {
			failed = manifest.checkChunks()
		}
		if err = failed; err == nil {
			_, rest, _ := strings.Cut(strings.Join(pieces[:manifest.chunks], ""), ".")
			*c = chunks{rest}
			return l, manifest, nil
		}
	}
	return nil, manifest{}, err
}

// checkChunks rejects an impossible number of cookies.
func (m manifest) checkChunks() error {
	if m.chunks < 1 || m.chunks > maxChunks {
		return errForeign
	}
	return nil
}

// write seals s with the given details text and sets the cookies.
func (k cookieKeeper) write(w http.ResponseWriter, r *http.Request, s *Session, details string,
	c Condition) error {
	var room, length int
	identity, err := k.sealIdentity(s, details, func(n int) byte {
		room, length = k.room(k.config.CookieName), n
		return byte(min((n+room-1)/room, 255))
	})
	if err != nil {
		return err
	}
	if length > maxChunks*room {
		return tooLarge(s, length, maxChunks*room, false)
	}
	if c == IfAbsent {
		if err := k.endPrevious(r, s); err != nil {
			return err
		}
	}
	// The browser keeps the cookies beyond the idle limit, so that a later sign-out can still reach
	// the provider.
	k.setChunks(w, r, k.config.CookieName, identity+"."+details, room, s.Expires.Sub(s.Seen))
	return nil
}

// LoadExpired returns the expired session of a request, if the browser still sends it, so that a
// sign-out can still reach the provider. Only cookie sessions outlive their expiry. The errors are
// those of Load. Never grant access to such a session.
func (m internals) LoadExpired(r *http.Request) (*Session, error) {
	k, ok := m.at(r).keeper.(cookieKeeper)
	if !ok || k.origin == unknownOrigin {
		return nil, ErrNone
	}
	return fromStore(func() (*Session, error) { return k.loadExpired(r) })
}

func (k cookieKeeper) loadExpired(r *http.Request) (*Session, error) {
	now := k.config.Now()
	var pick choice
	for _, candidate := range candidates(k.cookies, r, k.config.CookieName) {
		s, err := k.openChunks(&candidate, now)
		if err == nil {
			err = k.expiredOnly(r.Context(), s, now)
		}
		if pick.add(s, err); errors.Is(err, ErrStore) {
			break
		}
	}
	return pick.result(r.Context(), k.Manager)
}

// expiredOnly returns nil for a session whose only fault is that it has expired.
func (k cookieKeeper) expiredOnly(ctx context.Context, s *Session, now time.Time) error {
	if !k.expired(s, now) {
		return ErrInvalid
	}
	if err := k.endedHere(s); err != nil {
		return err
	}
	if err := k.accepted(ctx, s); err != nil {
		return err
	}
	return k.unrevoked(ctx, s)
}
