package provider

import "net/url"

// LINE signs users in with LINE Login. ID tokens come signed with the channel secret unless ES256 is asked for, as it is here.
func LINE(channelID, channelSecret string) *OIDC {
	return &OIDC{
		Issuer: "https://access.line.me", ClientID: channelID, ClientSecret: channelSecret, DisplayName: "LINE", AuthMethod: authPost,
		Dialect:    Dialect{Params: url.Values{"id_token_key_type": {"JWK"}}},
		EmailTrust: EmailNeverVerified,
		UserInfo:   UserInfoNever, // it has nothing that the ID token lacks
		Endpoints:  Endpoints{Revocation: "https://api.line.me/oauth2/v2.1/revoke"},
	}
}

var linePreset = Preset{
	Name: "line", Label: "LINE", Protocol: OpenIDConnect, Register: "https://developers.line.biz/console/",
	Notes: []string{
		"The client ID is the channel ID, the secret the channel secret.",
		"The e-mail address needs a permission that is applied for in the console; LINE does not say that it is verified.",
		"A refresh brings a new access token only.",
		"There is no logout at LINE: only the session here ends.",
	},
	Unconfirmed: []string{"The parameter id_token_key_type=JWK of token requests brings ES256; if not, set SecretSignsTokens."},
	New:         byClient(LINE),
}
