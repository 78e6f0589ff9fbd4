package provider

import (
	"slices"
	"strings"
)

// A provider may grant more scopes than anyone has asked for. What a session keeps of them is bounded:
// they go into cookies and into the next authorization request, and guards search them.
const (
	maxScopes     = 256
	maxScopeBytes = 8 << 10
)

// keptScopes splits a text at spaces, and keeps what a session may hold.
func keptScopes(text string) []string {
	return boundedScopes(strings.FieldsSeq(text))
}

// boundedScopes keeps the first scopes, as many as a session may hold.
func boundedScopes(scopes func(yield func(string) bool)) []string {
	var kept []string
	bytes := 0
	for scope := range scopes {
		if bytes += len(scope); len(kept) == maxScopes || bytes > maxScopeBytes {
			break
		}
		kept = append(kept, scope)
	}
	return kept
}

// distinctScopes puts lists of scopes together, with no scope twice and nothing that is none.
func distinctScopes(lists ...[]string) []string {
	var distinct []string
	seen := map[string]bool{}
	for _, scope := range slices.Concat(lists...) {
		if validScope(scope) && !seen[scope] {
			seen[scope] = true
			distinct = append(distinct, scope)
		}
	}
	return distinct
}
