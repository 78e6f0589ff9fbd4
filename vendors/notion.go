package vendors

import (
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Notion signs users in at Notion. The profile comes with the access token, and is updated at the
// next login only.
func Notion(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://api.notion.com",
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Notion",
		Endpoints: provider.Endpoints{
			Authorization: "https://api.notion.com/v1/oauth/authorize",
			Token:         "https://api.notion.com/v1/oauth/token",
			Revocation:    "https://api.notion.com/v1/oauth/revoke",
		},
		AuthParams: url.Values{"owner": {"user"}},
		Dialect:    provider.Dialect{JSONBody: true},
		Revocation: provider.Revocation{TokenParam: "token", JSONBody: true},
		APIBase:    "https://api.notion.com/v1",
		Header:     http.Header{"Notion-Version": {"2022-06-28"}},
		UserFields: provider.Fields{
			ID:      "owner.user.id",
			Name:    "owner.user.name",
			Email:   "owner.user.person.email",
			Picture: "owner.user.avatar_url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func notionVendor() Vendor {
	return Vendor{
		Name:     "notion",
		Label:    "Notion",
		Protocol: OAuthTwo,
		Register: "https://www.notion.so/developers/connections",
		Notes: []string{
			"The integration must be public, with user information including email addresses; a " +
				"token that belongs to a workspace instead of a user fails the login.",
			"Notion does not say whether an email address is verified.",
			"Refresh tokens rotate: each is valid for one refresh.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored; Notion does not document them.",
			"How long a token lives; Notion does not say.",
		},
		New: byClient(Notion),
	}
}
