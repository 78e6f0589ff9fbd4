package vendors

import (
	"net/http"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Heroku signs users in at Heroku.
func Heroku(id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://id.heroku.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Heroku",
		OtherOrigins: []string{"https://api.heroku.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://id.heroku.com/oauth/authorize",
			Token:         "https://id.heroku.com/oauth/token",
			UserInfo:      "account",
		},
		AuthMethod: "client_secret_post",
		Scopes:     []string{"identity"},
		APIBase:    "https://api.heroku.com",
		UserFields: provider.Fields{ID: "id", Name: "name", Email: "email"},
		EmailTrust: provider.EmailNeverVerified, // "verified" is about payment
		PrepareAPI: func(r *http.Request, _ session.Tokens, _ provider.Profile) error {
			if r.Header.Get("Accept") == "" {
				r.Header.Set("Accept", "application/vnd.heroku+json; version=3")
			}
			return nil
		},
	}
}

func herokuVendor() Vendor {
	return Vendor{
		Name:     "heroku",
		Label:    "Heroku",
		Protocol: OAuthTwo,
		Register: "https://dashboard.heroku.com/account/applications",
		Notes: []string{
			"The member \"verified\" of the profile is about payment, not about the address.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored.",
			"The client authenticates in the form.",
			"The members of the profile, and the version in Accept.",
		},
		New: byClient(Heroku),
	}
}
