package vendors

import (
	"errors"

	"github.com/sallyport-go/sallyport/provider"
)

// A CognitoPool is a user pool of Amazon Cognito.
type CognitoPool struct {
	Region string // "eu-west-1"
	ID     string // "eu-west-1_AbCdEfGhI"
	Domain Domain // of its sign-in pages: "example.auth.eu-west-1.amazoncognito.com", or your own
}

// Cognito signs in the users of a pool. User.Roles are the groups of the pool. Logout is Cognito's
// own; register the post-logout redirect URI as a sign-out URL of the app client.
func Cognito(pool CognitoPool, id, secret string) *provider.OIDC {
	o := &provider.OIDC{
		Issuer:       "https://cognito-idp." + pool.Region + ".amazonaws.com/" + pool.ID,
		ClientID:     id,
		ClientSecret: secret,
		DisplayName:  "Amazon Cognito",
		OtherOrigins: []string{pool.Domain.at("")},
		RolesClaim:   "cognito:groups",
		UserFields:   provider.Fields{Username: "preferred_username|cognito:username|username"},
		VendorLogout: &provider.VendorLogout{
			URL:         pool.Domain.at("/logout"),
			ReturnParam: "logout_uri",
		},
	}
	o.Err = pool.Domain.check()
	if !word(pool.Region) || !word(pool.ID) {
		o.Err = errors.Join(o.Err, errors.New("CognitoPool: Region or ID is missing"))
	}
	return o
}

func cognitoVendor() Vendor {
	return Vendor{
		Name:     "cognito",
		Label:    "Amazon Cognito",
		Protocol: OpenIDConnect,
		Register: "https://console.aws.amazon.com/cognito/v2/idp/user-pools",
		Settings: []Setting{
			{
				Name:     "region",
				Required: true,
				Help:     "the region of the user pool, such as eu-west-1",
			},
			{
				Name:     "pool",
				Required: true,
				Help:     "the ID of the user pool, such as eu-west-1_AbCdEfGhI",
			},
			domainSetting("example.auth.eu-west-1.amazoncognito.com"),
		},
		Notes: []string{
			"A refresh brings a new access token and a new ID token. Refresh tokens rotate when " +
				"rotation is on for the app client; they last 30 days by default.",
			"After a logout the browser stays on the signed-out page, because Cognito returns no " +
				"state.",
		},
		Unconfirmed: []string{"The groups are in the claim cognito:groups of ID tokens."},
		New: func(v Values) (provider.Provider, error) {
			id, secret := v.Client()
			return Cognito(CognitoPool{
				v["region"],
				v["pool"],
				Domain(v["domain"]),
			}, id, secret), nil
		},
	}
}
