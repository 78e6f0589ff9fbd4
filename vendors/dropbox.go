package vendors

import (
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Dropbox signs users in at Dropbox.
func Dropbox(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://www.dropbox.com",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Dropbox",
		OtherOrigins: []string{"https://api.dropboxapi.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://www.dropbox.com/oauth2/authorize",
			Token:         "https://api.dropboxapi.com/oauth2/token",
			UserInfo:      "users/get_current_account",
			Revocation:    "https://api.dropboxapi.com/2/auth/token/revoke",
		},
		Revocation: provider.Revocation{ByToken: true},
		AuthParams: url.Values{},
		Scopes:     []string{"account_info.read"},
		APIBase:    "https://api.dropboxapi.com/2",
		UserMethod: http.MethodPost,
		UserFields: provider.Fields{
			ID:            "account_id",
			Name:          "name.display_name",
			Email:         "email",
			EmailVerified: "email_verified",
			Picture:       "profile_photo_url",
		},
	}
}

func dropboxVendor() Vendor {
	return Vendor{
		Name:     "dropbox",
		Label:    "Dropbox",
		Protocol: OAuthTwo,
		Register: "https://www.dropbox.com/developers/apps",
		Notes: []string{
			"Refresh tokens come with AuthParams token_access_type=offline; without them, an " +
				"access token lasts a few hours.",
			"A logout revokes both tokens.",
			"Dropbox also supports OpenID Connect, but its ID tokens have no nonce; a " +
				"provider.OIDC needs Quirks.NoNonce.",
		},
		Unconfirmed: []string{
			"PKCE works together with a secret; other clients send both.",
		},
		New: byClient(Dropbox),
	}
}
