package vendors

import (
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// WeChat signs users in at a website, where they scan a code with their phones. WeChat returns no
// email addresses.
//
// The ID of a user is the unionid, the same in all applications of one account of the Open
// Platform, or if there is none the openid, which differs in each application. Bind the application
// to such an account before the first user signs in: once there is a unionid, every user becomes a
// new one.
//
// WeChat accepts the secret and tokens only in URLs, so proxies may log them, and does not support
// PKCE.
func WeChat(appID, secret string) *provider.OAuth2 {
	o := weChat("https://open.weixin.qq.com/connect/qrconnect", "snsapi_login", appID, secret)
	o.DisplayName = "WeChat"
	return o
}

// WeChatOfficialAccount signs users in on pages of an official account, inside WeChat. Everything
// else is as in [WeChat].
func WeChatOfficialAccount(appID, secret string) *provider.OAuth2 {
	const authorize = "https://open.weixin.qq.com/connect/oauth2/authorize"
	o := weChat(authorize, "snsapi_userinfo", appID, secret)
	o.DisplayName = "WeChat"
	return o
}

func weChat(authorize, scope, appID, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://open.weixin.qq.com",
		ClientID:       appID,
		ClientSecret:   secret,
		SecretRequired: true,
		OtherOrigins:   []string{"https://api.weixin.qq.com"},
		Endpoints: provider.Endpoints{
			Authorization: authorize,
			Token:         "https://api.weixin.qq.com/sns/oauth2/access_token",
			UserInfo:      "sns/userinfo",
		},
		AuthMethod:     "client_secret_post",
		RefreshURL:     "https://api.weixin.qq.com/sns/oauth2/refresh_token",
		AuthNames:      map[string]string{"client_id": "appid"},
		AuthFragment:   "wechat_redirect",
		Quirks:         provider.Quirks{NoPKCE: true},
		Scopes:         []string{scope},
		ScopeSeparator: ",",
		Dialect: provider.Dialect{
			Method:      http.MethodGet,
			Sniff:       true,
			CommaScopes: true,
			Names:       map[string]string{"client_id": "appid", "client_secret": "secret"},
			EditRequest: weChatRefresh,
			ErrorCodes: map[string]string{
				"40029": "invalid_grant",
				"40163": "invalid_grant",
				"40030": "invalid_grant",
				"42002": "invalid_grant", // code, used code, refresh token
				"40013": "invalid_client",
				"40125": "invalid_client",
			},
		},
		APIBase:    "https://api.weixin.qq.com",
		UserFields: provider.Fields{ID: "unionid|openid", Name: "nickname", Picture: "headimgurl"},
		PrepareAPI: weChatToken,
	}
}

// weChatRefresh removes the secret from a refresh, as WeChat expects.
func weChatRefresh(params url.Values) {
	if params.Get("grant_type") == "refresh_token" {
		params.Del("secret")
	}
}

// weChatToken puts the token into the query. The profile also needs the openid, which came with the
// token.
func weChatToken(r *http.Request, t session.Tokens, p provider.Profile) error {
	r.Header.Del("Authorization")
	setQuery(r, "access_token", t.AccessToken)
	if p.Token != nil {
		setQuery(r, "openid", p.Text("openid"))
		setQuery(r, "lang", "en")
	}
	return nil
}

func weChatVendor() Vendor {
	return Vendor{
		Name:     "wechat",
		Label:    "WeChat",
		Protocol: OAuthTwo,
		Register: "https://open.weixin.qq.com/",
		Notes: []string{
			"client_id is the AppID, client_secret the AppSecret.",
			"Bind the application to an account of the Open Platform before the first user signs " +
				"in: only then is there a unionid, and the IDs of users change when it appears.",
			"WeChat accepts the secret and tokens only in URLs; keep them out of the logs of an " +
				"outgoing proxy.",
			"WeChat does not support PKCE, and checks the order of the parameters of an " +
				"authorization request, so no challenge is sent.",
		},
		Unconfirmed: []string{
			"The order of parameters is checked for websites as for official accounts.",
			"The meaning of the codes 40163, 40030, 42002, 40013 and 40125.",
		},
		New: byClient(WeChat),
	}
}

func weChatOfficialAccountVendor() Vendor {
	v := weChatVendor()
	v.Name, v.Label = "wechat-official-account", "WeChat (official account)"
	v.Register, v.New = "https://mp.weixin.qq.com/", byClient(WeChatOfficialAccount)
	return v
}
