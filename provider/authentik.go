package provider

import (
	"errors"
	"net/url"
)

// An AuthentikApplication is an application of an authentik, whose issuer mode is the default one.
type AuthentikApplication struct {
	At   BaseURL // "https://sso.example.com"
	Slug string  // of the application
}

// Authentik signs users in at authentik. Roles are the groups.
func Authentik(app AuthentikApplication, id, secret string) *OIDC {
	o := &OIDC{
		Issuer: app.At.at("/application/o/" + url.PathEscape(app.Slug) + "/"), ClientID: id, ClientSecret: secret, DisplayName: "authentik",
		RolesClaim: "groups", mistake: app.At.check(),
	}
	if app.Slug == "" {
		o.mistake = errors.Join(o.mistake, errors.New("AuthentikApplication: Slug is missing"))
	}
	return o
}

var authentikPreset = Preset{
	Name: "authentik", Label: "authentik", Protocol: OpenIDConnect, Register: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
	Settings: []PresetSetting{
		baseURLSetting("https://sso.example.com"),
		{Name: "slug", Required: true, Help: "the slug of the application, such as reports"},
	},
	Notes: []string{"The issuer ends with a slash."},
	Unconfirmed: []string{
		"A refresh token comes with the scope offline_access.",
		"Recent versions never mark an address as verified.",
	},
	New: func(v Values) (Provider, error) {
		id, secret := v.Client()
		return soundOpenID(Authentik(AuthentikApplication{BaseURL(v["base_url"]), v["slug"]}, id, secret))
	},
}
