package vendors

import (
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/provider"
)

// Wikimedia signs users in with an account of Wikipedia and its sister projects.
func Wikimedia(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://meta.wikimedia.org",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Wikimedia",
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://meta.wikimedia.org/w/rest.php/oauth2/authorize",
			TokenURL:  "https://meta.wikimedia.org/w/rest.php/oauth2/access_token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
		APIBase: "https://meta.wikimedia.org/w/rest.php",
		UserURL: "oauth2/resource/profile",
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
		Protocol: provider.OAuthTwo,
		Register: "https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration",
		Notes: []string{
			"Wikimedia must approve an application before anyone but its owner can sign in.",
			"Choose the data that the application receives where you register it.",
		},
		Unconfirmed: []string{"The client authenticates in the form.", pkceIgnored},
		New:         byClient(Wikimedia),
	}
}
