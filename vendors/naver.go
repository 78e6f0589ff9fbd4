package vendors

import "github.com/sallyport-go/sallyport/provider"

// Naver signs users in at Naver.
func Naver(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://nid.naver.com",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Naver",
		OtherOrigins:   []string{"https://openapi.naver.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://nid.naver.com/oauth2.0/authorize",
			Token:         "https://nid.naver.com/oauth2.0/token",
			UserInfo:      "nid/me",
		},
		AuthMethod: "client_secret_post",
		Dialect:    provider.Dialect{Sniff: true},
		APIBase:    "https://openapi.naver.com/v1",
		UserFields: provider.Fields{
			ID:       "response.id",
			Name:     "response.name|response.nickname",
			Username: "response.nickname",
			Email:    "response.email",
			Picture:  "response.profile_image",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func naverVendor() Vendor {
	return Vendor{
		Name:     "naver",
		Label:    "Naver",
		Protocol: OAuthTwo,
		Register: "https://developers.naver.com/apps/",
		Notes: []string{
			"Choose the data that the application receives where you register it, not by scopes.",
			"Naver does not say whether an email address is verified.",
			"Tokens are not revoked at logout: grant_type=delete at the token endpoint would end " +
				"the user's consent.",
			"Naver also supports OpenID Connect, with the issuer https://nid.naver.com and " +
				"endpoints below /oauth2/ instead of /oauth2.0/. Before you switch, check that " +
				"sub equals response.id, or every user becomes a new one.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored; Naver documents them for OpenID Connect only.",
		},
		New: byClient(Naver),
	}
}
