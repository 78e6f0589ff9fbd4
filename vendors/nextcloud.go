package vendors

import (
	"net/http"

	"golang.org/x/oauth2"

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
		Endpoint: oauth2.Endpoint{
			AuthURL:   at.at("/apps/oauth2/authorize"),
			TokenURL:  at.at("/apps/oauth2/api/v1/token"),
			AuthStyle: oauth2.AuthStyleInHeader,
		},
		APIBase: at.at("/"),
		UserURL: "ocs/v2.php/cloud/user?format=json",
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
		Protocol: provider.OAuthTwo,
		Register: "https://docs.nextcloud.com/server/latest/admin_manual/" +
			"configuration_server/oauth2.html",
		Settings: []Setting{
			baseURLSetting("https://cloud.example.com, with /index.php if its addresses have that"),
		},
		Notes: []string{
			"Register the application in Administration settings, Security.",
			"There are no scopes: a token gives access to all of the user's data.",
		},
		Unconfirmed: []string{pkceIgnored, "The members of ocs.data."},
		New:         byBaseURL(Nextcloud),
	}
}
