package provider

import (
	"fmt"
	"maps"
	"slices"
)

// anyValue stands for every text in RequiredClaims.
const anyValue = "*"

// checkRequired makes sure that the user is one of those who may sign in here. Only what is signed counts.
func (o *OIDC) checkRequired(t *idToken) error {
	for _, name := range slices.Sorted(maps.Keys(o.RequiredClaims)) {
		values, err := t.claims.texts(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(nonEmpty(values), func(value string) bool {
			return slices.Contains(o.RequiredClaims[name], value) || slices.Contains(o.RequiredClaims[name], anyValue)
		}) {
			return &notAdmitted{fmt.Errorf("%s is missing, or none of those that are required", name)}
		}
	}
	return nil
}
