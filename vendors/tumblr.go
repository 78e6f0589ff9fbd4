package vendors

import "github.com/sallyport-go/sallyport/provider"

// tumblrIssuer is the namespace of Tumblr's users in both protocols.
const tumblrIssuer = "https://www.tumblr.com"

// tumblrFields use the name as the ID, because there is no other.
func tumblrFields() provider.Fields {
	return provider.Fields{
		ID:       "response.user.name",
		Name:     "response.user.name",
		Username: "response.user.name",
	}
}

// Tumblr signs users in at Tumblr, with OAuth 2.0. Tumblr returns no email addresses.
//
// The only ID of a user is the name, which the user can change and another user can take
// afterwards. That suffices to show a blog; accounts of any value need another way to sign in.
func Tumblr(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       tumblrIssuer,
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Tumblr",
		OtherOrigins: []string{"https://api.tumblr.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.tumblr.com/oauth2/authorize",
			Token:         "https://api.tumblr.com/v2/oauth2/token",
			UserInfo:      "user/info",
		},
		Scopes:     []string{"basic"},
		APIBase:    "https://api.tumblr.com/v2",
		UserFields: tumblrFields(),
	}
}

// TumblrOAuth1 signs the same users in with OAuth 1.0a. The warning about IDs at [Tumblr] applies.
func TumblrOAuth1(key, secret string) *provider.OAuth1 {
	return &provider.OAuth1{
		Issuer:       tumblrIssuer,
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Tumblr",
		OtherOrigins: []string{"https://api.tumblr.com"},
		Endpoints: provider.Endpoints{
			RequestToken:  "https://www.tumblr.com/oauth/request_token",
			Authorization: "https://www.tumblr.com/oauth/authorize",
			Token:         "https://www.tumblr.com/oauth/access_token",
			UserInfo:      "https://api.tumblr.com/v2/user/info",
		},
		UserFields: tumblrFields(),
		APIBase:    "https://api.tumblr.com/v2/",
	}
}

const tumblrNames = "The ID of a user is the name, because Tumblr has no other: a user who " +
	"changes it becomes a new one, and the next owner of the old name gets the old account."

func tumblrVendor() Vendor {
	return Vendor{
		Name:        "tumblr",
		Label:       "Tumblr",
		Protocol:    OAuthTwo,
		Register:    "https://www.tumblr.com/oauth/apps",
		Notes:       []string{tumblrNames, "Refresh tokens come with the scope offline_access."},
		Unconfirmed: []string{pkceIgnored},
		New:         byClient(Tumblr),
	}
}

func tumblrOAuth1Vendor() Vendor {
	return Vendor{
		Name:     "tumblr-oauth1",
		Label:    "Tumblr (OAuth 1.0a)",
		Protocol: OAuthOne,
		Register: "https://www.tumblr.com/oauth/apps",
		Notes:    []string{tumblrNames},
		New:      byClient(TumblrOAuth1),
	}
}
