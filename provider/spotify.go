package provider

import "golang.org/x/oauth2"

// Spotify signs users in at Spotify. The address is one that nobody has verified.
func Spotify(id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://accounts.spotify.com", ClientID: id, ClientSecret: secret, DisplayName: "Spotify",
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://accounts.spotify.com/authorize",
			TokenURL:  "https://accounts.spotify.com/api/token",
			AuthStyle: oauth2.AuthStyleInHeader,
		},
		Scopes:  []string{"user-read-email", "user-read-private"},
		APIBase: "https://api.spotify.com/v1", UserURL: "me",
		UserFields: Fields{ID: "id", Name: "display_name|id", Email: "email", Picture: "images.0.url"},
		EmailTrust: EmailNeverVerified,
	}
}

var spotifyPreset = Preset{
	Name: "spotify", Label: "Spotify", Protocol: OAuthTwo, Register: "https://developer.spotify.com/dashboard",
	Notes: []string{"Spotify says of its addresses that they are not verified, so they never count as such."},
	Unconfirmed: []string{
		"Whether refresh tokens of public clients are good once.",
		"The revocation endpoint of Spotify's OpenID Connect metadata is not used.",
	},
	New: byClient(Spotify),
}
