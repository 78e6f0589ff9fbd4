package vendors

import (
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Reddit signs users in at Reddit. Reddit returns no email addresses. It asks for a User-Agent that
// identifies the application and its owner, such as
// "web:com.example.reports:v1.0 (by /u/alice)": set it in Header. The default contains the client
// ID.
func Reddit(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://www.reddit.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Reddit",
		OtherOrigins: []string{"https://oauth.reddit.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.reddit.com/api/v1/authorize",
			Token:         "https://www.reddit.com/api/v1/access_token",
			UserInfo:      "me?raw_json=1",
			Revocation:    "https://www.reddit.com/api/v1/revoke_token",
		},
		AuthParams: url.Values{},
		Scopes:     []string{"identity"},
		APIBase:    "https://oauth.reddit.com/api/v1",
		// otherwise URLs contain &amp;
		UserFields: provider.Fields{ID: "id", Name: "name", Username: "name", Picture: "icon_img"},
		Header:     http.Header{"User-Agent": {"web:" + id + ":sallyport"}},
	}
}

func redditVendor() Vendor {
	return Vendor{
		Name:     "reddit",
		Label:    "Reddit",
		Protocol: OAuthTwo,
		Register: "https://www.reddit.com/prefs/apps",
		Settings: []Setting{
			{
				Name: "user_agent",
				Help: "the User-Agent of the application, such as web:com.example.reports:v1.0 " +
					"(by /u/alice)",
			},
		},
		Notes: []string{
			"Refresh tokens come with AuthParams duration=permanent, and rotate: a refresh may " +
				"bring another. Without them, a token lives for an hour.",
			"Reddit throttles or rejects requests without a User-Agent specific to the " +
				"application.",
		},
		Unconfirmed: []string{
			pkceIgnored,
			"raw_json=1.",
		},
		New: func(v Values) (provider.Provider, error) {
			o := Reddit(v.Client())
			if agent := v["user_agent"]; agent != "" {
				o.Header.Set("User-Agent", agent)
			}
			return o, nil
		},
	}
}
