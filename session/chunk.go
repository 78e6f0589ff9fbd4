package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxChunks = 5
	maxText   = 20 << 10 // all chunks together

	// Browsers refuse a cookie whose name, value and attributes exceed 4096 bytes (RFC 6265 section
	// 6.1); some proxies count more than that.
	maxCookie = 3900

	maxLeftover = 99 // leftovers with higher numbers are not ours
	maxTries    = 16 // combinations of duplicate cookies
)

// chunks are the pieces of one text that a request carries: cookies "name", "name.1", "name.2", ...
type chunks struct {
	values [maxChunks]string
	twice  bool // some name occurs more than once
}

// collectChunks finds the chunks in a request. It fails when they are more than we would ever set.
func (c Cookies) collectChunks(r *http.Request, name string) (found chunks, ok bool) {
	total := 0
	for cookie, value := range c.All(r) {
		i, ours := chunkNumber(cookie, name)
		if !ours || i >= maxChunks || value == "" {
			continue
		}
		if total += len(value); total > maxText {
			return chunks{}, false
		}
		if found.values[i] != "" {
			found.twice = true
			continue
		}
		found.values[i] = value
	}
	return found, true
}

// chunkNumber tells which chunk a cookie is. There is one spelling of each number: not ".01", not ".-1".
func chunkNumber(cookie, name string) (int, bool) {
	if !strings.HasPrefix(cookie, name) {
		return 0, false
	}
	suffix := cookie[len(name):]
	if suffix == "" {
		return 0, true
	}
	if suffix[0] != '.' || len(suffix) > 3 || len(suffix) < 2 || suffix[1] == '0' {
		return 0, false
	}
	n := 0
	for _, digit := range []byte(suffix[1:]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = 10*n + int(digit-'0')
	}
	return n, true
}

func chunkName(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "." + strconv.Itoa(i)
}

// combinations yields every way to take one value of each name, at most maxTries: of duplicate cookies, only
// opening tells which are ours (R93).
func (c Cookies) combinations(r *http.Request, name string, yield func(chunks)) {
	var candidates [maxChunks][]string
	for cookie, value := range c.All(r) {
		i, ours := chunkNumber(cookie, name)
		if ours && i < maxChunks && value != "" && len(candidates[i]) < maxTries && !slices.Contains(candidates[i], value) {
			candidates[i] = append(candidates[i], value)
		}
	}
	for try := range maxTries {
		var combination chunks
		rest := try
		for i, values := range candidates {
			if len(values) > 0 {
				combination.values[i] = values[rest%len(values)]
				rest /= len(values)
			}
		}
		if rest > 0 {
			return // all have been tried
		}
		yield(combination)
	}
}

// A cookieKeeper keeps sessions in the browser's cookies alone.
type cookieKeeper struct{ *Manager }

func (k cookieKeeper) load(r *http.Request) (*Session, error) {
	found, ok := k.cookies.collectChunks(r, k.config.CookieName)
	if !ok {
		return nil, ErrInvalid
	}
	if found.values == [maxChunks]string{} {
		return nil, ErrNone
	}
	now := k.config.Now()
	if found.twice {
		return k.loadDuplicates(r, now)
	}
	s, ok := k.openChunks(&found, now)
	if !ok {
		return nil, ErrInvalid
	}
	if err := k.admit(r.Context(), s, now); err != nil {
		return nil, err
	}
	return s, nil
}

// loadDuplicates takes the only combination that is valid, or the one written last.
func (k cookieKeeper) loadDuplicates(r *http.Request, now time.Time) (*Session, error) {
	var latest *Session
	var unknown error
	valid := 0
	k.cookies.combinations(r, k.config.CookieName, func(c chunks) {
		s, ok := k.openChunks(&c, now)
		if !ok {
			return
		}
		if err := k.admit(r.Context(), s, now); err != nil {
			if errors.Is(err, ErrStore) {
				unknown = err
			}
			return
		}
		valid++
		if latest == nil || writtenAfter(s, latest) {
			latest = s
		}
	})
	if unknown != nil {
		return nil, unknown
	}
	k.reportDuplicates(r, latest, valid)
	if latest == nil {
		return nil, ErrInvalid
	}
	return latest, nil
}

func (k cookieKeeper) reload(ctx context.Context, s *Session) (*Session, error) {
	return s, k.admit(ctx, s, k.config.Now())
}

