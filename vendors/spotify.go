package vendors

import "github.com/sallyport-go/sallyport/provider"

// Spotify signs users in at Spotify. Users are identified by account_id, which never changes.
// Spotify does not promise that for the older member id, so applications that already store id
// should migrate; until then they set UserFields.ID to "id". The email address is not verified, and
// is missing for applications in development mode.
func Spotify(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://accounts.spotify.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Spotify",
		OtherOrigins: []string{"https://api.spotify.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://accounts.spotify.com/authorize",
			Token:         "https://accounts.spotify.com/api/token",
			UserInfo:      "me",
		},
		Scopes:  []string{"user-read-email"},
		APIBase: "https://api.spotify.com/v1",
		UserFields: provider.Fields{
			ID:      "account_id",
			Name:    "display_name|id",
			Email:   "email",
			Picture: "images.0.url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func spotifyVendor() Vendor {
	return Vendor{
		Name:     "spotify",
		Label:    "Spotify",
		Protocol: OAuthTwo,
		Register: "https://developer.spotify.com/dashboard",
		Notes: []string{
			"Users are identified by account_id; an application that already stores id sets " +
				"UserFields.ID to id (the setting user.id).",
			"In development mode, an application has at most 5 users, its owner needs Premium, " +
				"and Spotify sends no email address; extended quota mode has none of these " +
				"limits.",
			"Spotify does not verify email addresses, so none is treated as verified.",
			"Refresh tokens end 6 months after the user's consent, whether or not they are used; " +
				"the user then signs in again.",
			"For a public client (no secret), refresh tokens rotate: each is valid for one " +
				"refresh.",
		},
		Unconfirmed: []string{
			"The revocation endpoint of Spotify's OpenID Connect metadata is not used.",
		},
		New: byClient(Spotify),
	}
}
