package vendors

import (
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/provider"
)

// DigitalOcean signs users in at DigitalOcean.
func DigitalOcean(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://cloud.digitalocean.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "DigitalOcean",
		OtherOrigins: []string{"https://api.digitalocean.com"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://cloud.digitalocean.com/v1/oauth/authorize",
			TokenURL:  "https://cloud.digitalocean.com/v1/oauth/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
		Scopes:  []string{"read"},
		APIBase: "https://api.digitalocean.com/v2",
		UserURL: "account",
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
		Protocol: provider.OAuthTwo,
		Register: "https://cloud.digitalocean.com/account/api/applications",
		Notes:    []string{"The scope read opens everything that is the user's, for reading."},
		Unconfirmed: []string{
			"The PKCE parameters are ignored.",
			"The client authenticates in the form.",
			"The member account.name.",
		},
		New: byClient(DigitalOcean),
	}
}