// end revokes the session of the request, where revocations are kept. Scope.Accept is not asked: signing out works also while
// that does not know.
func (k cookieKeeper) end(r *http.Request) error {
	var failed []error
	now := k.config.Now()
	k.cookies.combinations(r, k.config.CookieName, func(c chunks) {
		s, ok := k.openChunks(&c, now)
		if !ok || !k.current(s, now) {
			return // nothing that could be used again
		}
		err := k.unrevoked(r.Context(), s)
		if err == nil {
			err = k.over(r.Context(), s.ID)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			failed = append(failed, err)
		}
	})
	return errors.Join(failed...)
}

func writtenAfter(a, b *Session) bool {
	if !a.Seen.Equal(b.Seen) {
		return a.Seen.After(b.Seen)
	}
	return a.Generation > b.Generation
}

// reportDuplicates tells the operator that somebody else sets cookies of our name, which a sibling
// host can when Config.Domain is used.
func (m *Manager) reportDuplicates(r *http.Request, s *Session, valid int) {
	m.scope.Logger.WarnContext(r.Context(), "session: duplicate session cookies", "cookie", m.fullName, "valid", valid)
	event := Event{Time: m.config.Now(), Kind: "session", Outcome: "duplicate_cookie"}
	if s != nil {
		event.Provider, event.Issuer, event.Subject = s.Provider, s.User.Issuer, s.User.Subject
	}
	m.scope.event(r.Context(), event)
}

// openChunks opens the session that is cut into these chunks. Leftovers with a higher number than the
// session has are ignored.
func (m *Manager) openChunks(c *chunks, now time.Time) (*Session, bool) {
	text, joined := c.values[0], false
	dot := strings.IndexByte(text, '.')
	if dot < 0 { // an identity so large that it goes on in the next chunk
		text, joined = strings.Join(c.values[:], ""), true
		if dot = strings.IndexByte(text, '.'); dot < 0 {
			return nil, false
		}
	}
	l, ok := m.openIdentity(text[:dot], now)
	if !ok || l.manifest.chunks < 1 || l.manifest.chunks > maxChunks {
		return nil, false
	}
	parts := c.values
	for i := range parts {
		switch {
		case i >= int(l.manifest.chunks):
			parts[i] = "" // a leftover
		case parts[i] == "":
			return nil, false
		}
	}
	if joined {
		whole := strings.Join(parts[:], "")
		if len(whole) <= dot {
			return nil, false
		}
		parts = [maxChunks]string{whole[dot+1:]}
	} else {
		parts[0] = text[dot+1:]
	}
	if !l.attach(parts) {
		return nil, false
	}
	return &l.session, true
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

// room is how many bytes of a text fit into one chunk.
func (m *Manager) room(name string) int {
	widest := m.cookies.cookie(chunkName(name, maxChunks), "", m.config.SameSite)
	widest.MaxAge = int(maxLifetime / time.Second)
	return min(maxCookie-len(widest.String()), maxText/maxChunks)
}

// setChunks sets the cookies of a text and removes those that an earlier, longer text has left behind.
func (m *Manager) setChunks(w http.ResponseWriter, r *http.Request, name, text string, room int, maxAge time.Duration) {
	n := 0
	for ; text != ""; n++ {
		piece := text[:min(room, len(text))]
		text = text[len(piece):]
		m.cookies.Set(w, chunkName(name, n), piece, maxAge, m.config.SameSite)
	}
	m.removeLeftovers(w, r, name, n)
}

// removeChunks removes the session cookies from the given number on.
func (m *Manager) removeChunks(w http.ResponseWriter, r *http.Request, from int) {
	if from == 0 {
		m.cookies.Delete(w, m.config.CookieName, m.config.SameSite)
	}
	m.removeLeftovers(w, r, m.config.CookieName, max(from, 1))
}

// removeLeftovers removes the chunks from the given number on that the browser has sent, or
// that this response has set already.
func (m *Manager) removeLeftovers(w http.ResponseWriter, r *http.Request, name string, from int) {
	var left [maxLeftover + 1]bool
	mark := func(cookie string) {
		if i, ours := chunkNumber(cookie, name); ours && i >= from {
			left[i] = true
		}
	}
	for cookie := range m.cookies.All(r) {
		mark(cookie)
	}
	for _, line := range w.Header()["Set-Cookie"] {
		full, _, _ := strings.Cut(line, "=")
		if cookie, ok := strings.CutPrefix(full, m.cookies.prefix); ok {
			mark(cookie)
		}
	}
	for i, stale := range left {
		if stale {
			m.cookies.Delete(w, chunkName(name, i), m.config.SameSite)
		}
	}
}
