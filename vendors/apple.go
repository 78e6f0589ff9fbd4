package vendors

import (
	"encoding/json"
	"net/url"

	"github.com/sallyport-go/sallyport/provider"
)

// Apple signs users in with Apple. servicesID is the identifier of a Services ID, not of an app.
//
// Apple answers by POST, so the cookie of a login is SameSite=None, which requires https. Apple
// sends a user's name once, at the first sign-in, and unsigned: save it in Hooks.Login, and use it
// for display only. The email address may be a relay address (claim is_private_email).
func Apple(servicesID string, key AppleKey) *provider.OIDC {
	o := &provider.OIDC{
		Issuer:         appleIssuer,
		ClientID:       servicesID,
		DisplayName:    "Apple",
		AuthMethod:     "client_secret_post",
		Scopes:         []string{"openid", "name", "email"},
		FormPost:       true,
		CallbackClaims: appleName,
		Endpoints:      provider.Endpoints{Revocation: appleIssuer + "/auth/revoke"},
		Dialect: provider.Dialect{
			ErrorCodes: map[string]string{"user_cancelled_authorize": "access_denied"},
		},
	}
	o.SecretFunc, o.Err = key.secrets(o)
	return o
}

const appleIssuer = "https://appleid.apple.com"

// appleName reads the name from the parameter user, which comes through the browser and is not
// signed. It ignores the address there: the one in the ID token is signed.
func appleName(callback url.Values) map[string]string {
	var user struct {
		Name struct{ FirstName, LastName string }
	}
	given := callback["user"]
	if len(given) != 1 || json.Unmarshal([]byte(given[0]), &user) != nil {
		return nil
	}
	return map[string]string{"given_name": user.Name.FirstName, "family_name": user.Name.LastName}
}

func appleVendor() Vendor {
	return Vendor{
		Name:     "apple",
		Label:    "Apple",
		Protocol: OpenIDConnect,
		Register: "https://developer.apple.com/account/resources/identifiers/list/serviceId",
		Settings: []Setting{
			{
				Name:     "team_id",
				Required: true,
				Help:     "the ten characters of your team, such as A1B2C3D4E5",
			},
			{
				Name:     "key_id",
				Required: true,
				Help:     "the ten characters of the key for Sign in with Apple",
			},
			{
				Name:     "private_key",
				Required: true,
				Secret:   true,
				Help:     "the content of the key's .p8 file",
			},
		},
		Notes: []string{
			"The client ID is the identifier of the Services ID. There is no client_secret " +
				"setting: a secret is signed with the key for each request.",
			"Apple answers by POST, which requires https, also in development, and a domain that " +
				"is registered with the Services ID.",
			"The name comes at the first sign-in only, and unsigned.",
			"Apple requires the PKCE verifier, because the authorization request always has a " +
				"challenge.",
			"Apple has no logout endpoint: signing out ends the session in your application only.",
		},
		Unconfirmed: []string{
			"ID tokens always contain the nonce. Apple may omit it when nonce_supported is " +
				"false; such a login fails.",
		},
		New: func(v Values) (provider.Provider, error) {
			return Apple(v["client_id"], AppleKey{
				TeamID:     v["team_id"],
				KeyID:      v["key_id"],
				PrivateKey: v["private_key"],
			}), nil
		},
	}
}
