package vendors

import "github.com/sallyport-go/sallyport/provider"

// Auth0 signs users in at Auth0, at the tenant's domain or a custom one. Logout is RP-initiated
// where that is enabled for the tenant, and otherwise Auth0's own.
func Auth0(domain Domain, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       domain.at("/"),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Auth0",
		VendorLogout: &provider.VendorLogout{
			URL:         domain.at("/v2/logout"),
			ReturnParam: "returnTo",
			WhenMissing: true,
		},
		Err: domain.check(),
	}
}

func auth0Vendor() Vendor {
	return Vendor{
		Name:     "auth0",
		Label:    "Auth0",
		Protocol: OpenIDConnect,
		Register: "https://manage.auth0.com/#/applications",
		Settings: []Setting{domainSetting("example.eu.auth0.com")},
		Notes: []string{
			"A refresh token comes with the scope offline_access. Refresh tokens rotate when " +
				"rotation is on for the application: each is then valid for one refresh.",
			"For an access token of an API, set AuthParams audience; for one organization, set " +
				"AuthParams organization and RequiredClaims org_id.",
			"Auth0 adds no roles by default: an action adds a claim, such as " +
				"https://example.com/roles, for RolesClaim.",
		},
		Unconfirmed: []string{
			"The parameters audience and organization of authorization requests.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Auth0(Domain(v["domain"]), id, secret), nil
		},
	}
}
