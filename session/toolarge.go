package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A TooLargeError means that a session exceeds the size of its cookies or of a record in the store.
// It names the largest parts, never their content. To solve it, use a server-side Config.Store,
// fewer scopes or claims, or Config.ProfileOnly.
type TooLargeError struct {
	Size    int    // of the session, in bytes of sealed text
	Limit   int    // in bytes
	Largest []Part // the largest parts, in descending order; at most five

	stored bool // in a store
}

// A Part is a part of a session, such as "claim groups", "access token" or "value theme", and its
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
		way = fmt.Sprintf("keep sessions in a server-side store (Config.Store), where %d "+
			"bytes fit, ", maxRecord)
	}
	return fmt.Sprintf("session: too large: %d bytes exceed the limit of %d bytes in %s; largest "+
		"parts in bytes: %s; "+
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
	return &TooLargeError{Size: size, Limit: limit, Largest: parts[:min(len(parts), 5)],
		stored: stored}
}
