package vendors_test

import (
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
)

// Acme signs users in at a vendor that package vendors does not know. docs/providers.md shows it.
func Acme(region, id, secret string) *provider.OAuth2 {
	o := &provider.OAuth2{
		Issuer: "https://acme.example", ClientID: id, ClientSecret: secret, SecretRequired: true,
		Endpoints: provider.Endpoints{
			Authorization: "https://acme.example/authorize", Token: "https://acme.example/token",
			UserInfo: "https://acme.example/" + region + "/me",
		},
		Dialect: provider.Dialect{JSONBody: true}, Quirks: provider.Quirks{NoPKCE: true},
		UserFields: provider.Fields{
			ID: "user.id", Email: "user.email", EmailVerified: "user.email_verified",
		},
		MapUser: func(p provider.Profile, u *session.User) error {
			u.Name = p.Text("user.first_name") + " " + p.Text("user.last_name")
			return nil
		},
	}
	if region == "" {
		o.Err = errors.New("acme: the region is missing: use eu or us")
	}
	return o
}

// An application describes a vendor of its own like those in this package.
func Example_ownVendor() {
	_, err := Acme("eu", "client-id", "client-secret").Validate()
	fmt.Println(err)
	_, err = Acme("", "client-id", "client-secret").Validate()
	fmt.Println(err)
	// Output:
	// <nil>
	// acme: the region is missing: use eu or us
}
