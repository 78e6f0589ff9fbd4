package session

import (
	"net/http"
	"strings"
	"time"
)

// room returns how many bytes of a text fit into one chunk.
func (m *Manager) room(name string) int {
	widest := m.cookies.Cookie(chunkName(name, maxChunks), "", m.config.SameSite)
	widest.MaxAge = int(maxLifetime / time.Second)
	return min(maxCookie-len(widest.String()), maxText/maxChunks) - tagSize
}

// setChunks sets the cookies of a text and removes the leftovers of an earlier, longer text.
func (m *Manager) setChunks(w http.ResponseWriter, r *http.Request, name, text string, room int,
	maxAge time.Duration) {
	tag, _ := tagOf(text)
	n := 0
	for ; text != ""; n++ {
		piece := text[:min(room, len(text))]
		text = text[len(piece):]
		if n > 0 {
			piece = tag + piece
		}
		m.cookies.Set(w, chunkName(name, n), piece, maxAge, m.config.SameSite)
	}
	m.removeLeftovers(w, r, name, n)
}

// removeChunks removes the session cookies with the given number and above.
func (m *Manager) removeChunks(w http.ResponseWriter, r *http.Request, from int) {
	if from == 0 {
		m.cookies.Delete(w, m.config.CookieName, m.config.SameSite)
	}
	m.removeLeftovers(w, r, m.config.CookieName, max(from, 1))
}

// removeLeftovers removes the chunks with the given number and above that the browser sent, or that
// this response has already set.
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
		if cookie, ok := strings.CutPrefix(full, m.cookies.Prefix); ok {
			mark(cookie)
		}
	}
	removed := 0
	for i, stale := range left {
		if stale && removed < maxRemoved {
			m.cookies.Delete(w, chunkName(name, i), m.config.SameSite)
			removed++
		}
	}
}
