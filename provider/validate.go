package provider

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// checkVerbatim makes sure that what the provider gave the application has been copied without white
// space or a line end, which the provider would answer with invalid_client. The value may be a secret.
func checkVerbatim(name, value string) error {
	invisible := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}
	if strings.TrimFunc(value, invisible) != value {
		return fmt.Errorf("%s has white space or a line end around it: remove it", name)
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("%s holds a line end or another control character: remove it", name)
	}
	return nil
}

// checkClient checks the ID and the secret that the provider gave the application.
func checkClient(id, secret string) []error {
	mistakes := []error{checkVerbatim("ClientID", id), checkVerbatim("ClientSecret", secret)}
	if id == "" {
		mistakes = append(mistakes, errors.New("ClientID is missing"))
	}
	return mistakes
}
