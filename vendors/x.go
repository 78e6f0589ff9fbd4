package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// xIssuer is the namespace of X's user IDs in both protocols, so an application that changes the
// protocol keeps its users.
const xIssuer = "https://x.com"

// X signs users in at X, formerly Twitter, with OAuth 2.0. The email address is there if it is
// confirmed and the application may read it. See XOAuth1 for applications with OAuth 1.0a
// credentials.
func X(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       xIssuer,
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "X",
		OtherOrigins: []string{"https://api.x.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://x.com/i/oauth2/authorize",
			Token:         "https://api.x.com/2/oauth2/token",
			UserInfo:      "users/me?user.fields=profile_image_url,confirmed_email",
			Revocation:    "https://api.x.com/2/oauth2/revoke",
		},
		Scopes: []string{
			"users.read",
			"tweet.read",
			"users.email",
		}, // without tweet.read, the profile is 403
		APIBase: "https://api.x.com/2",
		UserFields: provider.Fields{
			ID:       "data.id",
			Name:     "data.name",
			Username: "data.username",
			Email:    "data.confirmed_email",
			Picture:  "data.profile_image_url",
		},
		EmailTrust: provider.EmailAlwaysVerified, // only confirmed addresses are returned
	}
}

// XOAuth1 signs the same users in with OAuth 1.0a.
func XOAuth1(key, secret string) *provider.OAuth1 {
	return &provider.OAuth1{
		Issuer:       xIssuer,
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "X",
		OtherOrigins: []string{"https://api.x.com", "https://api.twitter.com"},
		Endpoints: provider.Endpoints{
			RequestToken:  "https://api.twitter.com/oauth/request_token",
			Authorization: "https://api.twitter.com/oauth/authenticate", // asks for consent once
			Token:         "https://api.twitter.com/oauth/access_token",
			UserInfo: "https://api.twitter.com/1.1/account/verify_credentials.json" +
				"?include_email=true",
		},
		AuthParams: url.Values{},
		UserFields: provider.Fields{
			ID:       "id_str",
			Name:     "name",
			Username: "screen_name",
			Email:    "email",
			Picture:  "profile_image_url_https",
		},
		MapUser: func(_ provider.Profile, u *session.User) error {
			u.EmailVerified = u.Email != "" // only confirmed addresses are returned
			return nil
		},
		APIBase: "https://api.twitter.com/1.1/",
	}
}

func xVendor() Vendor {
	return Vendor{
		Name:     "x",
		Label:    "X",
		Protocol: OAuthTwo,
		Register: "https://developer.x.com/en/portal/dashboard",
		Notes: []string{
			"Enable \"Request email from users\" for the application, or remove users.email from " +
				"Scopes.",
			"Refresh tokens come with the scope offline.access. They rotate: each is valid for " +
				"one refresh, and a second use ends the login. An access token lasts 2 hours.",
			"Clients of the type \"native app\" have no secret.",
		},
		Unconfirmed: []string{"The revocation endpoint at api.x.com; many other programs use it."},
		New:         byClient(X),
	}
}

func xOAuth1Vendor() Vendor {
	return Vendor{
		Name:     "x-oauth1",
		Label:    "X (OAuth 1.0a)",
		Protocol: OAuthOne,
		Register: "https://developer.x.com/en/portal/dashboard",
		Notes: []string{
			"client_id is the API key, client_secret the API key secret; both differ from those " +
				"of OAuth 2.0.",
			"Enable \"Request email from users\", or there are no email addresses.",
			"Tokens do not expire, and are not revoked at logout.",
		},
		New: byClient(XOAuth1),
	}
}
