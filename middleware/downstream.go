package middleware

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// challengeParam is one parameter of a challenge.
var challengeParam = regexp.MustCompile(`([a-z_]+)="([^"\\]{0,500})"`)

// challenged reads the challenge of an API that takes the token and wants more: a step-up (RFC 9470
// section 3) or a scope (RFC 6750 section 3.1). It is nil for any other answer.
func challenged(resp *http.Response) *stepUp {
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return nil
	}
	for _, line := range resp.Header["Www-Authenticate"] {
		scheme, rest, _ := strings.Cut(line, " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") {
			continue
		}
		params := map[string]string{}
		for _, m := range challengeParam.FindAllStringSubmatch(rest, -1) {
			params[m[1]] = m[2]
		}
		if step := wanted(params); step != nil {
			return step
		}
	}
	return nil
}

func wanted(params map[string]string) *stepUp {
	switch params["error"] {
	case "insufficient_user_authentication":
		step := &stepUp{request: provider.Request{ACRValues: acrValues(params["acr_values"])}}
		if seconds, err := strconv.Atoi(params["max_age"]); err == nil && seconds >= 0 {
			age := time.Duration(min(seconds, 1<<30)) * time.Second
			step.request.MaxAge = &age
		}
		return step
	case "insufficient_scope":
		if scopes := strings.Fields(params["scope"]); len(scopes) > 0 {
			return &stepUp{missing: scopes}
		}
	}
	return nil
}

// maxACRValues is how many classes an API may ask for.
const maxACRValues = 10

// acrValues are the classes that an API asks for, as far as they can be classes: printable ASCII.
func acrValues(text string) []string {
	values := slices.DeleteFunc(strings.Fields(text), func(value string) bool {
		return strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' })
	})
	return values[:min(len(values), maxACRValues)]
}

// mayAsk takes from a step-up the scopes that the application does not list: an API does not choose
// what the user is asked to consent to. It reports whether anything is left to ask for.
func (c *caller) mayAsk(step *stepUp, tokens session.Tokens) bool {
	if step.missing == nil {
		return true
	}
	var configured []string
	if d, ok := c.provider.(provider.Describer); ok {
		configured = d.Describe().Scopes
	}
	step.missing = slices.DeleteFunc(step.missing, func(scope string) bool {
		return !slices.Contains(configured, scope) && !c.guard.scopes.has(scope)
	})
	// Those granted before are asked for again: the new tokens replace the old ones.
	step.request.Scopes = withGranted(tokens.Scopes, step.missing)
	return len(step.missing) > 0
}

// listed are the scopes that the guards of the application name. The zero value is ready for use.
type listed struct {
	mu     sync.RWMutex
	scopes map[string]bool
}

func (l *listed) add(scopes []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.scopes == nil {
		l.scopes = map[string]bool{}
	}
	for _, scope := range scopes {
		l.scopes[scope] = true
	}
}

func (l *listed) has(scope string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.scopes[scope]
}
