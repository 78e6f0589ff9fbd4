package vendors

import "github.com/sallyport-go/sallyport/provider"

// Wikimedia signs users in with an account of Wikipedia and its sister projects.
func Wikimedia(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://meta.wikimedia.org",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Wikimedia",
		Endpoints: provider.Endpoints{
			Authorization: "https://meta.wikimedia.org/w/rest.php/oauth2/authorize",
			Token:         "https://meta.wikimedia.org/w/rest.php/oauth2/access_token",
			UserInfo:      "oauth2/resource/profile",
		},
		AuthMethod: "client_secret_post",
		APIBase:    "https://meta.wikimedia.org/w/rest.php",
		UserFields: provider.Fields{
			ID:            "sub",
			Name:          "realname|username",
			Username:      "username",
			Email:         "email",
			EmailVerified: "confirmed_email",
		},
	}
}

func wikimediaVendor() Vendor {
	return Vendor{
		Name:     "wikimedia",
		Label:    "Wikimedia",
		Protocol: OAuthTwo,
		Register: "https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration",
		Notes: []string{
			"Wikimedia must approve an application before users other than its owner can sign in.",
			"Choose the data that the application receives where you register it.",
		},
		Unconfirmed: []string{"The client authenticates in the form.", pkceIgnored},
		New:         byClient(Wikimedia),
	}
}
