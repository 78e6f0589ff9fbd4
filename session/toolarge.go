package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A TooLargeError means that a session does not fit where sessions are kept: into cookies, or into
// one record of a store. It names what takes the most room, never what that contains. The ways out:
// a server-side Config.Store, fewer scopes or claims, Config.ProfileOnly.
type TooLargeError struct {
	Size    int    // bytes of sealed text that the session needs
	Limit   int    // bytes that there are
	Largest []Part // the largest parts, largest first; at most five

	stored bool // in a store
}

// A Part is a piece of a session, such as "claim groups", "access token" or "value theme", and its
// size in bytes.
type Part struct {
	Name string
	Size int
}

// Error implements error.
func (e *TooLargeError) Error() string {
	var parts []string
	for _, part := range e.Largest {
		parts = append(parts, fmt.Sprintf("%s %d", part.Name, part.Size))
	}
	place, way := "a record of the store", ""
	if !e.stored {
		place = fmt.Sprintf("%d cookies", maxChunks)
		way = fmt.Sprintf("keep sessions in a server-side store (Config.Store), where %d bytes fit, ", maxRecord)
	}
	return fmt.Sprintf("session: too large: %d bytes, at most %d fit into %s; largest parts in bytes: %s; "+
		"%srequest fewer scopes or claims, or set Config.ProfileOnly",
		e.Size, e.Limit, place, strings.Join(parts, ", "), way)
}

func tooLarge(s *Session, size, limit int, stored bool) *TooLargeError {
	var parts []Part
	add := func(name string, size int) {
		if size > 0 {
			parts = append(parts, Part{name, size})
		}
	}
	if raw, err := s.rawClaims(); err == nil && raw != nil {
		members, _ := parseObject(raw)
		for _, m := range members {
			if !protocolClaim(m.name) {
				add(fmt.Sprintf("claim %.40q", m.name), len(m.value))
			}
		}
	}
	if t, err := s.Tokens(); err == nil {
		add("access token", len(t.AccessToken))
		add("refresh token", len(t.RefreshToken))
		add("ID token", len(t.IDToken))
		add("scopes", len(strings.Join(t.Scopes, " ")))
	}
	for key, value := range s.Values {
		add(fmt.Sprintf("value %.40q", key), len(key)+len(value))
	}
	u := s.User
	add("user name", len(u.Name)+len(u.Username)+len(u.Email))
	add("user picture", len(u.Picture))
	add("user roles", len(strings.Join(u.Roles, " ")))
	add("amr", len(strings.Join(s.AMR, " ")))

	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), strings.Compare(a.Name, b.Name))
	})
	return &TooLargeError{Size: size, Limit: limit, Largest: parts[:min(len(parts), 5)], stored: stored}
}
