package vendors

import "github.com/sallyport-go/sallyport/provider"

// Box signs users in at Box. The email address is the one that the user signs in with.
func Box(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://account.box.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Box",
		OtherOrigins: []string{"https://api.box.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://account.box.com/api/oauth2/authorize",
			Token:         "https://api.box.com/oauth2/token",
			UserInfo:      "users/me",
			Revocation:    "https://api.box.com/oauth2/revoke",
		},
		AuthMethod: "client_secret_post",
		APIBase:    "https://api.box.com/2.0",
		UserFields: provider.Fields{ID: "id", Name: "name", Email: "login", Picture: "avatar_url"},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func boxVendor() Vendor {
	return Vendor{
		Name:     "box",
		Label:    "Box",
		Protocol: OAuthTwo,
		Register: "https://app.box.com/developers/console",
		Notes: []string{
			"Box does not say whether an email address is verified. Box reportedly requires a " +
				"verified address to sign in; to rely on that, set EmailTrust to " +
				"EmailAlwaysVerified.",
			"Refresh tokens rotate: each is valid for one refresh, within 60 days.",
			"A logout may also revoke the tokens of other devices.",
		},
		Unconfirmed: []string{pkceIgnored},
		New:         byClient(Box),
	}
}
