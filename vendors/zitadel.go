package vendors

import "github.com/sallyport-go/sallyport/provider"

// Zitadel signs users in at a ZITADEL instance, such as "https://example.zitadel.cloud". The
// audience of its ID tokens are all applications of the project, and the project: set
// TrustedAudiences to the other IDs.
func Zitadel(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       at.at(""),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "ZITADEL",
		Err:          at.check(),
	}
}

func zitadelVendor() Vendor {
	return Vendor{
		Name:     "zitadel",
		Label:    "ZITADEL",
		Protocol: OpenIDConnect,
		Register: "https://zitadel.com/docs/guides/manage/console/applications",
		Settings: []Setting{
			baseURLSetting("https://example.zitadel.cloud"),
			{
				Name: "trusted_audiences",
				Help: "the IDs of the project and of its other applications, separated by " +
					"commas, if they are audiences of the ID tokens",
			},
		},
		Notes: []string{
			"A refresh token comes with the scope offline_access.",
			"For roles, set RolesClaim to urn:zitadel:iam:org:project:roles; the names of its " +
				"members are the roles.",
		},
		Unconfirmed: []string{
			"The roles are in the claim urn:zitadel:iam:org:project:roles.",
			"The audiences of an ID token are all applications of the project, and the project.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			o := Zitadel(BaseURL(v["base_url"]), id, secret)
			o.TrustedAudiences = listed(v["trusted_audiences"])
			return o, nil
		},
	}
}
