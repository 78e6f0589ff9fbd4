package vendors

import (
	"encoding/json"
	"errors"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Bitbucket signs users in at Bitbucket Cloud. The email address is the primary one, if it is
// confirmed and the user lets the application read it. Users whose accounts are not active are
// rejected.
func Bitbucket(key, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         "https://bitbucket.org",
		ClientID:       key,
		ClientSecret:   secret,
		SecretRequired: true,
		DisplayName:    "Bitbucket",
		OtherOrigins:   []string{"https://api.bitbucket.org"},
		Endpoints: provider.Endpoints{
			Authorization: "https://bitbucket.org/site/oauth2/authorize",
			Token:         "https://bitbucket.org/site/oauth2/access_token",
			UserInfo:      "user",
		},
		Scopes:  []string{"account", "email"},
		APIBase: "https://api.bitbucket.org/2.0",
		More:    []provider.Document{{Name: "emails", URL: "user/emails", Optional: true}},
		UserFields: provider.Fields{
			ID:       "uuid",
			Name:     "display_name",
			Username: "username|nickname",
			Picture:  "links.avatar.href",
		},
		OmitClaims: []string{"links"}, // URLs of the API, which only fill the cookie
		MapUser:    bitbucketUser,
	}
}

func bitbucketUser(p provider.Profile, u *session.User) error {
	if p.Text("account_status") != "active" {
		return &provider.Error{
			Fault: provider.FaultDenied,
			Err:   errors.New("the account at Bitbucket is not active"),
		}
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
		return &provider.Error{
			Fault: provider.FaultUserInfo,
			Err:   errors.New("the email addresses are not a list of addresses"),
		}
	}
	for _, e := range page.Values {
		if e.Primary && e.Confirmed {
			u.Email, u.EmailVerified = e.Email, true
			return nil
		}
	}
	return nil
}

func bitbucketVendor() Vendor {
	return Vendor{
		Name:     "bitbucket",
		Label:    "Bitbucket",
		Protocol: OAuthTwo,
		Register: "https://support.atlassian.com/bitbucket-cloud/docs/" +
			"use-oauth-on-bitbucket-cloud/",
		Notes: []string{
			"client_id is the key of an OAuth consumer of a workspace, with the permissions " +
				"Account: Read and Email.",
			"The ID of a user is the UUID with its braces.",
			"Access tokens last about two hours. Refresh tokens rotate: each is valid for one " +
				"refresh, plus about 10 minutes, and ends after 3 months.",
			"The access token and the refresh token are often longer than 2,500 characters each. " +
				"Cookies with both exceed the limit of 8 KB that many proxies set for the " +
				"header: raise that limit, or keep sessions in Session.Store.",
		},
		Unconfirmed: []string{pkceIgnored, "The member account_status is in every profile."},
		New:         byClient(Bitbucket),
	}
}
