package middleware

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-go/sallyport/provider"
)

// challengeParam is one parameter of a challenge.
var challengeParam = regexp.MustCompile(`([a-z_]+)="([^"\\]{0,500})"`)

// challenged reads the challenge of an API that takes the token and wants more: a step-up (RFC 9470 section 3) or a
// scope (RFC 6750 section 3.1). It is nil for any other answer.
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
		step := &stepUp{request: provider.Request{ACRValues: strings.Fields(params["acr_values"])}}
		if seconds, err := strconv.Atoi(params["max_age"]); err == nil && seconds >= 0 {
			age := time.Duration(min(seconds, 1<<30)) * time.Second
			step.request.MaxAge = &age
		}
		return step
	case "insufficient_scope":
		if scopes := strings.Fields(params["scope"]); len(scopes) > 0 {
			return &stepUp{request: provider.Request{Scopes: scopes}, missing: scopes}
		}
	}
	return nil
}
