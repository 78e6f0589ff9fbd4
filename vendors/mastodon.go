package vendors

import "github.com/sallyport-go/sallyport/provider"

// A MastodonInstance is one Mastodon server.
type MastodonInstance struct {
	URL BaseURL // "https://mastodon.example"

	// Before44 is for servers before version 4.4, which return the profile at another address and
	// with other IDs. Keep it when the server is upgraded, or every user becomes a new one.
	Before44 bool
}

// Mastodon signs users in at one Mastodon server. Register the application at each server, in
// Preferences, Development, or with POST /api/v1/apps. Mastodon returns no email addresses.
func Mastodon(at MastodonInstance, key, secret string) *provider.OAuth2 {
	o := &provider.OAuth2{
		Issuer:       at.URL.issuer(),
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Mastodon",
		Err:          at.URL.check(),
		Endpoints: provider.Endpoints{
			Authorization: at.URL.at("/oauth/authorize"),
			Token:         at.URL.at("/oauth/token"),
			UserInfo:      at.URL.at("/oauth/userinfo"),
			Revocation:    at.URL.at("/oauth/revoke"),
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"profile"},
		APIBase:    at.URL.at("/api/v1"),
		UserFields: provider.Fields{
			ID:       "sub",
			Name:     "name|preferred_username",
			Username: "preferred_username",
			Picture:  "picture",
		},
	}
	if at.Before44 {
		o.Scopes, o.Endpoints.UserInfo = []string{"read:accounts"}, "accounts/verify_credentials"
		o.UserFields = provider.Fields{
			ID:       "id",
			Name:     "display_name|username",
			Username: "username",
			Picture:  "avatar",
		}
	}
	return o
}

func mastodonVendor() Vendor {
	return Vendor{
		Name:     "mastodon",
		Label:    "Mastodon",
		Protocol: OAuthTwo,
		Register: "https://docs.joinmastodon.org/client/token/",
		Settings: []Setting{
			baseURLSetting("https://mastodon.example"),
			{
				Name: "version",
				Help: "4.4, the default and also right for later ones, or before-4.4",
			},
		},
		Notes: []string{
			"Register the application at each instance, in Preferences, Development.",
			"The ID of a user is the address of the account (sub), or, before version 4.4, its " +
				"number at the instance; so do not change version when the instance is upgraded.",
			"Tokens do not expire.",
		},
		Unconfirmed: []string{
			"The scope profile exists since version 4.3.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			at := MastodonInstance{URL: BaseURL(v["base_url"])}
			switch v["version"] {
			case "", "4.4":
			case "before-4.4":
				at.Before44 = true
			default:
				return nil, wrongSetting("version", "is neither 4.4 nor before-4.4")
			}
			return Mastodon(at, id, secret), nil
		},
	}
}
