package vendors

import "github.com/sallyport-go/sallyport/provider"

// Feishu signs users in at Feishu, in China. See [Lark] for other countries.
func Feishu(id, secret string) *provider.OAuth2 {
	o := larkAt("feishu.cn", id, secret)
	o.DisplayName = "Feishu"
	return o
}

// Lark signs users in at Lark, the Feishu of other countries.
func Lark(id, secret string) *provider.OAuth2 {
	o := larkAt("larksuite.com", id, secret)
	o.DisplayName = "Lark"
	return o
}

// larkAt returns the provider of a region. The union_id is the same in all applications of one
// developer; the open_id is not.
func larkAt(domain, id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       "https://accounts." + domain,
		ClientID:     id,
		ClientSecret: secret,
		OtherOrigins: []string{"https://open." + domain},
		Endpoints: provider.Endpoints{
			Authorization: "https://accounts." + domain + "/open-apis/authen/v1/authorize",
			Token:         "https://open." + domain + "/open-apis/authen/v2/oauth/token",
			UserInfo:      "authen/v1/user_info",
		},
		AuthMethod: "client_secret_post",
		Dialect:    provider.Dialect{JSONBody: true},
		APIBase:    "https://open." + domain + "/open-apis",
		UserFields: provider.Fields{
			ID:      "data.union_id",
			Name:    "data.name",
			Email:   "data.email",
			Picture: "data.avatar_url",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func feishuVendor() Vendor {
	v := larkVendor()
	v.Name, v.Label, v.New = "feishu", "Feishu", byClient(Feishu)
	v.Register = "https://open.feishu.cn/app"
	v.Unconfirmed = v.Unconfirmed[1:]
	return v
}

func larkVendor() Vendor {
	return Vendor{
		Name:     "lark",
		Label:    "Lark",
		Protocol: OAuthTwo,
		Register: "https://open.larksuite.com/app",
		Notes: []string{
			"client_id is the App ID, client_secret the App Secret.",
			"The ID of a user is the union_id, which is the same in all applications of one " +
				"developer.",
		},
		Unconfirmed: []string{
			"The endpoints below larksuite.com.",
			"The token endpoint takes JSON.",
			"PKCE is supported.",
			"The members of data.",
		},
		New: byClient(Lark),
	}
}
