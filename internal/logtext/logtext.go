// Package logtext makes text from elsewhere, such as a provider's response, fit for a log.
package logtext

import (
	"regexp"
	"strconv"
)

// Printable makes text fit for one line of a log: whatever is not printable becomes '.', HTML tags
// lose their start, and what is beyond the longest number of characters is cut off.
func Printable(s string, longest int) string {
	out := make([]rune, 0, min(len(s), longest))
	cut := ""
	for _, r := range s {
		if len(out) == longest {
			cut = "…"
			break
		}
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			r = '.'
		}
		out = append(out, r)
	}
	return tagStart.ReplaceAllString(string(out), ".$1") + cut
}

// tagStart matches the start of an HTML tag or comment.
var tagStart = regexp.MustCompile(`<([A-Za-z/!?])`)
