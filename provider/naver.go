package provider

import "golang.org/x/oauth2"

// Naver signs users in at Naver.
func Naver(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://nid.naver.com", ClientID: id, ClientSecret: secret, confidential: true, DisplayName: "Naver",
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
		"What the application gets to know is chosen where it is registered, not by scopes.",
		"Nothing says whether an address was verified.",
	},
	Unconfirmed: []string{
		"The PKCE parameters are ignored.",
		"Tokens are not taken back at logout; grant_type=delete at the token endpoint would do it.",
	},
	New: byClient(Naver),
}
