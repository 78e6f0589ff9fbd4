package provider

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// VKID signs users in with VK ID. Sessions are not refreshed: for that VK wants the device_id of the login again, which nobody keeps.
func VKID(id, secret string) *OAuth2 {
	o := &OAuth2{
		Issuer: "https://id.vk.com", ClientID: id, ClientSecret: secret, DisplayName: "VK",
		Endpoint: oauth2.Endpoint{
			AuthURL: "https://id.vk.com/authorize", TokenURL: "https://id.vk.com/oauth2/auth", AuthStyle: oauth2.AuthStyleInParams,
		},
		CallbackParams: []string{"device_id"},
		Dialect:        Dialect{EditAnswer: withoutRefreshToken},
		Scopes:         []string{"email"},
		APIBase:        "https://id.vk.com", UserURL: "oauth2/user_info", UserMethod: http.MethodPost,
		UserFields: Fields{ID: "user.user_id", Email: "user.email", Picture: "user.avatar"},
		EmailTrust: EmailNeverVerified,
		MapUser:    nameOf("user.first_name", "user.last_name"),
	}
	o.PrepareAPI = func(r *http.Request, t session.Tokens, p Profile) error {
		if p.Token == nil {
			return nil // a call by Client
		}
		body := url.Values{"client_id": {o.ClientID}, "access_token": {t.AccessToken}}.Encode()
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Del("Authorization")
		return nil
	}
	return o
}

var vkPreset = Preset{
	Name: "vk", Label: "VK", Protocol: OAuthTwo, Register: "https://id.vk.com/about/business/go",
	Notes: []string{
		"This is VK ID; applications of the older oauth.vk.com are others.",
		"Sessions are not refreshed, because VK requires the device_id of the login.",
		"VK does not say whether an address is verified.",
	},
	Unconfirmed: []string{
		"The secret is accepted along with PKCE.",
		"S256 in capitals is understood, which the documentation writes in small letters.",
	},
	New: byClient(VKID),
}
