package provider

import (
	"context"
	"time"
)

// Tenants are the providers of an application's tenants: too many, or too short-lived, to be listed in its
// configuration. Each has a name, as the configured ones have, and signs in at {prefix}/login/{name}; the redirect URI to
// register is {base URL}{prefix}/callback/{name}. A configured provider goes before a tenant of the same name.
//
// Two tenants are two providers, also when both use the same issuer: a session, a login under way or a logout token of one
// is worth nothing at the other. User.Key of a tenant's user holds the name of the tenant, so it differs from the
// keys of all other tenants and of configured providers. A session ends when its tenant has another
// issuer or client, and is rejected while its tenant is unknown, within Keep.
//
// A tenant's provider must serve its metadata and all its endpoints from the origin of its issuer: a
// tenant may write down any issuer, but only that issuer's own origin speaks for it. Find fails for a
// provider that leads elsewhere, and so do logins if the metadata does. OIDC.OtherOrigins permits
// more; what package vendors returns names the vendor's own. A Provider
// that is none of this package's is up to the application.
//
// Where tenants choose the addresses of their providers themselves, give those the HTTPClient of [PublicOnly]: or a tenant can make
// the application ask its own network.
type Tenants struct {
	// Find returns the provider of a name, for one request. A nil provider says that there is none: the user gets 404, and sessions of that
	// name end. An error says that it is not known now: the request gets 503, and nobody is signed in or out.
	//
	// It is asked for names that a provider may have (up to 64 of a-z, 0-9, '-' and '_', beginning with a
	// letter or a digit) and that are not configured, once at a time for each name, and has ten
	// seconds. Anybody can make it be asked, by opening the address of a login, so it should cost little. The context is that of the request that needed the answer first, less its end; others get the same answer, so it
	// must depend on the name alone. What it returns is checked as configured providers are (Validator); a mistake in it counts as
	// an error, with the cause in the log.
	Find func(ctx context.Context, name string) (Provider, error)

	// TrustRoles has guards believe what tenants' providers say of roles and of authentication context
	// classes (RequireRole, RequireACR), on the tenant's own pages only: inside RequireTenant. Default:
	// they do not believe it, because a tenant can make its provider say anything.
	TrustRoles bool

	// Keep is how long an answer stands before Find is asked again. That there is none stands for ten seconds at most. Default: one
	// minute; at most a day.
	//
	// With a new value of the same configuration, the value of before stays in use, and with it what it has read from the provider. It
	// is the same when all exported fields are equal; functions never are, so a Find that sets some (MapUser, ...) should return
	// the value that it returned before, or the provider's metadata and keys are read anew each time.
	Keep time.Duration

	// Limit is how many answers are kept at the same time, and as many names that there are not. Beyond it the oldest go. Default: 1000.
	Limit int
}

// CheckTenant rejects a provider that must not be a tenant's, because addresses of it are not at the
// origin of its issuer or in OtherOrigins; from then on the provider rejects metadata that names
// such addresses. It is called for what Tenants.Find returns. Use it, after Validate, when a tenant
// saves its settings. A Provider of a type of your own is not checked.
func CheckTenant(p Provider) error {
	if p, ok := p.(interface{ confine() error }); ok {
		return p.confine()
	}
	return nil
}
