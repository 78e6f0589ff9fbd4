package provider

import (
	"errors"
	"strings"
)

// An OktaServer is an authorization server at Okta.
type OktaServer struct {
	Domain Domain // "example.okta.com"
	ID     string // of a custom authorization server, such as "default"; empty for the organization's own
}

// Okta signs users in at Okta. Roles are the groups, if the claim groups is configured there.
func Okta(server OktaServer, id, secret string) *OIDC {
	issuer := server.Domain.at("")
	if server.ID != "" {
		issuer += "/oauth2/" + server.ID
	}
	o := &OIDC{
		Issuer: issuer, ClientID: id, ClientSecret: secret, DisplayName: "Okta", RolesClaim: "groups",
		Dialect: Dialect{RefreshScope: true}, mistake: server.Domain.check(),
	}
	if server.ID != "" && strings.ContainsAny(server.ID, "/?# ") {
		o.mistake = errors.Join(o.mistake, errors.New("OktaServer: the ID is not that of an authorization server, such as default"))
	}
	return o
}

var oktaPreset = Preset{
	Name: "okta", Label: "Okta", Protocol: OpenIDConnect, Register: "https://developer.okta.com/docs/guides/find-your-app-credentials/main/",
	Settings: []PresetSetting{
		domainSetting("example.okta.com"),
		{Name: "authorization_server", Help: "the ID of a custom authorization server, such as default; empty for the organization's own"},
	},
	Notes: []string{
		"A refresh token comes with the scope offline_access. Refresh tokens rotate when " +
			"rotation is on for the application: each is then valid for one refresh.",
		"With the wrong authorization server the issuers differ, and every login fails.",
	},
	Unconfirmed: []string{
		"ID tokens have email_verified, and groups when that claim is configured.",
	},
	New: func(v Values) (Provider, error) {
		id, secret := v.Client()
		return soundOpenID(Okta(OktaServer{Domain(v["domain"]), v["authorization_server"]}, id, secret))
	},
}
