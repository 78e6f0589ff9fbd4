package vendors

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// GitHub signs users in at github.com, with an OAuth App or a GitHub App. The email address is the
// primary one if it is verified and the application may read it; otherwise there is none.
func GitHub(id, secret string) *provider.OAuth2 {
	o := gitHubAt("https://github.com", "https://api.github.com", id, secret)
	o.DisplayName = "GitHub"
	return o
}

// GitHubEnterprise signs users in at a GitHub Enterprise Server, such as
// "https://github.example.com", or at a subdomain of ghe.com.
func GitHubEnterprise(at BaseURL, id, secret string) *provider.OAuth2 {
	api := at.at("/api/v3")
	u, err := url.Parse(string(at))
	if err == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".ghe.com") {
		api = "https://api." + u.Host
	}
	o := gitHubAt(at, api, id, secret)
	o.DisplayName, o.Err = "GitHub Enterprise", at.check()
	return o
}

func gitHubAt(at BaseURL, api, id, secret string) *provider.OAuth2 {
	return &provider.OAuth2{
		Issuer:         at.issuer(),
		ClientID:       id,
		ClientSecret:   secret,
		SecretRequired: true,
		OtherOrigins:   []string{originOf(api)},
		Endpoints: provider.Endpoints{
			Authorization: at.at("/login/oauth/authorize"),
			Token:         at.at("/login/oauth/access_token"),
			UserInfo:      "user",
			Revocation:    api + "/applications/" + url.PathEscape(id) + "/token",
		},
		Revocation: provider.Revocation{
			Method:     http.MethodDelete,
			TokenParam: "access_token",
			JSONBody:   true,
		},
		Scopes: []string{"read:user", "user:email"},
		Dialect: provider.Dialect{Sniff: true, CommaScopes: true, ErrorCodes: map[string]string{
			"bad_verification_code":        "invalid_grant",
			"bad_refresh_token":            "invalid_grant",
			"incorrect_client_credentials": "invalid_client",
			"unverified_user_email":        "access_denied",
		}},
		APIBase: api,
		More: []provider.Document{
			{Name: "emails", URL: "user/emails?per_page=100", Optional: true},
		},
		UserFields: provider.Fields{
			ID:       "id",
			Name:     "name|login",
			Username: "login",
			Picture:  "avatar_url",
		},
		OmitClaims: []string{ // URLs of the API, which only fill the cookie
			"followers_url",
			"following_url",
			"gists_url",
			"starred_url",
			"subscriptions_url",
			"organizations_url",
			"repos_url",
			"events_url",
			"received_events_url",
		},
		MapUser: gitHubEmail,
		Header:  http.Header{"User-Agent": {"sallyport"}},
	}
}

// originOf is the scheme and host of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// gitHubEmail takes the primary address if it is verified. The address in the profile is for
// display and unverified.
func gitHubEmail(p provider.Profile, u *session.User) error {
	raw, permitted := p.More["emails"]
	if !permitted {
		return nil
	}
	var list []struct {
		Email             string
		Primary, Verified bool
	}
	if json.Unmarshal(raw, &list) != nil {
		return &provider.Error{
			Fault: provider.FaultUserInfo,
			Err:   errors.New("the email addresses are not a list of addresses"),
		}
	}
	for _, e := range list {
		if e.Primary && e.Verified {
			u.Email, u.EmailVerified = e.Email, true
			return nil
		}
	}
	return nil
}

func gitHubVendor() Vendor {
	return Vendor{
		Name:     "github",
		Label:    "GitHub",
		Protocol: OAuthTwo,
		Register: "https://github.com/settings/developers",
		Notes: []string{
			"The tokens of an OAuth App do not expire. Those of a GitHub App last 8 hours; their " +
				"refresh tokens last 6 months and rotate: each is valid for one refresh, which " +
				"also ends the old access token.",
			"An OAuth App has one callback URL, so development needs another application; a " +
				"GitHub App may have several.",
		},
		New: byClient(GitHub),
	}
}

func gitHubEnterpriseVendor() Vendor {
	return Vendor{
		Name:     "github-enterprise",
		Label:    "GitHub Enterprise",
		Protocol: OAuthTwo,
		Register: "https://docs.github.com/enterprise-server/apps/oauth-apps/" +
			"building-oauth-apps/creating-an-oauth-app",
		Settings: []Setting{baseURLSetting("https://github.example.com")},
		Notes: []string{
			"The refresh tokens of a GitHub App rotate: each is valid for one refresh.",
			"An email address is treated as verified if the server says so; some servers do not " +
				"verify addresses.",
		},
		Unconfirmed: []string{
			"Older versions ignore the PKCE parameters.",
			"The API of a subdomain of ghe.com is at api.SUBDOMAIN.ghe.com.",
		},
		New: byBaseURL(GitHubEnterprise),
	}
}
