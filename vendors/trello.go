package vendors

import (
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Trello signs users in at Trello. For the application name on the consent page, call
// AuthParams.Set("name", "Reports").
func Trello(key, secret string) *provider.OAuth1 {
	return &provider.OAuth1{
		Issuer:       "https://trello.com",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Trello",
		OtherOrigins: []string{"https://api.trello.com"},
		Endpoints: provider.Endpoints{
			RequestToken:  "https://trello.com/1/OAuthGetRequestToken",
			Authorization: "https://trello.com/1/OAuthAuthorizeToken",
			Token:         "https://trello.com/1/OAuthGetAccessToken",
			UserInfo:      "https://api.trello.com/1/members/me",
		},
		AuthParams: url.Values{"scope": {"read,account"}, "expiration": {"1day"}},
		UserFields: provider.Fields{
			ID:       "id",
			Name:     "fullName",
			Username: "username",
			Email:    "email",
		},
		MapUser: trelloAvatar,
		APIBase: "https://api.trello.com/1/",
	}
}

// trelloAvatar adds the size to the address of a picture.
func trelloAvatar(p provider.Profile, u *session.User) error {
	if address := p.Text("avatarUrl"); strings.HasPrefix(address, "https://") {
		u.Picture = address + "/170.png"
	}
	return nil
}

func trelloVendor() Vendor {
	return Vendor{
		Name:     "trello",
		Label:    "Trello",
		Protocol: OAuthOne,
		Register: "https://trello.com/power-ups/admin",
		Settings: []Setting{
			{Name: "app_name", Help: "the application name on the consent page, such as Reports"},
		},
		Notes: []string{
			"The token expires after a day; for another time, set expiration in AuthParams to " +
				"1hour, 30days or never.",
			"Trello does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"The email address needs account in the scope of AuthParams.",
		},
		New: func(v Values) (provider.Provider, error) {
			o := Trello(v.Client())
			if name := v["app_name"]; name != "" {
				o.AuthParams.Set("name", name)
			}
			return o, nil
		},
	}
}
