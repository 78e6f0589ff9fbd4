package vendors

import (
	"net/http"

	"github.com/sallyport-go/sallyport/provider"
)

// Nextcloud signs users in at a Nextcloud installation. Nextcloud has no scopes: the access token
// gives access to all of the user's data.
func Nextcloud(at BaseURL, id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:       at.issuer(),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Nextcloud",
		Err:          at.check(),
		Endpoints: provider.Endpoints{
			Authorization: at.at("/apps/oauth2/authorize"),
			Token:         at.at("/apps/oauth2/api/v1/token"),
			UserInfo:      "ocs/v2.php/cloud/user?format=json",
		},
		APIBase: at.at("/"),
		Header:  http.Header{"OCS-APIRequest": {"true"}},
		UserFields: provider.Fields{
			ID:       "ocs.data.id",
			Name:     "ocs.data.display-name|ocs.data.displayname",
			Username: "ocs.data.id",
			Email:    "ocs.data.email",
		},
		EmailTrust: provider.EmailNeverVerified,
	}
}

func nextcloudVendor() Vendor {
	return Vendor{
		Name:     "nextcloud",
		Label:    "Nextcloud",
		Protocol: OAuthTwo,
		Register: "https://docs.nextcloud.com/server/latest/admin_manual/" +
			"configuration_server/oauth2.html",
		Settings: []Setting{
			baseURLSetting("https://cloud.example.com, with /index.php if its addresses have that"),
		},
		Notes: []string{
			"Register the application in Administration settings, Security.",
			"Nextcloud has no scopes: a token gives access to all of the user's data.",
		},
		Unconfirmed: []string{pkceIgnored, "The members of ocs.data."},
		New:         byBaseURL(Nextcloud),
	}
}
