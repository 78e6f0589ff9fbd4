package vendors

import "github.com/sallyport-go/sallyport/provider"

// Ory signs users in at a project of the Ory Network, such as
// "https://example.projects.oryapis.com", or at an Ory Hydra installation.
func Ory(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       at.at(""),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Ory",
		Err:          at.check(),
	}
}

func oryVendor() Vendor {
	return Vendor{
		Name:     "ory",
		Label:    "Ory",
		Protocol: OpenIDConnect,
		Register: "https://console.ory.sh/",
		Settings: []Setting{baseURLSetting("https://example.projects.oryapis.com")},
		Notes: []string{
			"A refresh token comes with the scope offline_access or offline.",
			"Some versions of Hydra write their issuer with a slash at the end: set Issuer as " +
				"the discovery document writes it.",
		},
		Unconfirmed: []string{
			"The issuer of a project is its URL.",
		},
		New: byBaseURL(Ory),
	}
}
