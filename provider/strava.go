package provider

import "golang.org/x/oauth2"

// Strava signs athletes in at Strava. There are no e-mail addresses.
func Strava(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://www.strava.com", ClientID: id, ClientSecret: secret, confidential: true, DisplayName: "Strava",
		Endpoint: oauth2.Endpoint{
			AuthURL: "https://www.strava.com/oauth/authorize", TokenURL: "https://www.strava.com/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
		},
		Dialect: Dialect{EditAnswer: errorAt("errors.0.resource"), ErrorCodes: map[string]string{
			"AuthorizationCode": "invalid_grant", "RefreshToken": "invalid_grant", "Application": "invalid_client",
		}},
		Scopes: []string{"read"}, ScopeSeparator: ",",
		APIBase: "https://www.strava.com/api/v3", UserURL: "athlete",
		UserFields: Fields{ID: "id", Username: "username", Picture: "profile"},
		MapUser:    nameOf("firstname", "lastname"),
	}
}

var stravaPreset = Preset{
	Name: "strava", Label: "Strava", Protocol: OAuthTwo, Register: "https://www.strava.com/settings/api",
	Notes: []string{
		"Scopes are separated by commas; activities need more of them, such as activity:read.",
		"Refresh tokens rotate: a refresh may bring another, which ends the old one.",
		"Tokens are not revoked at logout: https://www.strava.com/oauth/deauthorize would end " +
			"the athlete's consent everywhere.",
	},
	Unconfirmed: []string{pkceIgnored},
	New:         byClient(Strava),
}
