package vendors

import (
	"errors"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Google signs users in at Google with any account; see GoogleWorkspace for those of an
// organization.
//
// For a refresh token, set AuthParams "access_type" to "offline". It comes at the first consent
// only, or with "prompt" set to "consent".
func Google(id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:        "https://accounts.google.com",
		IssuerAliases: []string{"accounts.google.com"},
		ClientID:      id,
		ClientSecret:  secret,
		DisplayName:   "Google",
		AuthMethod:    "client_secret_post",
		OtherOrigins: []string{
			"https://oauth2.googleapis.com",
			"https://openidconnect.googleapis.com",
			"https://www.googleapis.com",
		},
		Dialect: provider.Dialect{ScopeNames: map[string]string{
			"https://www.googleapis.com/auth/userinfo.email":   "email",
			"https://www.googleapis.com/auth/userinfo.profile": "profile",
		}},
	}
}

// WorkspaceDomains are the primary domains of Google Workspace organizations, such as
// "example.com", or "*" for all organizations.
type WorkspaceDomains []string

// GoogleWorkspace signs in the users of these organizations only. It requires the signed claim hd.
// An email address of the domain proves no membership: anyone can create a Google account with an
// existing address.
func GoogleWorkspace(domains WorkspaceDomains, id, secret string) *provider.OIDC {
	o := Google(id, secret)
	o.RequiredClaims = map[string][]string{"hd": domains}
	hint := "*"
	if len(domains) == 1 {
		hint = domains[0]
	}
	o.AuthParams = url.Values{"hd": {hint}} // preselects the account; the claim decides
	if len(domains) == 0 {
		o.Err = errors.New("WorkspaceDomains is empty: no user could sign in")
	}
	return o
}

func googleVendor() Vendor {
	return Vendor{
		Name:     "google",
		Label:    "Google",
		Protocol: OpenIDConnect,
		Register: "https://console.cloud.google.com/apis/credentials",
		Settings: []Setting{{
			Name: "workspace_domains",
			Help: "admits only users of these Google Workspace organizations, such as " +
				"example.com, example.org; * for all organizations",
		}},
		Notes: []string{
			"Without workspace_domains, anyone with a Google account can sign in.",
			"Google has no logout endpoint: signing out ends the session in your application " +
				"only.",
			"Google rejects the scope offline_access; a refresh token comes with AuthParams " +
				"access_type=offline.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			if domains := v["workspace_domains"]; domains != "" {
				return GoogleWorkspace(listed(domains), id, secret), nil
			}
			return Google(id, secret), nil
		},
	}
}
