package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Atlassian signs users in with an Atlassian account (Jira, Confluence).
func Atlassian(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://auth.atlassian.com",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Atlassian",
		OtherOrigins:   []string{"https://api.atlassian.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://auth.atlassian.com/authorize",
			Token:         "https://auth.atlassian.com/oauth/token",
			UserInfo:      "me",
			Revocation:    "https://auth.atlassian.com/oauth/revoke",
		},
		AuthMethod: "client_secret_post",
		AuthParams: url.Values{"audience": {"api.atlassian.com"}, "prompt": {"consent"}},
		Scopes:     []string{"read:me"},
		APIBase:    "https://api.atlassian.com",
		UserFields: provider.Fields{
			ID:            "account_id",
			Name:          "name",
			Username:      "nickname",
			Email:         "email",
			EmailVerified: "email_verified",
			Picture:       "picture",
		},
	}
}

func atlassianVendor() Vendor {
	return Vendor{
		Name:     "atlassian",
		Label:    "Atlassian",
		Protocol: OAuthTwo,
		Register: "https://developer.atlassian.com/console/myapps/",
		Notes: []string{
			"Add the permission User identity API (read:me) to the application.",
			"Refresh tokens come with the scope offline_access. They rotate: each is valid for " +
				"one refresh.",
		},
		Unconfirmed: []string{
			"PKCE with S256 is in Atlassian's metadata and used by other libraries; the guide " +
				"does not mention it.",
			"The revocation endpoint is in Atlassian's metadata and used by other libraries; the " +
				"guide does not mention it.",
			"The member email_verified says whether the address is verified; one other library " +
				"relies on it. Without it, no address is.",
		},
		New: byClient(Atlassian),
	}
}
