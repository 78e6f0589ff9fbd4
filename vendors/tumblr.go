package vendors

import (
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/provider"
)

// tumblrIssuer is the namespace of Tumblr's users in both protocols.
const tumblrIssuer = "https://www.tumblr.com"

// tumblrFields: there is no other ID.
func tumblrFields() provider.Fields {
	return provider.Fields{ID: "response.user.name", Name: "response.user.name", Username: "response.user.name"}
}

// Tumblr signs users in at Tumblr, with OAuth 2.0. There are no e-mail addresses.
//
// Tumblr tells no ID of a user but the name, which users can change, and which somebody else may take after that. So this is good
// for showing a blog, but what an account is worth something for needs another way to sign in.
func Tumblr(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer: tumblrIssuer, ClientID: key, ClientSecret: secret, DisplayName: "Tumblr",
		OtherOrigins: []string{"https://api.tumblr.com"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://www.tumblr.com/oauth2/authorize",
			TokenURL:  "https://api.tumblr.com/v2/oauth2/token",
			AuthStyle: oauth2.AuthStyleInHeader,
		},
		Scopes:  []string{"basic"},
		APIBase: "https://api.tumblr.com/v2", UserURL: "user/info",
		UserFields: tumblrFields(),
	}
}

// TumblrOAuth1 signs users in at Tumblr, with OAuth 1.0a. They are the same users as those of Tumblr, and what is said there
// about their IDs holds here too.
func TumblrOAuth1(key, secret string) *provider.OAuth1 {
	return &provider.OAuth1{
		Issuer: tumblrIssuer, ClientID: key, ClientSecret: secret, DisplayName: "Tumblr",
		OtherOrigins:    []string{"https://api.tumblr.com"},
		RequestTokenURL: "https://www.tumblr.com/oauth/request_token",
		AuthorizeURL:    "https://www.tumblr.com/oauth/authorize",
		AccessTokenURL:  "https://www.tumblr.com/oauth/access_token",
		UserURL:         "https://api.tumblr.com/v2/user/info",
		UserFields:      tumblrFields(),
		APIBase:         "https://api.tumblr.com/v2/",
	}
}

const tumblrNames = "The ID of a user is the name, because Tumblr has no other: a user who changes it becomes a new one, and the next owner of the old name gets the old account."

func tumblrVendor() Vendor {
	return Vendor{
		Name: "tumblr", Label: "Tumblr", Protocol: provider.OAuthTwo, Register: "https://www.tumblr.com/oauth/apps",
		Notes:       []string{tumblrNames, "Refresh tokens come with the scope offline_access."},
		Unconfirmed: []string{pkceIgnored},
		New:         byClient(Tumblr),
	}
}

func tumblrOAuth1Vendor() Vendor {
	return Vendor{
		Name: "tumblr-oauth1", Label: "Tumblr (OAuth 1.0a)", Protocol: provider.OAuthOne, Register: "https://www.tumblr.com/oauth/apps",
		Notes: []string{tumblrNames},
		New:   byClient(TumblrOAuth1),
	}
}
