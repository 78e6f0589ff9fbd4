package provider

import "fmt"

// An EmailTrust says when an email address is treated as verified. MapUser may still decide
// otherwise, but nothing overrides EmailNeverVerified.
type EmailTrust int

// The kinds of trust. Few providers deserve EmailAlwaysVerified: those that issue no account or
// address before the address is confirmed.
const (
	// EmailByMember: when the member at Fields.EmailVerified is true or "true". OIDC reads
	// email_verified without such a path; OAuth2 and OAuth1 then treat no address as verified.
	EmailByMember EmailTrust = iota
	// EmailNeverVerified: never, whatever the profile and MapUser say.
	EmailNeverVerified
	// EmailAlwaysVerified: whenever there is an address.
	EmailAlwaysVerified
)

// verified decides about an address of which the provider said whether it is verified.
func (t EmailTrust) verified(said bool) bool {
	switch t {
	case EmailNeverVerified:
		return false
	case EmailAlwaysVerified:
		return true
	}
	return said
}

func (t EmailTrust) check() error {
	if t < EmailByMember || t > EmailAlwaysVerified {
		return fmt.Errorf("EmailTrust %d is not known", t)
	}
	return nil
}
