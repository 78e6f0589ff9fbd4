package vendors

import "github.com/sallyport-go/sallyport/provider"

// Coinbase signs users in at Coinbase.
func Coinbase(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://login.coinbase.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Coinbase",
		OtherOrigins: []string{"https://api.coinbase.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://login.coinbase.com/oauth2/auth",
			Token:         "https://login.coinbase.com/oauth2/token",
			UserInfo:      "user",
			Revocation:    "https://login.coinbase.com/oauth2/revoke",
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"wallet:user:read", "wallet:user:email"},
		APIBase:    "https://api.coinbase.com/v2",
		UserFields: provider.Fields{
			ID:       "data.id",
			Name:     "data.name",
			Username: "data.username",
			Email:    "data.email",
			Picture:  "data.avatar_url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func coinbaseVendor() Vendor {
	return Vendor{
		Name:     "coinbase",
		Label:    "Coinbase",
		Protocol: OAuthTwo,
		Register: "https://portal.cdp.coinbase.com/",
		Notes: []string{
			"Coinbase does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are supported or ignored.",
			"The client authenticates in the form.",
			"The scopes and the members of the profile.",
		},
		New: byClient(Coinbase),
	}
}
