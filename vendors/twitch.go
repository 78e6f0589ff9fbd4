package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Twitch signs users in with Twitch. AuthParams "claims" lists the claims to return (OpenID Connect
// Core section 5.5).
func Twitch(id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       "https://id.twitch.tv/oauth2",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Twitch",
		AuthMethod:   "client_secret_post",
		Scopes:       []string{"openid", "user:read:email"},
		AuthParams: url.Values{"claims": {
			`{"id_token":{"email":null,"email_verified":null,"picture":null,` +
				`"preferred_username":null}}`,
		}},
		UserFields: provider.Fields{Name: "preferred_username"},
		Endpoints:  provider.Endpoints{Revocation: "https://id.twitch.tv/oauth2/revoke"},
		APIBase:    "https://api.twitch.tv/helix",
		Dialect: provider.Dialect{ErrorCodes: map[string]string{
			"Invalid refresh token": "invalid_grant",
			"invalid client secret": "invalid_client", "missing client secret": "invalid_client",
		}},
	}
}

func twitchVendor() Vendor {
	return Vendor{
		Name:     "twitch",
		Label:    "Twitch",
		Protocol: OpenIDConnect,
		Register: "https://dev.twitch.tv/console/apps",
		Notes: []string{
			"Twitch's API requires the client ID in the header Client-Id of each request.",
			"Twitch does not support PKCE, so every client needs a secret.",
			"Refresh tokens rotate: a refresh may bring another.",
			"Twitch has no logout endpoint: signing out ends the session in your application " +
				"only.",
		},
		Unconfirmed: []string{
			"Every login returns a refresh token.",
			"The revocation endpoint accepts the client secret and the client ID.",
			pkceIgnored,
		},
		New: byClient(Twitch),
	}
}
