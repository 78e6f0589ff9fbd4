package vendors

import (
	"slices"

	"github.com/sallyport-go/sallyport/provider"
)

// GitLab signs users in at gitlab.com.
func GitLab(id, secret string) *provider.OIDC {
	return GitLabSelfManaged("https://gitlab.com", id, secret)
}

// GitLabSelfManaged signs users in at a GitLab installation, such as "https://git.example.com" or
// "https://example.com/gitlab".
func GitLabSelfManaged(at BaseURL, id, secret string) *provider.OIDC {
	return &provider.OIDC{
		Issuer:       at.at(""),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "GitLab",
		RolesClaim:   "groups",
		APIBase:      at.at("/api/v4"),
		Err:          at.check(),
	}
}

func gitLabNotes() []string {
	return []string{
		"User.Roles are the groups. Only the userinfo endpoint returns them: set UserInfo to " +
			"\"always\".",
		"Refresh tokens rotate: each is valid for one refresh, which also ends the old access " +
			"token.",
		"GitLab has no logout endpoint: signing out ends the session in your application only.",
	}
}

func gitLabVendor() Vendor {
	return Vendor{
		Name:     "gitlab",
		Label:    "GitLab",
		Protocol: OpenIDConnect,
		Register: "https://gitlab.com/-/user_settings/applications",
		Notes: slices.Concat(gitLabNotes(), []string{
			"Set root_namespace_id in AuthParams for the SAML single sign-on of a group.",
		}),
		New: byClient(GitLab),
		Unconfirmed: []string{
			"The redirect_uri, which GitLab's examples send with refreshes, may be omitted.",
		},
	}
}

func gitLabSelfManagedVendor() Vendor {
	return Vendor{
		Name:     "gitlab-self-managed",
		Label:    "GitLab (self-managed)",
		Protocol: OpenIDConnect,
		Register: "https://docs.gitlab.com/integration/oauth_provider/",
		Settings: []Setting{baseURLSetting("https://git.example.com")},
		Notes:    gitLabNotes(),
		New:      byBaseURL(GitLabSelfManaged),
		Unconfirmed: []string{
			"An installation below a path serves its discovery document there, or redirects to it.",
		},
	}
}
