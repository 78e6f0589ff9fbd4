package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// DingTalk signs users in at DingTalk.
func DingTalk(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://login.dingtalk.com",
		ClientID:     key,
		ClientSecret: secret,
		DisplayName:  "DingTalk",
		OtherOrigins: []string{"https://api.dingtalk.com"},
		Endpoints: provider.Endpoints{
			Authorization: "https://login.dingtalk.com/oauth2/auth",
			Token:         "https://api.dingtalk.com/v1.0/oauth2/userAccessToken",
			UserInfo:      "contact/users/me",
		},
		AuthMethod: "client_secret_post",
		AuthParams: url.Values{"prompt": {"consent"}},
		Scopes:     []string{"openid"}, // despite its name, there is no ID token
		Dialect: provider.Dialect{
			JSONBody: true,
			Names: map[string]string{
				"client_id":     "clientId",
				"client_secret": "clientSecret",
				"grant_type":    "grantType",
				"refresh_token": "refreshToken",
			},
			AnswerNames: map[string]string{
				"access_token":  "accessToken",
				"refresh_token": "refreshToken",
				"expires_in":    "expireIn",
			},
		},
		APIBase:     "https://api.dingtalk.com/v1.0",
		TokenHeader: "x-acs-dingtalk-access-token",
		UserFields: provider.Fields{
			ID:      "unionId",
			Name:    "nick",
			Email:   "email",
			Picture: "avatarUrl",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func dingTalkVendor() Vendor {
	return Vendor{
		Name:     "dingtalk",
		Label:    "DingTalk",
		Protocol: OAuthTwo,
		Register: "https://open-dev.dingtalk.com/",
		Notes: []string{
			"client_id is the AppKey, client_secret the AppSecret.",
			"The ID of a user is the unionId, which is the same in all applications of one " +
				"developer.",
		},
		Unconfirmed: []string{
			"The PKCE parameters are ignored.",
			"The names of parameters and members.",
			"The header for the access token.",
		},
		New: byClient(DingTalk),
	}
}
