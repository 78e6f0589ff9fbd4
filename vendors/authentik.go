package vendors

import (
	"errors"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// An AuthentikApplication is an application of an authentik installation with the default issuer
// mode.
type AuthentikApplication struct {
	At   BaseURL // "https://sso.example.com"
	Slug string  // of the application
}

// Authentik signs users in at authentik. User.Roles are the groups.
func Authentik(app AuthentikApplication, id, secret string) *provider.OIDC {
	o := &provider.OIDC{
		Issuer:       app.At.at("/application/o/" + url.PathEscape(app.Slug) + "/"),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "authentik",
		RolesClaim:   "groups",
		Err:          app.At.check(),
	}
	if app.Slug == "" {
		o.Err = errors.Join(o.Err, errors.New("AuthentikApplication: Slug is missing"))
	}
	return o
}

func authentikVendor() Vendor {
	return Vendor{
		Name:     "authentik",
		Label:    "authentik",
		Protocol: OpenIDConnect,
		Register: "https://docs.goauthentik.io/add-secure-apps/providers/oauth2/",
		Settings: []Setting{
			baseURLSetting("https://sso.example.com"),
			{Name: "slug", Required: true, Help: "the slug of the application, such as reports"},
		},
		Notes: []string{"The issuer ends with a slash."},
		Unconfirmed: []string{
			"A refresh token comes with the scope offline_access.",
			"Recent versions never mark an email address as verified.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Authentik(AuthentikApplication{
				BaseURL(v["base_url"]),
				v["slug"],
			}, id, secret), nil
		},
	}
}
