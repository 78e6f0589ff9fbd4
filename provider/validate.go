package provider

import (
	"strings"
	"unicode"
)

// checkVerbatim rejects surrounding white space and control characters in credentials, a common
// copying mistake that the provider would report as invalid_client only. Errors never quote the
// value, which may be a secret.
func checkVerbatim(name, value string) error {
	invisible := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}
	if strings.TrimFunc(value, invisible) != value {
		return wrongField(name, "has white space or a line end around it: remove it")
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return wrongField(name, "holds a line end or another control character: remove it")
	}
	return nil
}

// checkClient checks the client ID and the client secret.
func checkClient(id, secret string) []error {
	mistakes := []error{checkVerbatim("ClientID", id), checkVerbatim("ClientSecret", secret)}
	if id == "" {
		mistakes = append(mistakes, wrongField("ClientID", "is missing"))
	}
	return mistakes
}
