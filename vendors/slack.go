package vendors

import (
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

const slackTeam = "https://slack.com/team_id"

// Slack signs users in with Slack, from any workspace; see SlackWorkspace. User IDs are unique
// within a workspace only, so User.Issuer includes the workspace: "https://slack.com#T0123ABCD".
func Slack(id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       "https://slack.com",
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Slack",
		AuthMethod:   "client_secret_post",
		TenantClaim:  slackTeam,
		Dialect: provider.Dialect{
			ErrorCodes: map[string]string{"invalid_refresh_token": "invalid_grant"},
		},
	}
}

// A SlackTeam is the ID of a workspace, such as "T0123ABCD".
type SlackTeam string

// SlackWorkspace signs in the users of one workspace only.
func SlackWorkspace(team SlackTeam, id, secret string) *provider.OIDC {
	o := Slack(id, secret)
	o.AuthParams = url.Values{
		"team": {string(team)},
	} // preselects the workspace; the claim decides
	o.RequiredClaims = map[string][]string{slackTeam: {string(team)}}
	return o
}

func slackVendor() Vendor {
	return Vendor{
		Name:     "slack",
		Label:    "Slack",
		Protocol: OpenIDConnect,
		Register: "https://api.slack.com/apps",
		Settings: []Setting{
			{
				Name: "team",
				Help: "admits only users of this workspace, by its ID, such as T0123ABCD",
			},
		},
		Notes: []string{
			"Without team, anyone with an account in any workspace can sign in.",
			"The scopes openid, profile and email cannot be combined with other scopes of Slack.",
			"With token rotation on, access tokens last 12 hours and refresh tokens rotate: each " +
				"is valid for one refresh.",
			"Leave PKCE off in the settings of the application: it makes the application a " +
				"public client permanently, whose refresh tokens end after 30 days.",
			"Slack has no logout endpoint: signing out ends the session in your application only.",
		},
		Unconfirmed: []string{
			"Errors come with status 200 and ok false; an invalid refresh token is called " +
				"invalid_refresh_token.",
			"The PKCE parameters are ignored while PKCE is off in the settings of the application.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			if v["team"] != "" {
				return SlackWorkspace(SlackTeam(v["team"]), id, secret), nil
			}
			return Slack(id, secret), nil
		},
	}
}
