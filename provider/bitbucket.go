package provider

import (
	"encoding/json"
	"errors"

	"golang.org/x/oauth2"

	"github.com/sallyport-go/sallyport/session"
)

// Bitbucket signs users in at Bitbucket Cloud. The email address is the primary one, if it is
// confirmed and the user lets the application read it. Users whose accounts are not active are
// rejected.
func Bitbucket(key, secret string) *OAuth2 {
	return &OAuth2{
		Issuer: "https://bitbucket.org", ClientID: key, ClientSecret: secret, confidential: true, DisplayName: "Bitbucket",
		OtherOrigins: []string{"https://api.bitbucket.org"},
		Endpoint: oauth2.Endpoint{
			AuthURL:   "https://bitbucket.org/site/oauth2/authorize",
			TokenURL:  "https://bitbucket.org/site/oauth2/access_token",
			AuthStyle: oauth2.AuthStyleInHeader,
		},
		Scopes:  []string{"account", "email"},
		APIBase: "https://api.bitbucket.org/2.0", UserURL: "user", More: []Document{{Name: "emails", URL: "user/emails", Optional: true}},
		UserFields: Fields{ID: "uuid", Name: "display_name", Username: "username|nickname", Picture: "links.avatar.href"},
		OmitClaims: []string{"links"}, // addresses of the API, which fill the cookie
		MapUser:    bitbucketUser,
	}
}

func bitbucketUser(p Profile, u *session.User) error {
	if p.document().shown("account_status") != "active" {
		return &Error{Fault: FaultDenied, Err: errors.New("the account at Bitbucket is not active")}
	}
	raw, permitted := p.More["emails"]
	if !permitted {
		return nil
	}
	var page struct {
		Values []struct {
			Email     string
			Primary   bool `json:"is_primary"`
			Confirmed bool `json:"is_confirmed"`
		}
	}
	if json.Unmarshal(raw, &page) != nil {
		return &Error{Fault: FaultUserInfo, Err: errors.New("the e-mail addresses are not a list of them")}
	}
	for _, e := range page.Values {
		if e.Primary && e.Confirmed {
			u.Email, u.EmailVerified = e.Email, true
			return nil
		}
	}
	return nil
}

var bitbucketPreset = Preset{
	Name: "bitbucket", Label: "Bitbucket", Protocol: OAuthTwo, Register: "https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/",
	Notes: []string{
		"client_id is the key of an OAuth consumer of a workspace, with the permissions Account: " +
			"Read and Email.",
		"The ID of a user is the UUID with its braces.",
		"Access tokens last about two hours. Refresh tokens rotate: each is valid for one " +
			"refresh, plus about 10 minutes, and ends after 3 months.",
		"The access token and the refresh token are often longer than 2,500 characters each. " +
			"Cookies with both exceed the limit of 8 KB that many proxies set for the header: " +
			"raise that limit, or keep sessions in Session.Store.",
	},
	Unconfirmed: []string{pkceIgnored, "The member account_status is in every profile."},
	New:         byClient(Bitbucket),
}
