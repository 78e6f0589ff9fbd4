package vendors

import "github.com/sallyport-go/sallyport/provider"

// TikTok signs users in at TikTok. key is the client key. TikTok returns no email addresses, and
// the ID of a user differs in each application.
func TikTok(key, secret string) *provider.OAuth2 {
	clientKey := map[string]string{"client_id": "client_key"}
	return &provider.OAuth2{
		Issuer:         "https://www.tiktok.com",
		ClientID:       key,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "TikTok",
		OtherOrigins:   []string{"https://open.tiktokapis.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.tiktok.com/v2/auth/authorize",
			Token:         "https://open.tiktokapis.com/v2/oauth/token/",
			UserInfo:      "user/info/?fields=open_id,avatar_url,display_name",
			Revocation:    "https://open.tiktokapis.com/v2/oauth/revoke/",
		},
		AuthMethod:     "client_secret_post",
		Revocation:     provider.Revocation{TokenParam: "token"},
		AuthNames:      clientKey,
		Dialect:        provider.Dialect{Names: clientKey, CommaScopes: true},
		Scopes:         []string{"user.info.basic"},
		ScopeSeparator: ",",
		APIBase:        "https://open.tiktokapis.com/v2",
		UserFields: provider.Fields{
			ID:      "data.user.open_id",
			Name:    "data.user.display_name",
			Picture: "data.user.avatar_url",
		},
	}
}

func tikTokVendor() Vendor {
	return Vendor{
		Name:     "tiktok",
		Label:    "TikTok",
		Protocol: OAuthTwo,
		Register: "https://developers.tiktok.com/apps/",
		Notes: []string{
			"client_id is the client key.",
			"A user has a different ID in each application.",
			"Refresh tokens rotate: a refresh may bring another.",
		},
		Unconfirmed: []string{
			"Web applications may use PKCE.",
			"The revocation endpoint expects the access token in the parameter token.",
		},
		New: byClient(TikTok),
	}
}
