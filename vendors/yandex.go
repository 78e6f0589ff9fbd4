package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Yandex signs users in at Yandex.
func Yandex(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://oauth.yandex.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Yandex",
		OtherOrigins: []string{"https://login.yandex.ru"},
		Endpoints: provider.Endpoints{
			Authorization: "https://oauth.yandex.com/authorize",
			Token:         "https://oauth.yandex.com/token",
			UserInfo:      "https://login.yandex.ru/info?format=json",
		},
		TokenScheme: "OAuth",
		UserFields: provider.Fields{
			ID:       "id",
			Name:     "real_name|display_name",
			Username: "login",
			Email:    "default_email",
		},
		EmailTrust: provider.EmailNeverVerified,
		MapUser: func(p provider.Profile, u *session.User) error {
			if avatar := p.Text("default_avatar_id"); avatar != "" && !p.True("is_avatar_empty") {
				u.Picture = "https://avatars.yandex.net/get-yapic/" + (&url.URL{
					Path: avatar,
				}).EscapedPath() + "/islands-200"
			}
			return nil
		},
	}
}

func yandexVendor() Vendor {
	return Vendor{
		Name:     "yandex",
		Label:    "Yandex",
		Protocol: OAuthTwo,
		Register: "https://oauth.yandex.com/",
		Notes: []string{
			"Choose the data that the application receives where you register it: access to the " +
				"email address, the name and the picture.",
			"Yandex does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"PKCE works together with a secret.",
			"The URL of the picture, and the members real_name, display_name, login and " +
				"is_avatar_empty.",
		},
		New: byClient(Yandex),
	}
}
