package provider

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Apple signs users in with Apple. The client ID is that of a Services ID, not of an app.
//
// Apple answers by POST, so the cookie of a login is SameSite=None here, which needs https. It tells a user's name once, when the
// user comes for the first time, and unsigned: take it from there into the application's own records, and use it for
// display alone. The address may be one that forwards (is_private_email).
func Apple(servicesID string, key AppleKey) *OIDC {
	o := &OIDC{
		Issuer: appleIssuer, ClientID: servicesID, DisplayName: "Apple", AuthMethod: authPost,
		Scopes: []string{"openid", "name", "email"}, FormPost: true, callbackClaims: appleName,
		Endpoints: Endpoints{Revocation: appleIssuer + "/auth/revoke"},
		Dialect:   Dialect{ErrorCodes: map[string]string{"user_cancelled_authorize": "access_denied"}},
	}
	o.SecretFunc, o.mistake = key.secrets(o)
	return o
}

const (
	appleIssuer = "https://appleid.apple.com"

	// maxCallbackName bounds what a browser may claim as a name.
	maxCallbackName = 200
)

// appleName reads the parameter user, which comes through the browser and which nobody has signed. An address in it is not
// looked at: that of the ID token counts.
func appleName(callback url.Values) claims {
	var user struct {
		Name struct{ FirstName, LastName string }
	}
	given := callback["user"]
	if len(given) != 1 || json.Unmarshal([]byte(given[0]), &user) != nil {
		return nil
	}
	c := claims{}
	add := func(claim, text string) {
		text = strings.TrimSpace(strings.Map(visible, text))
		if raw, err := json.Marshal(text); err == nil && text != "" && utf8.RuneCountInString(text) <= maxCallbackName {
			c[claim] = raw
		}
	}
	add("given_name", user.Name.FirstName)
	add("family_name", user.Name.LastName)
	return c
}

// visible drops control characters, and those that turn text around.
func visible(r rune) rune {
	if r < ' ' || r == 0x7f || '\u200e' <= r && r <= '\u200f' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' {
		return -1
	}
	return r
}

var applePreset = Preset{
	Name: "apple", Label: "Apple", Protocol: OpenIDConnect, Register: "https://developer.apple.com/account/resources/identifiers/list/serviceId",
	Settings: []PresetSetting{
		{Name: "team_id", Required: true, Help: "the ten characters of your team, such as A1B2C3D4E5"},
		{Name: "key_id", Required: true, Help: "the ten characters of the key for Sign in with Apple"},
		{Name: "private_key", Required: true, Secret: true, Help: "the content of the key's .p8 file"},
	},
	Notes: []string{
		"The client ID is that of the Services ID; there is no client_secret: it is made from " +
			"the key, for each request.",
		"Apple answers by POST, which needs https here, also for development, and a domain that " +
			"is registered with the Services ID.",
		"The name comes at the first sign-in only, and unsigned.",
		"Apple requires the PKCE verifier when the authorization request had a challenge, as it " +
			"always has here.",
		"There is no logout at Apple: only the session here ends.",
	},
	Unconfirmed: []string{
		"The nonce always comes back. Apple lets it be absent when nonce_supported is false; " +
			"such a login fails here.",
	},
	New: func(v Values) (Provider, error) {
		return soundOpenID(Apple(v["client_id"], AppleKey{TeamID: v["team_id"], KeyID: v["key_id"], PrivateKey: v["private_key"]}))
	},
}
