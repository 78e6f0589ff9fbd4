package vendors

import "github.com/sallyport-go/sallyport/provider"

// DigitalOcean signs users in at DigitalOcean.
func DigitalOcean(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://cloud.digitalocean.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "DigitalOcean",
		OtherOrigins: []string{"https://api.digitalocean.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://cloud.digitalocean.com/v1/oauth/authorize",
			Token:         "https://cloud.digitalocean.com/v1/oauth/token",
			UserInfo:      "account",
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"read"},
		APIBase:    "https://api.digitalocean.com/v2",
		UserFields: provider.Fields{
			ID:            "account.uuid",
			Name:          "account.name",
			Email:         "account.email",
			EmailVerified: "account.email_verified",
		},
	}
}

func digitalOceanVendor() Vendor {
	return Vendor{
		Name:     "digitalocean",
		Label:    "DigitalOcean",
		Protocol: OAuthTwo,
		Register: "https://cloud.digitalocean.com/account/api/applications",
		Notes: []string{
			"The scope read gives read access to all of the user's data.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored.",
			"The client authenticates in the form.",
			"The member account.name.",
		},
		New: byClient(DigitalOcean),
	}
}
