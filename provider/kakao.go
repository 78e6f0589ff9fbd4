package provider

import (
	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// Kakao signs users in at Kakao. The client ID is the REST API key of the application.
func Kakao(key, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://kauth.kakao.com", ClientID: key, ClientSecret: secret, DisplayName: "Kakao",
		OtherOrigins: []string{"https://kapi.kakao.com"},
		Endpoint: oauth2.Endpoint{
			AuthURL: "https://kauth.kakao.com/oauth/authorize", TokenURL: "https://kauth.kakao.com/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
		},
		Scopes: []string{"account_email", "profile_nickname", "profile_image"}, ScopeSeparator: ",",
		APIBase: "https://kapi.kakao.com", UserURL: "v2/user/me",
		UserFields: Fields{ID: "id", Name: "kakao_account.profile.nickname", Email: "kakao_account.email", Picture: "kakao_account.profile.profile_image_url"},
		MapUser: func(p Profile, u *session.User) error {
			c := p.document() // an address that is not valid any more may belong to somebody else by now
			u.EmailVerified = c.trueAt("kakao_account.is_email_valid") && c.trueAt("kakao_account.is_email_verified")
			return nil
		},
	}
}

var kakaoPreset = Preset{
	Name: "kakao", Label: "Kakao", Protocol: OAuthTwo, Register: "https://developers.kakao.com/console/app",
	Notes: []string{
		"client_id is the REST API key. The secret is optional at Kakao; switch it on.",
		"Switch on each scope under \"consent items\", or the login fails; remove those that are " +
			"off from Scopes.",
		"With OpenID Connect switched on there, Kakao is an OIDC provider with the issuer " +
			"https://kauth.kakao.com.",
	},
	Unconfirmed: []string{"Tokens are not revoked at logout."},
	New:         byClient(Kakao),
}
