package vendors

import "github.com/sallyport-go/sallyport/provider"

// Patreon signs users in at Patreon.
func Patreon(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://www.patreon.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Patreon",
		Endpoints: provider.Endpoints{
			Authorization: "https://www.patreon.com/oauth2/authorize",
			Token:         "https://www.patreon.com/api/oauth2/token",
			UserInfo: "identity?fields%5Buser%5D=" + // the brackets must be escaped
				"full_name,email,image_url,is_email_verified,vanity",
			Revocation: "https://www.patreon.com/oauth2/revoke",
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"identity", "identity[email]"},
		APIBase:    "https://www.patreon.com/api/oauth2/v2",
		UserFields: provider.Fields{
			ID:            "data.id",
			Name:          "data.attributes.full_name",
			Username:      "data.attributes.vanity",
			Email:         "data.attributes.email",
			EmailVerified: "data.attributes.is_email_verified",
			Picture:       "data.attributes.image_url",
		},
	}
}

func patreonVendor() Vendor {
	return Vendor{
		Name:     "patreon",
		Label:    "Patreon",
		Protocol: OAuthTwo,
		Register: "https://www.patreon.com/portal/registration/register-clients",
		Notes: []string{
			"The scope for the email address is identity[email], with the brackets.",
		},
		Unconfirmed: []string{pkceIgnored, "The revocation endpoint is one of RFC 7009."},
		New:         byClient(Patreon),
	}
}
