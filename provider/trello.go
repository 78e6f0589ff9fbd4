package provider

import (
	"net/url"

	"github.com/sallyport-go/sallyport/session"
)

// Trello signs users in at Trello. Set the name that people see where they consent with AuthorizeParams.Set("name", "Reports").
func Trello(key, secret string) *OAuth1 {
	return &OAuth1{
		Issuer: "https://trello.com", ClientID: key, ClientSecret: secret, DisplayName: "Trello",
		OtherOrigins:    []string{"https://api.trello.com"},
		RequestTokenURL: "https://trello.com/1/OAuthGetRequestToken",
		AuthorizeURL:    "https://trello.com/1/OAuthAuthorizeToken",
		AccessTokenURL:  "https://trello.com/1/OAuthGetAccessToken",
		AuthorizeParams: url.Values{"scope": {"read,account"}, "expiration": {"1day"}},
		UserURL:         "https://api.trello.com/1/members/me",
		UserFields:      Fields{ID: "id", Name: "fullName", Username: "username", Email: "email"},
		MapUser:         trelloAvatar,
		APIBase:         "https://api.trello.com/1/",
	}
}

// trelloAvatar completes the address of a picture, which lacks its size.
func trelloAvatar(p Profile, u *session.User) error {
	if u.Picture = webAddress(p.document().shown("avatarUrl")); u.Picture != "" {
		u.Picture += "/170.png"
	}
	return nil
}

var trelloPreset = Preset{
	Name: "trello", Label: "Trello", Protocol: OAuthOne, Register: "https://trello.com/power-ups/admin",
	Settings: []PresetSetting{{Name: "app_name", Help: "what people see where they consent, such as Reports"}},
	Notes: []string{
		"The token ends after a day; AuthorizeParams has expiration for another time: 1hour, " +
			"30days, never.",
		"Trello does not say whether an address is verified.",
	},
	Unconfirmed: []string{"The address needs account in AuthorizeParams scope."},
	New: func(v Values) (Provider, error) {
		o := Trello(v.Client())
		if name := v["app_name"]; name != "" {
			o.AuthorizeParams.Set("name", name)
		}
		return o, nil
	},
}
