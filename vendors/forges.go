package vendors

import "github.com/sallyport-go/sallyport/provider"

// Gitea signs users in at an installation of Gitea.
func Gitea(at BaseURL, id, secret string) *provider.OAuth2 {
	o := giteaAt(at, id, secret)
	o.DisplayName = "Gitea"
	return o
}

// Forgejo signs users in at an installation of Forgejo, such as "https://codeberg.org".
func Forgejo(at BaseURL, id, secret string) *provider.OAuth2 {
	o := giteaAt(at, id, secret)
	o.DisplayName = "Forgejo"
	return o
}

func giteaAt(at BaseURL, id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       at.issuer(),
		ClientID:     id,
		ClientSecret: secret,
		Err:          at.check(),
		Endpoints: provider.Endpoints{
			Authorization: at.at("/login/oauth/authorize"),
			Token:         at.at("/login/oauth/access_token"),
			UserInfo:      "user",
		},
		Scopes:  []string{"read:user"},
		APIBase: at.at("/api/v1"),
		UserFields: provider.Fields{
			ID:       "id",
			Name:     "full_name|login",
			Username: "login",
			Email:    "email",
			Picture:  "avatar_url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func giteaVendor() Vendor {
	return Vendor{
		Name:     "gitea",
		Label:    "Gitea",
		Protocol: OAuthTwo,
		Register: "https://docs.gitea.com/development/oauth2-provider",
		Settings: []Setting{baseURLSetting("https://git.example.com")},
		Notes: []string{
			"Register the application in Settings, Applications, of a user or of an organization.",
			"The server does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"Older versions ignore the scope read:user: their tokens give access to all of the " +
				"user's data.",
		},
		New: byBaseURL(Gitea),
	}
}

func forgejoVendor() Vendor {
	return Vendor{
		Name:        "forgejo",
		Label:       "Forgejo",
		Protocol:    OAuthTwo,
		Register:    "https://forgejo.org/docs/latest/user/oauth2-provider/",
		Settings:    []Setting{baseURLSetting("https://codeberg.org")},
		Notes:       giteaVendor().Notes,
		Unconfirmed: giteaVendor().Unconfirmed,
		New:         byBaseURL(Forgejo),
	}
}
