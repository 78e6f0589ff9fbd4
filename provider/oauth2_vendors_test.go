package provider_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// A vendor answers like a provider in use: by method and address without query.
type vendor map[string]func(r *http.Request, params url.Values) (status int, media, body string)

// RoundTrip implements http.RoundTripper.
func (v vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.Method + " " + r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	handle, ok := v[at]
	if !ok {
		return nil, fmt.Errorf("nobody answers at %s", at)
	}
	params := r.URL.Query()
	if r.Body != nil {
		raw, _ := io.ReadAll(r.Body)
		switch r.Header.Get("Content-Type") {
		case "application/json":
			var object map[string]string
			if err := json.Unmarshal(raw, &object); err != nil {
				return nil, err
			}
			for name, value := range object {
				params.Set(name, value)
			}
		default:
			form, _ := url.ParseQuery(string(raw))
			maps.Copy(params, form)
		}
	}
	status, media, body := handle(r, params)
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func asJSON(body string) (int, string, string) { return 200, "application/json", body }

// refuseUnless says no to a request that is not what the provider wants.
func refuseUnless(right bool, body string) (int, string, string) {
	if !right {
		return 400, "application/json", `{"error":"invalid_request","error_description":"that is not how it is done here"}`
	}
	return asJSON(body)
}

func basic(r *http.Request) bool {
	id, secret, ok := r.BasicAuth()
	return ok && id == "id" && secret == "hush"
}

func post(params url.Values) bool {
	return params.Get("client_id") == "id" && params.Get("client_secret") == "hush"
}

func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer t0ken" }

// What the providers in use need is data and small functions. Names and addresses are what they publish; the point is that each
// can be told in these types.
func TestOAuth2_Vendors(t *testing.T) {
	const tokens = `{"access_token":"t0ken","token_type":"bearer","expires_in":3600}`
	type query = map[string]string
	for name, row := range map[string]struct {
		o         provider.OAuth2
		authorize query      // in the authorization request
		fragment  string     // behind it
		callback  url.Values // beside code and state
		vendor    vendor
		want      session.User
	}{
		"a list of addresses, errors with status 200, scopes with commas (quirks 14, 15, 21, 39, 41)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://github.com/login/oauth/authorize", TokenURL: "https://github.com/login/oauth/access_token"},
				UserURL:  "user", APIBase: "https://api.github.com", More: []provider.Document{{Name: "emails", URL: "user/emails", Optional: true}},
				Scopes: []string{"read:user", "user:email"}, Dialect: provider.Dialect{Sniff: true, CommaScopes: true},
				UserFields: provider.Fields{ID: "id", Name: "name|login", Username: "login", Picture: "avatar_url"},
				MapUser:    primaryAddress,
			},
			authorize: query{"scope": "read:user user:email", "client_id": "id", "code_challenge_method": "S256", "response_type": "code"},
			vendor: vendor{
				"POST https://github.com/login/oauth/access_token": func(r *http.Request, p url.Values) (int, string, string) {
					if !basic(r) || r.Header.Get("Accept") != "application/json" {
						return 200, "application/x-www-form-urlencoded", "error=incorrect_client_credentials"
					}
					return 200, "application/x-www-form-urlencoded", "access_token=t0ken&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer"
				},
				"GET https://api.github.com/user": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(bearer(r), `{"login":"alice","id":9007199254740993,"name":null,"email":null,"avatar_url":"https://a.example/1"}`)
				},
				"GET https://api.github.com/user/emails": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`[{"email":"x@example.com","primary":false,"verified":true},{"email":"a@example.com","primary":true,"verified":true}]`)
				},
			},
			want: session.User{Issuer: "https://github.com", Subject: "9007199254740993", Name: "alice", Username: "alice", Email: "a@example.com", EmailVerified: true, Picture: "https://a.example/1"},
		},
		"a proof with every call, error objects, a picture deep inside (quirks 23, 40, 43)": {
			o: provider.OAuth2{
				Issuer:   "https://www.facebook.com",
				Endpoint: oauth2.Endpoint{AuthURL: "https://www.facebook.com/v22.0/dialog/oauth", TokenURL: "https://graph.facebook.com/v22.0/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams},
				APIBase:  "https://graph.facebook.com/v22.0", UserURL: "me?fields=id,name,email,picture",
				Scopes: []string{"public_profile", "email"}, ScopeSeparator: ",",
				UserFields: provider.Fields{ID: "id", Name: "name", Email: "email", Picture: "picture.data.url"},
				PrepareAPI: func(r *http.Request, t session.Tokens, _ provider.Profile) error {
					mac := hmac.New(sha256.New, []byte("hush"))
					mac.Write([]byte(t.AccessToken))
					q := r.URL.Query()
					q.Set("appsecret_proof", hex.EncodeToString(mac.Sum(nil)))
					r.URL.RawQuery = q.Encode()
					return nil
				},
			},
			authorize: query{"scope": "public_profile,email"},
			vendor: vendor{
				"POST https://graph.facebook.com/v22.0/oauth/access_token": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(post(p) && r.URL.RawQuery == "", tokens)
				},
				"GET https://graph.facebook.com/v22.0/me": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(bearer(r) && len(p.Get("appsecret_proof")) == 64 && p.Get("fields") != "", `{"id":"4","name":"Alice","email":"a@example.com","picture":{"data":{"url":"https://a.example/1"}}}`)
				},
			},
			want: session.User{Issuer: "https://www.facebook.com", Subject: "4", Name: "Alice", Email: "a@example.com", Picture: "https://a.example/1"},
		},
		"everything in the address, under other names, and a fragment (quirks 6, 15, 16, 20, 22)": {
			o: provider.OAuth2{
				Issuer:    "https://open.weixin.qq.com",
				Endpoint:  oauth2.Endpoint{AuthURL: "https://open.weixin.qq.com/connect/qrconnect", TokenURL: "https://api.weixin.qq.com/sns/oauth2/access_token", AuthStyle: oauth2.AuthStyleInParams},
				AuthNames: query{"client_id": "appid"}, AuthFragment: "wechat_redirect", Scopes: []string{"snsapi_login"}, ScopeSeparator: ",",
				Dialect: provider.Dialect{Method: "GET", Names: query{"client_id": "appid", "client_secret": "secret"}, Sniff: true, CommaScopes: true, ErrorCodes: query{"40029": "invalid_grant"}},
				UserURL: "https://api.weixin.qq.com/sns/userinfo", UserFields: provider.Fields{ID: "unionid|openid", Name: "nickname", Picture: "headimgurl"},
				PrepareAPI: func(r *http.Request, t session.Tokens, p provider.Profile) error {
					var token struct{ OpenID string }
					if err := json.Unmarshal(p.Token, &token); err != nil {
						return err
					}
					r.URL.RawQuery = url.Values{"access_token": {t.AccessToken}, "openid": {token.OpenID}, "lang": {"en"}}.Encode()
					r.Header.Del("Authorization")
					return nil
				},
			},
			authorize: query{"appid": "id", "client_id": "", "scope": "snsapi_login"}, fragment: "wechat_redirect",
			vendor: vendor{
				"GET https://api.weixin.qq.com/sns/oauth2/access_token": func(_ *http.Request, p url.Values) (int, string, string) {
					if p.Get("appid") != "id" || p.Get("secret") != "hush" || p.Has("client_id") {
						return 200, "text/plain", `{"errcode":40013,"errmsg":"invalid appid"}`
					}
					return 200, "text/plain", `{"access_token":"t0ken","expires_in":7200,"refresh_token":"r","openid":"o-1","scope":"snsapi_login","unionid":"u-1"}`
				},
				"GET https://api.weixin.qq.com/sns/userinfo": func(r *http.Request, p url.Values) (int, string, string) {
					if p.Get("access_token") != "t0ken" || p.Get("openid") != "o-1" || r.Header.Get("Authorization") != "" {
						return 200, "text/plain", `{"errcode":40003,"errmsg":"invalid openid"}`
					}
					return 200, "text/plain", `{"openid":"o-1","nickname":"Alice","headimgurl":"https://a.example/1","unionid":"u-1"}`
				},
			},
			want: session.User{Issuer: "https://open.weixin.qq.com", Subject: "u-1", Name: "Alice", Picture: "https://a.example/1"},
		},
		"client_key and commas, an envelope (quirks 4, 6, 40)": {
			o: provider.OAuth2{
				Endpoint:  oauth2.Endpoint{AuthURL: "https://www.tiktok.com/v2/auth/authorize", TokenURL: "https://open.tiktokapis.com/v2/oauth/token/", AuthStyle: oauth2.AuthStyleInParams},
				AuthNames: query{"client_id": "client_key"}, Dialect: provider.Dialect{Names: query{"client_id": "client_key"}}, Scopes: []string{"user.info.basic", "video.list"}, ScopeSeparator: ",",
				UserURL: "https://open.tiktokapis.com/v2/user/info/?fields=open_id,display_name", UserFields: provider.Fields{ID: "data.user.open_id", Name: "data.user.display_name"},
			},
			authorize: query{"client_key": "id", "client_id": "", "scope": "user.info.basic,video.list"},
			vendor: vendor{
				"POST https://open.tiktokapis.com/v2/oauth/token/": func(_ *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(p.Get("client_key") == "id" && p.Get("client_secret") == "hush", `{"access_token":"t0ken","refresh_expires_in":31536000,"scope":"user.info.basic,video.list"}`)
				},
				"GET https://open.tiktokapis.com/v2/user/info/": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`{"data":{"user":{"open_id":"723f24d7","display_name":"Alice"}},"error":{"code":"ok","message":""}}`)
				},
			},
			want: session.User{Issuer: "https://www.tiktok.com", Subject: "723f24d7", Name: "Alice"},
		},
		"the profile comes with the token (quirk 25)": {
			o: provider.OAuth2{
				Endpoint:   oauth2.Endpoint{AuthURL: "https://api.notion.com/v1/oauth/authorize?owner=user", TokenURL: "https://api.notion.com/v1/oauth/token"},
				Dialect:    provider.Dialect{JSONBody: true},
				Header:     http.Header{"Notion-Version": {"2022-06-28"}},
				UserFields: provider.Fields{ID: "owner.user.id", Name: "owner.user.name", Email: "owner.user.person.email", Picture: "owner.user.avatar_url"},
			},
			authorize: query{"owner": "user", "scope": ""},
			vendor: vendor{
				"POST https://api.notion.com/v1/oauth/token": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(basic(r) && r.Header.Get("Content-Type") == "application/json" && p.Get("code") == "c0de" && r.Header.Get("Notion-Version") != "", `{"access_token":"t0ken","token_type":"bearer","owner":{"user":{"id":"u-1","name":"Alice","person":{"email":"a@example.com"}}}}`)
				},
			},
			want: session.User{Issuer: "https://api.notion.com", Subject: "u-1", Name: "Alice", Email: "a@example.com"},
		},
		"a POST with nothing in it (quirk 42)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://www.dropbox.com/oauth2/authorize", TokenURL: "https://api.dropboxapi.com/oauth2/token"}, AuthParams: url.Values{"token_access_type": {"offline"}},
				UserURL: "https://api.dropboxapi.com/2/users/get_current_account", UserMethod: "POST",
				UserFields: provider.Fields{ID: "account_id", Name: "name.display_name", Email: "email", EmailVerified: "email_verified", Picture: "profile_photo_url"},
			},
			authorize: query{"token_access_type": "offline"},
			vendor: vendor{
				"POST https://api.dropboxapi.com/oauth2/token": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(basic(r) && !p.Has("client_id") && !p.Has("client_secret"), tokens)
				},
				"POST https://api.dropboxapi.com/2/users/get_current_account": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(bearer(r) && r.ContentLength == 0 && r.Header.Get("Content-Type") == "", `{"account_id":"dbid:A","name":{"display_name":"Alice"},"email":"a@example.com","email_verified":true}`)
				},
			},
			want: session.User{Issuer: "https://www.dropbox.com", Subject: "dbid:A", Name: "Alice", Email: "a@example.com", EmailVerified: true},
		},
		"the token in the path of the profile's address": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://app.hubspot.com/oauth/authorize", TokenURL: "https://api.hubapi.com/oauth/v1/token", AuthStyle: oauth2.AuthStyleInParams},
				UserURL:  "https://api.hubapi.com/oauth/v1/access-tokens/", UserFields: provider.Fields{ID: "user_id", Email: "user"},
				PrepareAPI: func(r *http.Request, t session.Tokens, _ provider.Profile) error {
					r.URL = r.URL.JoinPath(t.AccessToken)
					return nil
				},
			},
			vendor: vendor{
				"POST https://api.hubapi.com/oauth/v1/token": func(_ *http.Request, p url.Values) (int, string, string) { return refuseUnless(post(p), tokens) },
				"GET https://api.hubapi.com/oauth/v1/access-tokens/t0ken": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`{"user":"a@example.com","hub_id":62515,"user_id":123,"token_type":"access"}`)
				},
			},
			want: session.User{Issuer: "https://app.hubspot.com", Subject: "123", Email: "a@example.com"},
		},
		"the profile's address depends on the token's answer": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://connect.stripe.com/oauth/authorize", TokenURL: "https://connect.stripe.com/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
				UserURL:  "https://api.stripe.com/v1/accounts/", UserFields: provider.Fields{ID: "id", Email: "email"},
				PrepareAPI: func(r *http.Request, _ session.Tokens, p provider.Profile) error {
					var token struct {
						Account string `json:"stripe_user_id"`
					}
					if err := json.Unmarshal(p.Token, &token); err != nil {
						return err
					}
					r.URL = r.URL.JoinPath(token.Account)
					return nil
				},
			},
			vendor: vendor{
				"POST https://connect.stripe.com/oauth/token": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`{"access_token":"t0ken","token_type":"bearer","scope":"read_only","stripe_user_id":"acct_1"}`)
				},
				"GET https://api.stripe.com/v1/accounts/acct_1": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(bearer(r), `{"id":"acct_1","email":"a@example.com"}`)
				},
			},
			want: session.User{Issuer: "https://connect.stripe.com", Subject: "acct_1", Email: "a@example.com"},
		},
		"an address is there only when it was confirmed (quirk 40)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://x.com/i/oauth2/authorize", TokenURL: "https://api.x.com/2/oauth2/token"}, Scopes: []string{"users.read", "tweet.read", "users.email"},
				UserURL:    "https://api.x.com/2/users/me?user.fields=profile_image_url,confirmed_email",
				UserFields: provider.Fields{ID: "data.id", Name: "data.name", Username: "data.username", Email: "data.confirmed_email", Picture: "data.profile_image_url"},
				EmailTrust: provider.EmailAlwaysVerified,
			},
			vendor: vendor{
				"POST https://api.x.com/2/oauth2/token": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(basic(r) && p.Get("code_verifier") != "", tokens)
				},
				"GET https://api.x.com/2/users/me": func(r *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(bearer(r) && p.Get("user.fields") != "", `{"data":{"id":"2244994945","name":"Alice","username":"alice","confirmed_email":"a@example.com"}}`)
				},
			},
			want: session.User{Issuer: "https://x.com", Subject: "2244994945", Name: "Alice", Username: "alice", Email: "a@example.com", EmailVerified: true},
		},
		"another scheme, a picture that has to be built (quirk 42)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://oauth.yandex.com/authorize", TokenURL: "https://oauth.yandex.com/token"}, TokenScheme: "OAuth",
				UserURL: "https://login.yandex.ru/info?format=json", UserFields: provider.Fields{ID: "id", Email: "default_email"}, EmailTrust: provider.EmailNeverVerified,
				MapUser: func(p provider.Profile, u *session.User) error {
					var info struct {
						Avatar string `json:"default_avatar_id"`
					}
					err := json.Unmarshal(p.User, &info)
					u.Picture = "https://avatars.yandex.net/get-yapic/" + info.Avatar + "/islands-200"
					return err
				},
			},
			vendor: vendor{
				"POST https://oauth.yandex.com/token": func(*http.Request, url.Values) (int, string, string) { return asJSON(tokens) },
				"GET https://login.yandex.ru/info": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(r.Header.Get("Authorization") == "OAuth t0ken", `{"id":"1","default_email":"a@example.com","default_avatar_id":"7"}`)
				},
			},
			want: session.User{Issuer: "https://oauth.yandex.com", Subject: "1", Email: "a@example.com", Picture: "https://avatars.yandex.net/get-yapic/7/islands-200"},
		},
		"another header for the token (quirk 42)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://www.amazon.com/ap/oa", TokenURL: "https://api.amazon.com/auth/o2/token"}, TokenHeader: "x-amz-access-token",
				UserURL: "https://api.amazon.com/user/profile", UserFields: provider.Fields{ID: "user_id", Name: "name", Email: "email"},
			},
			vendor: vendor{
				"POST https://api.amazon.com/auth/o2/token": func(*http.Request, url.Values) (int, string, string) { return asJSON(tokens) },
				"GET https://api.amazon.com/user/profile": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(r.Header.Get("X-Amz-Access-Token") == "t0ken" && r.Header.Get("Authorization") == "", `{"user_id":"amzn1.account.A","name":"Alice","email":"a@example.com"}`)
				},
			},
			want: session.User{Issuer: "https://www.amazon.com", Subject: "amzn1.account.A", Name: "Alice", Email: "a@example.com"},
		},
		"a callback that is signed (quirk 12)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://shop1.myshopify.com/admin/oauth/authorize", TokenURL: "https://shop1.myshopify.com/admin/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams},
				APIBase:  "https://shop1.myshopify.com/admin/api/2025-01", UserURL: "shop.json", TokenHeader: "X-Shopify-Access-Token", UserFields: provider.Fields{ID: "shop.id", Name: "shop.name"},
				CheckCallback: func(callback url.Values) error {
					if callback.Get("hmac") != "right" || callback.Get("shop") != "shop1.myshopify.com" {
						return errors.New("the signature is wrong")
					}
					return nil
				},
			},
			callback: url.Values{"hmac": {"right"}, "shop": {"shop1.myshopify.com"}, "timestamp": {"1"}},
			vendor: vendor{
				"POST https://shop1.myshopify.com/admin/oauth/access_token": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`{"access_token":"t0ken","scope":"read_products"}`)
				},
				"GET https://shop1.myshopify.com/admin/api/2025-01/shop.json": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(r.Header.Get("X-Shopify-Access-Token") == "t0ken", `{"shop":{"id":548380009,"name":"Alice's"}}`)
				},
			},
			want: session.User{Issuer: "https://shop1.myshopify.com", Subject: "548380009", Name: "Alice's"},
		},
		"a parameter of the callback goes on to the token endpoint (quirk 12)": {
			o: provider.OAuth2{
				Endpoint:       oauth2.Endpoint{AuthURL: "https://id.vk.com/authorize", TokenURL: "https://id.vk.com/oauth2/auth", AuthStyle: oauth2.AuthStyleInParams},
				CallbackParams: []string{"device_id"}, UserURL: "https://id.vk.com/oauth2/user_info", UserMethod: "POST", UserFields: provider.Fields{ID: "user.user_id", Name: "user.first_name"},
				PrepareAPI: func(r *http.Request, t session.Tokens, p provider.Profile) error {
					body := url.Values{"client_id": {"id"}, "access_token": {t.AccessToken}, "callback": {string(p.More["callback"])}}.Encode()
					r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					return nil
				},
			},
			callback: url.Values{"device_id": {"d-1"}, "type": {"code_v2"}},
			vendor: vendor{
				"POST https://id.vk.com/oauth2/auth": func(_ *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(p.Get("device_id") == "d-1" && !p.Has("type"), tokens)
				},
				"POST https://id.vk.com/oauth2/user_info": func(_ *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(p.Get("access_token") == "t0ken" && p.Get("callback") == `{"device_id":"d-1"}`, `{"user":{"user_id":"1234567890","first_name":"Alice"}}`)
				},
			},
			want: session.User{Issuer: "https://id.vk.com", Subject: "1234567890", Name: "Alice"},
		},
		"JSON with names of its own both ways (quirk 22)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://login.dingtalk.com/oauth2/auth", TokenURL: "https://api.dingtalk.com/v1.0/oauth2/userAccessToken", AuthStyle: oauth2.AuthStyleInParams}, Scopes: []string{"openid"},
				AuthParams: url.Values{"prompt": {"consent"}}, TokenHeader: "x-acs-dingtalk-access-token", UserURL: "https://api.dingtalk.com/v1.0/contact/users/me",
				Dialect: provider.Dialect{
					JSONBody: true, Names: query{"client_id": "clientId", "client_secret": "clientSecret", "grant_type": "grantType", "refresh_token": "refreshToken"},
					AnswerNames: query{"access_token": "accessToken", "refresh_token": "refreshToken", "expires_in": "expireIn"},
				},
				UserFields: provider.Fields{ID: "unionId", Name: "nick", Email: "email", Picture: "avatarUrl"},
			},
			authorize: query{"prompt": "consent", "client_id": "id"},
			vendor: vendor{
				"POST https://api.dingtalk.com/v1.0/oauth2/userAccessToken": func(_ *http.Request, p url.Values) (int, string, string) {
					return refuseUnless(p.Get("clientId") == "id" && p.Get("clientSecret") == "hush" && p.Get("grantType") == "authorization_code", `{"accessToken":"t0ken","refreshToken":"r","expireIn":7200,"corpId":"c"}`)
				},
				"GET https://api.dingtalk.com/v1.0/contact/users/me": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(r.Header.Get("X-Acs-Dingtalk-Access-Token") == "t0ken", `{"nick":"Alice","unionId":"z21HjQ"}`)
				},
			},
			want: session.User{Issuer: "https://login.dingtalk.com", Subject: "z21HjQ", Name: "Alice"},
		},
		"a request and an answer of its own kind (quirk 22)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://account.withings.com/oauth2_user/authorize2", TokenURL: "https://wbsapi.withings.net/v2/oauth2", AuthStyle: oauth2.AuthStyleInParams},
				Dialect: provider.Dialect{Params: url.Values{"action": {"requesttoken"}}, Envelope: "body", EditRequest: func(p url.Values) {
					p.Set("client_secret", "hash of "+p.Get("client_secret"))
				}},
				UserFields: provider.Fields{ID: "body.userid"},
			},
			vendor: vendor{"POST https://wbsapi.withings.net/v2/oauth2": func(_ *http.Request, p url.Values) (int, string, string) {
				return refuseUnless(p.Get("action") == "requesttoken" && p.Get("client_secret") == "hash of hush", `{"status":0,"body":{"userid":"363","access_token":"t0ken","expires_in":10800,"token_type":"Bearer"}}`)
			}},
			want: session.User{Issuer: "https://account.withings.com", Subject: "363"},
		},
		"a lifetime that is a text, JSON that is called otherwise, an envelope (quirks 16, 19, 40)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://nid.naver.com/oauth2.0/authorize", TokenURL: "https://nid.naver.com/oauth2.0/token", AuthStyle: oauth2.AuthStyleInParams},
				UserURL:  "https://openapi.naver.com/v1/nid/me", UserFields: provider.Fields{ID: "response.id", Name: "response.name|response.nickname", Email: "response.email"},
			},
			vendor: vendor{
				"POST https://nid.naver.com/oauth2.0/token": func(*http.Request, url.Values) (int, string, string) {
					return asJSON(`{"access_token":"t0ken","token_type":"bearer","expires_in":"3600"}`)
				},
				"GET https://openapi.naver.com/v1/nid/me": func(*http.Request, url.Values) (int, string, string) {
					return 200, "text/json", `{"resultcode":"00","message":"success","response":{"id":"32742776","nickname":"Alice"}}`
				},
			},
			want: session.User{Issuer: "https://nid.naver.com", Subject: "32742776", Name: "Alice"},
		},
		"a distinctive User-Agent everywhere (quirk 42)": {
			o: provider.OAuth2{
				Endpoint: oauth2.Endpoint{AuthURL: "https://www.reddit.com/api/v1/authorize", TokenURL: "https://www.reddit.com/api/v1/access_token"}, AuthParams: url.Values{"duration": {"permanent"}},
				Header: http.Header{"user-agent": {"linux:reports:1.0 (by /u/alice)"}}, UserURL: "https://oauth.reddit.com/api/v1/me", UserFields: provider.Fields{ID: "id", Username: "name"},
			},
			authorize: query{"duration": "permanent"},
			vendor: vendor{
				"POST https://www.reddit.com/api/v1/access_token": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(basic(r) && strings.Contains(r.UserAgent(), "alice"), `{"access_token":"t0ken","token_type":"bearer","expires_in":3600.0,"scope":"identity"}`)
				},
				"GET https://oauth.reddit.com/api/v1/me": func(r *http.Request, _ url.Values) (int, string, string) {
					return refuseUnless(strings.Contains(r.UserAgent(), "alice"), `{"id":"abc12","name":"alice"}`)
				},
			},
			want: session.User{Issuer: "https://www.reddit.com", Subject: "abc12", Username: "alice"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := row.o
			o.ClientID, o.ClientSecret, o.HTTPClient = "id", "hush", &http.Client{Transport: row.vendor}
			if insecure, err := o.Validate(); err != nil || insecure != nil {
				t.Fatalf("the configuration: %v, %v", insecure, err)
			}
			f := &provider.Flow{RedirectURI: "https://app.example/cb"}
			address, err := o.Begin(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(address)
			if err != nil || u.Fragment != row.fragment {
				t.Errorf("fragment %q, %v; want %q", u.Fragment, err, row.fragment)
			}
			for name, want := range row.authorize {
				if got := u.Query().Get(name); got != want {
					t.Errorf("%s is %q in the authorization request, want %q", name, got, want)
				}
			}
			callback := url.Values{"code": {"c0de"}, "state": {f.State}}
			maps.Copy(callback, row.callback)
			s, err := o.Finish(t.Context(), f, callback)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(s.User, row.want) {
				t.Errorf("%+v\nwant %+v", s.User, row.want)
			}
			if tokens, err := s.Tokens(); err != nil || tokens.AccessToken != "t0ken" || tokens.IDToken != "" {
				t.Errorf("tokens: %v", err)
			}
		})
	}
}

// primaryAddress takes the address that is primary and confirmed, and no other.
func primaryAddress(p provider.Profile, u *session.User) error {
	var list []struct {
		Email             string
		Primary, Verified bool
	}
	if raw, ok := p.More["emails"]; ok {
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
	}
	for _, e := range slices.Backward(list) {
		if e.Primary && e.Verified {
			u.Email, u.EmailVerified = e.Email, true
		}
	}
	return nil
}
