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
	found, twice := k.cookies.firstChunks(r, k.config.CookieName)
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

// loadDuplicates takes the valid session that was written last.
func (k cookieKeeper) loadDuplicates(r *http.Request, now time.Time) (*Session, error) {
	var pick choice
	var opened []*Session
	for _, candidate := range k.cookies.candidates(r, k.config.CookieName) {
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
	if err := k.endedHere(s); err != nil {
		return nil, err
	}
	return s, k.admit(ctx, s, k.config.Now())
}

// end revokes every session of the request that opens, where revocations are kept. It needs no details
// and does not ask Scope.Accept: a sign-out also works while those are of no use here.
func (k cookieKeeper) end(r *http.Request) error {
	var failed []error
	now := k.config.Now()
	for _, candidate := range k.cookies.candidates(r, k.config.CookieName) {
		l, _, err := k.openFront(&candidate, now)
		if err != nil || k.expired(&l.session, now) {
			continue // nothing that could be used again
		}
		err = k.unrevoked(r.Context(), &l.session)
		if err == nil {
			err = k.over(r.Context(), &l.session)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// openChunks opens the session of these cookies.
func (m *Manager) openChunks(c *chunks, now time.Time) (*Session, error) {
	l, details, err := m.openFront(c, now)
	if err != nil {
		return nil, err
	}
	if !l.attach(details) {
		return nil, errIncomplete
	}
	return &l.session, nil
}

// openFront opens the identity at the front of the cookies, and returns the pieces of the details,
// without leftovers that have higher numbers than the session has.
func (m *Manager) openFront(c *chunks, now time.Time) (*loaded, chunks, error) {
	dot := strings.IndexByte(c[0], '.')
	if dot < 0 {
		return m.openLong(c, now)
	}
	l, err := m.openIdentity(c[0][:dot], now)
	if err != nil {
		return nil, chunks{}, err
	}
	n, err := l.countChunks()
	if err != nil {
		return nil, chunks{}, err
	}
	pieces := c.pieces()
	if pieces[n-1] == "" {
		pieces = *c // formats 1 and 2 had no tags
	}
	pieces[0] = c[0][dot+1:]
	clear(pieces[n:])
	return l, pieces, nil
}

// openLong opens an identity so large that it goes on in the next cookie.
func (m *Manager) openLong(c *chunks, now time.Time) (*loaded, chunks, error) {
	if len(c[0]) < fullChunk {
		return nil, chunks{}, errForeign
	}
	err := error(errIncomplete)
	for _, pieces := range [...]chunks{c.pieces(), *c} { // formats 1 and 2 had no tags
		front, _, found := strings.Cut(strings.Join(pieces[:], ""), ".")
		if !found {
			continue
		}
		var l *loaded
		if l, err = m.openIdentity(front, now); err != nil {
			continue
		}
		n, err := l.countChunks()
		if err != nil {
			return nil, chunks{}, err
		}
		_, details, _ := strings.Cut(strings.Join(pieces[:n], ""), ".")
		return l, chunks{details}, nil
	}
	return nil, chunks{}, err
}

// countChunks returns the number of cookies that the session was cut into.
func (l *loaded) countChunks() (int, error) {
	n := int(l.manifest.chunks)
	if n < 1 || n > maxChunks {
		return 0, errForeign
	}
	return n, nil
}

// write seals s with the given details text and sets the cookies.
func (k cookieKeeper) write(w http.ResponseWriter, r *http.Request, s *Session, details string, c Condition) error {
	var room, length int
	identity, err := k.sealIdentity(s, details, func(n int) byte {
		room, length = k.room(k.config.CookieName), n
		return byte(min((n+room-1)/room, 255))
	})
	if err != nil {
		return err
	}
	if length > maxChunks*room {
		return tooLarge(s, length, maxChunks*room)
	}
	if c == IfAbsent {
		if err := k.end(r); err != nil {
			return err
		}
	}
	k.setChunks(w, r, k.config.CookieName, identity+"."+details, room, k.remaining(s))
	return nil
}
