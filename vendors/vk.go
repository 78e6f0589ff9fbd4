package vendors

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// VKID signs users in with VK ID. Sessions are not refreshed, because VK requires the device_id of
// the login, which is not stored.
func VKID(id, secret string) *provider.OAuth2 {
	o := &provider.OAuth2{
		Issuer:       "https://id.vk.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "VK",
		Endpoints: provider.Endpoints{
			Authorization: "https://id.vk.com/authorize",
			Token:         "https://id.vk.com/oauth2/auth",
			UserInfo:      "oauth2/user_info",
		},
		AuthMethod:     "client_secret_post",
		CallbackParams: []string{"device_id"},
		Dialect:        provider.Dialect{EditAnswer: vkAnswer},
		Scopes:         []string{"email"},
		APIBase:        "https://id.vk.com",
		UserMethod:     http.MethodPost,
		UserFields: provider.Fields{
			ID:      "user.user_id",
			Email:   "user.email",
			Picture: "user.avatar",
		},
		EmailTrust: provider.EmailNeverVerified,
		MapUser:    nameOf("user.first_name", "user.last_name"),
	}
	o.PrepareAPI = func(r *http.Request, t session.Tokens, p provider.Profile) error {
		if p.Token == nil {
			return nil // a call by Client
		}
		setForm(r, url.Values{"client_id": {o.ClientID}, "access_token": {t.AccessToken}})
		r.Header.Del("Authorization")
		return nil
	}
	return o
}

// vkAnswer removes the refresh token, which is useless without the device_id of the login.
func vkAnswer(answer json.RawMessage) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(answer, &members); err != nil {
		return nil, err
	}
	delete(members, "refresh_token")
	return json.Marshal(members)
}

func vkVendor() Vendor {
	return Vendor{
		Name:     "vk",
		Label:    "VK",
		Protocol: OAuthTwo,
		Register: "https://id.vk.com/about/business/go",
		Notes: []string{
			"This is VK ID; the older oauth.vk.com has separate applications.",
			"Sessions are not refreshed, because VK requires the device_id of the login.",
			"VK does not say whether an email address is verified.",
		},
		Unconfirmed: []string{
			"The secret is accepted together with PKCE.",
			"S256 is accepted in upper case; the documentation writes it in lower case.",
		},
		New: byClient(VKID),
	}
}
