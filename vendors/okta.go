package vendors

import (
	"errors"
	"strings"

	"github.com/sallyport-go/sallyport/provider"
)

// An OktaServer is an authorization server at Okta.
type OktaServer struct {
	Domain Domain // "example.okta.com"

	// ID is that of a custom authorization server, such as "default". Default: the organization's
	// own server.
	ID string
}

// Okta signs users in at Okta. User.Roles are the groups, if the claim groups is configured at
// Okta.
func Okta(server OktaServer, id, secret string) *provider.OIDC {
	issuer := server.Domain.at("")
	if server.ID != "" {
		issuer += "/oauth2/" + server.ID
	}
	o := &provider.OIDC{
		Issuer:       issuer,
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Okta",
		RolesClaim:   "groups",
		Dialect:      provider.Dialect{RefreshScope: true},
		Err:          server.Domain.check(),
	}
	if server.ID != "" && strings.ContainsAny(server.ID, "/?# ") {
		o.Err = errors.Join(o.Err, errors.New(
			"OktaServer: the ID is not that of an authorization server, such as default"))
	}
	return o
}

func oktaVendor() Vendor {
	return Vendor{
		Name:     "okta",
		Label:    "Okta",
		Protocol: OpenIDConnect,
		Register: "https://developer.okta.com/docs/guides/find-your-app-credentials/main/",
		Settings: []Setting{
			domainSetting("example.okta.com"),
			{
				Name: "authorization_server",
				Help: "the ID of a custom authorization server, such as default; " +
					"if not set, the organization's own",
			},
		},
		Notes: []string{
			"A refresh token comes with the scope offline_access. Refresh tokens rotate when " +
				"rotation is on for the application: each is then valid for one refresh.",
			"With the wrong authorization server, issuers differ and every login fails.",
		},
		Unconfirmed: []string{
			"ID tokens have email_verified, and groups when that claim is configured.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Okta(OktaServer{Domain(v["domain"]), v["authorization_server"]}, id, secret), nil
		},
	}
}
