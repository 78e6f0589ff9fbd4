package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// LINE signs users in with LINE Login. By default LINE signs the ID tokens of web logins with the
// channel secret (HS256); the parameter id_token_key_type=JWK of the token request asks for ES256.
func LINE(channelID, channelSecret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       "https://access.line.me",
		ClientID:     channelID,
		ClientSecret: channelSecret,
		DisplayName:  "LINE",
		AuthMethod:   "client_secret_post",
		Dialect:      provider.Dialect{Params: url.Values{"id_token_key_type": {"JWK"}}},
		OtherOrigins: []string{"https://api.line.me"},
		EmailTrust:   provider.EmailNeverVerified,
		UserInfo:     "never", // adds nothing to the ID token
		Endpoints:    provider.Endpoints{Revocation: "https://api.line.me/oauth2/v2.1/revoke"},
	}
}

func lineVendor() Vendor {
	return Vendor{
		Name:     "line",
		Label:    "LINE",
		Protocol: OpenIDConnect,
		Register: "https://developers.line.biz/console/",
		Notes: []string{
			"The client ID is the channel ID, the secret the channel secret.",
			"The email address needs a permission that you apply for in the console; LINE does " +
				"not say whether it is verified.",
			"A refresh brings a new access token only. Access tokens last 30 days, refresh " +
				"tokens at most 90 days.",
			"LINE has no logout endpoint: signing out ends the session in your application only.",
		},
		New: byClient(LINE),
	}
}
