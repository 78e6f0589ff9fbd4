package provider

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

// withScopes returns tokens whose Scopes are written as they were asked for, so that everything
// after it compares scopes exactly. A provider that does not list them has granted those asked for
// (RFC 6749 section 5.1). What it grants in another spelling it has granted all the same: the
// answer is one to our question. So it has what else is proven. What was not asked for stays as it
// is.
func withScopes(t session.Tokens, asked []string, proven ...string) session.Tokens {
	if t.Scopes == nil {
		t.Scopes = asked
		return t
	}
	granted, known := spellingsOf(t.Scopes), spellingsOf(asked)
	scopes := []string{}
	for _, scope := range asked {
		if granted.have(scope) || slices.Contains(proven, scope) {
			scopes = append(scopes, scope)
		}
	}
	for _, scope := range t.Scopes {
		if !known.have(scope) {
			scopes = append(scopes, scope)
		}
	}
	t.Scopes = scopes
	return t
}

// proven are the scopes that the tokens of a login prove, whether they are listed or not.
func proven(t session.Tokens) []string {
	scopes := []string{scopeOpenID, scopeOffline}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !t.Granted(scope) })
}

const (
	scopeOpenID  = "openid"
	scopeOffline = "offline_access"
)

// spellings are scopes without what providers change about them: case, and an address in front, as
// in "https://graph.microsoft.com/User.Read". Two different addresses are two scopes.
type spellings struct {
	whole map[string]bool
	last  map[string]bool // what follows the last slash of an address
}

func spellingsOf(scopes []string) spellings {
	s := spellings{map[string]bool{}, map[string]bool{}}
	for _, scope := range scopes {
		whole, last := spelling(scope)
		s.whole[whole] = true
		if last != "" {
			s.last[last] = true
		}
	}
	return s
}

// spelling returns a scope in lower case, and its last part if it is an address.
func spelling(scope string) (whole, last string) {
	whole = strings.ToLower(scope)
	if strings.Contains(whole, "://") {
		last = whole[strings.LastIndexByte(whole, '/')+1:]
	}
	return whole, last
}

func (s spellings) have(scope string) bool {
	whole, last := spelling(scope)
	if last != "" {
		return s.whole[whole] || s.whole[last]
	}
	return s.whole[whole] || s.last[whole]
}

// withoutPrefix is a scope without the address that the provider puts in front of it.
func (d *Dialect) withoutPrefix(scope string) string {
	for _, prefix := range d.ScopePrefixes {
		if rest, found := strings.CutPrefix(scope, prefix); found && rest != "" {
			return rest
		}
	}
	return scope
}

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

func checkScopeNames(scopes []string) []error {
	var mistakes []error
	for _, scope := range scopes {
		if !validScope(scope) {
			mistakes = append(mistakes, wrongField("Scopes", "%q is not a scope (RFC 6749 section 3.3)", scope))
		}
	}
	return mistakes
}

// validScope reports whether s is a scope-token of RFC 6749 section 3.3.
func validScope(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' || r == '"' || r == '\\' {
			return false
		}
	}
	return s != ""
}
