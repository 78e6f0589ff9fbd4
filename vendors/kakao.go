package vendors

import (
	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Kakao signs users in at Kakao. The client ID is the REST API key of the application.
func Kakao(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://kauth.kakao.com",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "Kakao",
		OtherOrigins: []string{"https://kapi.kakao.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://kauth.kakao.com/oauth/authorize",
			Token:         "https://kauth.kakao.com/oauth/token",
			UserInfo:      "v2/user/me",
		},
		AuthMethod:     "client_secret_post",
		Scopes:         []string{"account_email", "profile_nickname", "profile_image"},
		ScopeSeparator: ",",
		APIBase:        "https://kapi.kakao.com",
		UserFields: provider.Fields{
			ID:      "id",
			Name:    "kakao_account.profile.nickname",
			Email:   "kakao_account.email",
			Picture: "kakao_account.profile.profile_image_url",
		},
		MapUser: func(p provider.Profile, u *session.User) error {
			// An address that is no longer valid may belong to another person by now.
			u.EmailVerified = p.True("kakao_account.is_email_valid") &&
				p.True("kakao_account.is_email_verified")
			return nil
		},
	}
}

func kakaoVendor() Vendor {
	return Vendor{
		Name:     "kakao",
		Label:    "Kakao",
		Protocol: OAuthTwo,
		Register: "https://developers.kakao.com/console/app",
		Notes: []string{
			"client_id is the REST API key. The secret is optional at Kakao; enable it.",
			"Enable each scope under \"consent items\", or the login fails; remove disabled ones " +
				"from Scopes.",
			"If OpenID Connect is enabled at Kakao, a provider.OIDC with the issuer " +
				"https://kauth.kakao.com works too.",
		},
		Unconfirmed: []string{"Tokens are not revoked at logout."},
		New:         byClient(Kakao),
	}
}
