package provider

import (
	"slices"
	"strings"

	"github.com/sallyport-go/sallyport/session"
)

var defaultScopes = []string{"openid", "profile", "email"}

// scopes returns the scopes to request: openid always and first, without duplicates.
func (o *OIDC) scopes(more []string) []string {
	wanted := o.Scopes
	if len(wanted) == 0 {
		wanted = defaultScopes
	}
	return distinctScopes([]string{"openid"}, wanted, more)
}

// withScopes returns tokens whose Scopes are spelled as requested, so that later code can compare
// them exactly. A response without scope grants the requested ones (RFC 6749 section 5.1). Scopes
// in another spelling are granted too, because the response answers our request, and so are those
// in proven. Other scopes are kept unchanged.
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

// proven returns the scopes that the tokens of a login prove, listed or not.
func proven(t session.Tokens) []string {
	scopes := []string{scopeOpenID, scopeOffline}
	return slices.DeleteFunc(scopes, func(scope string) bool { return !t.Granted(scope) })
}

const (
	scopeOpenID  = "openid"
	scopeOffline = "offline_access"
)

// spellings are scopes without what providers change: case, and a URL prefix, as in
// "https://graph.microsoft.com/User.Read". Scopes with different URL prefixes are different.
type spellings struct {
	whole map[string]bool
	last  map[string]bool // what follows the last slash of a URL
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

// spelling returns a scope in lower case, and its last part if it is a URL.
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

// withoutPrefix returns a scope without the provider's prefix.
func (d *Dialect) withoutPrefix(scope string) string {
	for _, prefix := range d.ScopePrefixes {
		if rest, found := strings.CutPrefix(scope, prefix); found && rest != "" {
			return rest
		}
	}
	return scope
}

// A provider may grant more scopes than requested. The number that a session keeps is bounded:
// cookies and the next authorization request hold them, and guards search them.
const (
	maxScopes     = 256
	maxScopeBytes = 8 << 10
)

// keptScopes splits a text at spaces, and keeps as many scopes as a session may hold.
func keptScopes(text string) []string {
	return boundedScopes(strings.FieldsSeq(text))
}

// boundedScopes returns the first scopes, as many as a session may hold.
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

// distinctScopes joins lists of scopes, without duplicates and invalid ones.
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
			mistakes = append(mistakes,
				wrongField("Scopes", "%q is not a scope (RFC 6749 section 3.3)", scope))
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
