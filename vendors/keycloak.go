package vendors

import (
	"errors"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// A KeycloakRealm is a realm of a Keycloak installation.
type KeycloakRealm struct {
	At    BaseURL // "https://sso.example.com"; before version 17, it ends with "/auth"
	Realm string
}

// Keycloak signs users in at a realm. User.Roles are the realm roles, if a mapper adds them to ID
// tokens or userinfo.
func Keycloak(realm KeycloakRealm, id, secret string) *provider.OIDC {
	o := &provider.OIDC{
		Issuer:       realm.At.at("/realms/" + url.PathEscape(realm.Realm)),
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Keycloak",
		RolesClaim:   "realm_access.roles",
		Err:          realm.At.check(),
	}
	if realm.Realm == "" {
		o.Err = errors.Join(o.Err, errors.New("KeycloakRealm: Realm is missing"))
	}
	return o
}

func keycloakVendor() Vendor {
	return Vendor{
		Name:     "keycloak",
		Label:    "Keycloak",
		Protocol: OpenIDConnect,
		Register: "https://www.keycloak.org/docs/latest/server_admin/#_oidc_clients",
		Settings: []Setting{
			baseURLSetting("https://sso.example.com, before version 17 with /auth at the end"),
			{Name: "realm", Required: true, Help: "the name of the realm, such as staff"},
		},
		Notes: []string{
			"Realm roles are in ID tokens only if their mapper has \"Add to ID token\" enabled.",
			"Access tokens contain the audience of an API only if a mapper adds it.",
			"Since version 23 the realm promises iss in callbacks. Leave \"Exclude Issuer From " +
				"Authentication Response\" off for the client: the switch removes iss, the " +
				"promise remains, and every login fails.",
			"Refresh tokens rotate; with \"Revoke Refresh Token\" on in the realm, each is valid " +
				"for one refresh.",
		},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Keycloak(KeycloakRealm{BaseURL(v["base_url"]), v["realm"]}, id, secret), nil
		},
	}
}
