package vendors

import "github.com/sallyport-go/sallyport/provider"

// Zitadel signs users in at an instance of ZITADEL, such as "https://example.zitadel.cloud". ID tokens are for all applications of the
// project: set TrustedAudiences to the IDs of the others, and of the project.
func Zitadel(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{Issuer: at.at(""), ClientID: id, ClientSecret: secret, DisplayName: "ZITADEL", Err: at.check()}
}

func zitadelVendor() Vendor {
	return Vendor{
		Name: "zitadel", Label: "ZITADEL", Protocol: provider.OpenIDConnect, Register: "https://zitadel.com/docs/guides/manage/console/applications",
		Settings: []Setting{
			baseURLSetting("https://example.zitadel.cloud"),
			{Name: "trusted_audiences", Help: "the IDs of the project and of its other applications, with commas between them, if ID tokens have them as further audiences"},
		},
		Notes: []string{
			"A refresh token comes with the scope offline_access.",
			"Roles are the names of the members of an object, which MapUser has to read.",
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
