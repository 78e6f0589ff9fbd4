package middleware

import "strings"

// asksForPassword reports whether a browser would show a dialog for a line of challenges, in the
// name of this site. A line may have several (RFC 9110 section 11.6.1), and one that cannot be read
// is taken for one that does.
func asksForPassword(line string) bool {
	parts, ok := splitUnquoted(line)
	for i, part := range parts {
		name, _, parameter := strings.Cut(part, "=")
		scheme, _, begins := strings.Cut(strings.TrimSpace(name), " ")
		if i > 0 && parameter && !begins { // of the challenge before
			continue
		}
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") {
			return true
		}
	}
	return !ok
}

// splitUnquoted splits a header at the commas outside of quoted strings. It is not ok if a quoted
// string has no end or an escape, which parsers read differently.
func splitUnquoted(line string) (parts []string, ok bool) {
	quoted, start := false, 0
	for i := range len(line) {
		switch c := line[i]; {
		case c == '\\':
			return parts, false
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			parts, start = append(parts, line[start:i]), i+1
		}
	}
	return append(parts, line[start:]), !quoted
}
