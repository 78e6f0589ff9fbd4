package provider

import "errors"

// A CognitoPool is a user pool of Amazon Cognito.
type CognitoPool struct {
	Region string // "eu-west-1"
	ID     string // "eu-west-1_AbCdEfGhI"
	Domain Domain // of its sign-in pages: "example.auth.eu-west-1.amazoncognito.com", or your own
}

// Cognito signs in the users of a pool. Roles are the groups of the pool. Its logout is one of its own; the address to return to has
// to be among the app client's sign-out URLs.
func Cognito(pool CognitoPool, id, secret string) *OIDC {
	o := &OIDC{
		Issuer:   "https://cognito-idp." + pool.Region + ".amazonaws.com/" + pool.ID,
		ClientID: id, ClientSecret: secret, DisplayName: "Amazon Cognito",
		OtherOrigins: []string{pool.Domain.at("")},
		RolesClaim:   "cognito:groups", UserFields: Fields{Username: "preferred_username|cognito:username|username"},
		Logout: &VendorLogout{URL: pool.Domain.at("/logout"), ReturnParam: "logout_uri"},
	}
	o.mistake = pool.Domain.check()
	if !validScope(pool.Region) || !validScope(pool.ID) {
		o.mistake = errors.Join(o.mistake, errors.New("CognitoPool: Region or ID is missing"))
	}
	return o
}

var cognitoPreset = Preset{
	Name: "cognito", Label: "Amazon Cognito", Protocol: OpenIDConnect, Register: "https://console.aws.amazon.com/cognito/v2/idp/user-pools",
	Settings: []PresetSetting{
		{Name: "region", Required: true, Help: "the region of the user pool, such as eu-west-1"},
		{Name: "pool", Required: true, Help: "the ID of the user pool, such as eu-west-1_AbCdEfGhI"},
		domainSetting("example.auth.eu-west-1.amazoncognito.com"),
	},
	Notes: []string{
		"A refresh brings a new access token and a new ID token. Refresh tokens rotate when " +
			"rotation is on for the app client; they last 30 days by default.",
		"After a logout the browser stays on the page that says so, because no state comes back.",
	},
	Unconfirmed: []string{"The groups are in the claim cognito:groups of ID tokens."},
	New: func(v Values) (Provider, error) {
		id, secret := v.Client()
		return soundOpenID(Cognito(CognitoPool{v["region"], v["pool"], Domain(v["domain"])}, id, secret))
	},
}
