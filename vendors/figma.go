package vendors

import "github.com/sallyport-go/sallyport/provider"

// Figma signs users in at Figma.
func Figma(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://www.figma.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Figma",
		OtherOrigins: []string{"https://api.figma.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.figma.com/oauth",
			Token:         "https://api.figma.com/v1/oauth/token",
			UserInfo:      "me",
		},
		RefreshURL: "https://api.figma.com/v1/oauth/refresh",
		Scopes:     []string{"current_user:read"},
		APIBase:    "https://api.figma.com/v1",
		UserFields: provider.Fields{ID: "id", Name: "handle", Email: "email", Picture: "img_url"},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func figmaVendor() Vendor {
	return Vendor{
		Name:     "figma",
		Label:    "Figma",
		Protocol: OAuthTwo,
		Register: "https://www.figma.com/developers/apps",
		Notes: []string{
			"Figma does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"PKCE is supported and the client authenticates with Basic; one other library does " +
				"both.",
		},
		New: byClient(Figma),
	}
}
