package vendors

import "github.com/sallyport-go/sallyport/provider"

// Yahoo signs users in at Yahoo.
func Yahoo(id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       "https://api.login.yahoo.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Yahoo",
		AuthMethod:   "client_secret_basic",
		Endpoints: provider.Endpoints{
			Revocation: "https://api.login.yahoo.com/oauth2/revoke",
		}, // the metadata has it under another name
	}
}

func yahooVendor() Vendor {
	return Vendor{
		Name:     "yahoo",
		Label:    "Yahoo",
		Protocol: OpenIDConnect,
		Register: "https://developer.yahoo.com/apps/",
		Notes: []string{
			"Yahoo has no logout endpoint: signing out ends the session in your application only.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are supported or ignored.",
		},
		New: byClient(Yahoo),
	}
}
