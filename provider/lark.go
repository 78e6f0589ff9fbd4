package provider

import "golang.org/x/oauth2"

// Feishu signs users in at Feishu. Who is in another country is at [Lark].
func Feishu(id, secret string) *OAuth2 {
	o := larkAt("feishu.cn", id, secret)
	o.DisplayName = "Feishu"
	return o
}

// Lark signs users in at Lark, which is Feishu for other countries.
func Lark(id, secret string) *OAuth2 {
	o := larkAt("larksuite.com", id, secret)
	o.DisplayName = "Lark"
	return o
}

// larkAt makes the provider of a region. The union_id is the same in all applications of one developer, unlike the open_id.
func larkAt(domain, id, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://accounts." + domain, ClientID: id, ClientSecret: secret,
		OtherOrigins: []string{"https://open." + domain},
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://accounts." + domain + "/open-apis/authen/v1/authorize",
			TokenURL:  "https://open." + domain + "/open-apis/authen/v2/oauth/token",
			AuthStyle: oauth2.AuthStyleInParams,
		},
		Dialect: Dialect{JSONBody: true},
		APIBase: "https://open." + domain + "/open-apis", UserURL: "authen/v1/user_info",
		UserFields: Fields{ID: "data.union_id", Name: "data.name", Email: "data.email", Picture: "data.avatar_url"},
		EmailTrust: EmailNeverVerified,
	}
}

var (
	larkNotes       = []string{"client_id is the App ID, client_secret the App Secret.", "The ID of a user is the union_id, which is the same in all applications of one developer."}
	larkUnconfirmed = []string{"The token endpoint takes JSON.", "PKCE is understood.", "The members of data."}
)

var feishuPreset = Preset{
	Name: "feishu", Label: "Feishu", Protocol: OAuthTwo, Register: "https://open.feishu.cn/app",
	Notes: larkNotes, Unconfirmed: larkUnconfirmed, New: byClient(Feishu),
}

var larkPreset = Preset{
	Name: "lark", Label: "Lark", Protocol: OAuthTwo, Register: "https://open.larksuite.com/app",
	Notes: larkNotes, Unconfirmed: append([]string{"The endpoints below larksuite.com."}, larkUnconfirmed...), New: byClient(Lark),
}
