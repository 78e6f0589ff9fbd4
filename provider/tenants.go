package provider

import (
	"context"
	"time"
)

// Tenants finds the providers of an application's tenants at run time, for tenants too numerous or
// short-lived to list in the configuration. Each provider has a name, like the configured ones, and
// its login is at {prefix}/login/{name}; the redirect URI to register is {base
// URL}{prefix}/callback/{name}. A configured provider takes precedence over a tenant of the same
// name.
//
// Two tenants are two providers, even with the same issuer: sessions, pending logins and logout
// tokens of one are invalid at the other. User.Key of a tenant's user includes the name of the
// tenant, so it differs from the keys of other tenants and of configured providers. A session ends
// if its tenant changes the issuer or client, and is rejected while Find has no provider for its
// tenant. Both take effect within Keep.
//
// A tenant's provider must serve its metadata and all its endpoints from the origin of its issuer:
// a tenant may configure any issuer, but only that issuer's own origin proves it. Find fails for a
// provider with URLs at another origin, and so do logins if the metadata has some.
// OIDC.OtherOrigins permits others; the providers of package vendors list the vendor's own there.
// Provider types of other packages are not checked.
//
// If tenants supply the URLs of their providers, set HTTPClient to [PublicOnly]: otherwise a tenant
// can make the application send requests to its own network (SSRF).
type Tenants struct {
	// Find returns the provider of a name. If there is none, it returns nil: the user gets 404, and
	// sessions of that name end. On an error, such as an unavailable database, the request gets
	// 503, and sessions are kept.
	//
	// It is called for valid names (up to 64 of a-z, 0-9, '-' and '_', beginning with a letter or a
	// digit) that are not configured, once at a time for each name, and has ten seconds. Any
	// unauthenticated request for a login URL can trigger it, so it should be cheap. The context
	// has the values of the first request that needs the provider, but not its cancellation.
	// Concurrent requests share the result, so it must depend on the name only. The result is
	// validated like configured providers (Validator); an invalid one is an error, with the cause
	// in the log.
	Find func(ctx context.Context, name string) (Provider, error)

	// TrustRoles makes guards (RequireRole, RequireACR) accept roles and authentication context
	// classes from tenants' providers, on the tenant's own pages only: inside RequireTenant.
	// Default: they are rejected, because a tenant controls what its provider asserts.
	TrustRoles bool

	// Keep is how long a result is cached before Find is called again; that a name has no provider,
	// ten seconds at most. Default: one minute; at most a day.
	//
	// If Find returns a new value with the same configuration (all exported fields equal), the
	// previous value stays in use, with the metadata and keys that it has fetched. Functions are
	// never equal: a Find that sets some (MapUser, ...) should return the same value each time, or
	// metadata and keys are fetched again.
	Keep time.Duration

	// Limit bounds the cached providers, and likewise the cached names without one. The oldest are
	// evicted. Default: 1000.
	Limit int
}

// CheckTenant rejects a tenant's provider with URLs that are not at the origin of its issuer or in
// OtherOrigins. From then on the provider also rejects metadata with such URLs. It is called for
// each provider that Tenants.Find returns. Call it, after Validate, when a tenant saves its
// settings. Provider types of other packages are not checked.
func CheckTenant(p Provider) error {
	if p, ok := p.(interface{ confine() error }); ok {
		return p.confine()
	}
	return nil
}
