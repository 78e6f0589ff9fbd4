package vendors

import "github.com/sallyport-go/sallyport/provider"

// Dex signs users in at a dex installation, such as "https://dex.example.com/dex". User.Roles are
// the groups that its connectors report.
func Dex(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       at.at(""),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "dex",
		Err:          at.check(),
		Scopes:       []string{"openid", "profile", "email", "groups"},
		RolesClaim:   "groups",
	}
}

func dexVendor() Vendor {
	return Vendor{
		Name:     "dex",
		Label:    "dex",
		Protocol: OpenIDConnect,
		Register: "https://dexidp.io/docs/getting-started/",
		Settings: []Setting{baseURLSetting("https://dex.example.com/dex")},
		Notes: []string{
			"The address is the issuer in dex's configuration, usually with a path.",
			"A refresh token comes with the scope offline_access.",
			"The connector decides whether an address is verified.",
		},
		Unconfirmed: []string{
			"The subject contains the connector, so a user who changes the connector becomes a " +
				"new one.",
		},
		New: byBaseURL(Dex),
	}
}
