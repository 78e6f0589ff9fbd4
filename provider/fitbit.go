package provider

import "golang.org/x/oauth2"

// Fitbit signs users in at Fitbit. There are no e-mail addresses.
func Fitbit(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://www.fitbit.com", ClientID: id, ClientSecret: secret, DisplayName: "Fitbit",
		Endpoint: oauth2.Endpoint{
			AuthURL: "https://www.fitbit.com/oauth2/authorize", TokenURL: "https://api.fitbit.com/oauth2/token", AuthStyle: oauth2.AuthStyleInHeader,
		},
		Dialect: Dialect{EditAnswer: errorAt("errors.0.errorType")},
		Scopes:  []string{"profile"},
		APIBase: "https://api.fitbit.com/1", UserURL: "user/-/profile.json",
		UserFields: Fields{ID: "user.encodedId", Name: "user.fullName|user.displayName", Picture: "user.avatar150"},
	}
}

var fitbitPreset = Preset{
	Name: "fitbit", Label: "Fitbit", Protocol: OAuthTwo, Register: "https://dev.fitbit.com/apps",
	Notes:       []string{"The kind of application is \"server\", which has a secret."},
	Unconfirmed: []string{"The API of Fitbit's own is to be retired.", "PKCE with S256 is understood along with a secret."},
	New:         byClient(Fitbit),
}
