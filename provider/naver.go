package provider

import "golang.org/x/oauth2"

// Naver signs users in at Naver.
func Naver(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://nid.naver.com", ClientID: id, ClientSecret: secret, confidential: true, DisplayName: "Naver",
		OtherOrigins: []string{"https://openapi.naver.com"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://nid.naver.com/oauth2.0/authorize",
			TokenURL:  "https://nid.naver.com/oauth2.0/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
		Dialect: Dialect{Sniff: true},
		APIBase: "https://openapi.naver.com/v1", UserURL: "nid/me",
		UserFields: Fields{ID: "response.id", Name: "response.name|response.nickname", Username: "response.nickname", Email: "response.email", Picture: "response.profile_image"},
		EmailTrust: EmailNeverVerified,
	}
}

var naverPreset = Preset{
	Name: "naver", Label: "Naver", Protocol: OAuthTwo, Register: "https://developers.naver.com/apps/",
	Notes: []string{
		"Choose the data that the application receives where you register it, not by scopes.",
		"Naver does not say whether an address is verified.",
		"Tokens are not revoked at logout: grant_type=delete at the token endpoint would end the " +
			"user's consent.",
		"Naver also supports OpenID Connect, with the issuer https://nid.naver.com and endpoints " +
			"below /oauth2/ instead of /oauth2.0/. Before you switch, check that sub equals " +
			"response.id, or every user becomes a new one.",
	},
	Unconfirmed: []string{
		"The PKCE parameters are ignored; Naver documents them for OpenID Connect only.",
	},
	New: byClient(Naver),
}
