package vendors_test

import (
	"encoding/json"
	"fmt"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/session"
	"github.com/sallyport-go/sallyport/vendors"
)

// Change the fields of a provider before its first use. The vendor's own MapUser, which chooses the
// email address, still works if you call it first.
func ExampleGitHub() {
	gitHub := vendors.GitHub("client-id", "client-secret")
	gitHub.Scopes = append(gitHub.Scopes, "read:org")
	gitHub.More = append(gitHub.More, provider.Document{
		Name:     "orgs",
		URL:      "user/orgs",
		Optional: true,
	})
	mapUser := gitHub.MapUser
	gitHub.MapUser = func(p provider.Profile, u *session.User) error {
		if err := mapUser(p, u); err != nil {
			return err
		}
		var orgs []struct{ Login string }
		if raw, permitted := p.More["orgs"]; permitted {
			if err := json.Unmarshal(raw, &orgs); err != nil {
				return err
			}
		}
		for _, org := range orgs {
			u.Roles = append(u.Roles, org.Login)
		}
		return nil
	}
	_, err := gitHub.Validate()
	fmt.Println(gitHub, err)
	// Output: provider.OAuth2(https://github.com) <nil>
}

// A program can make providers from settings.
func ExampleVendor_Make() {
	vendor, _ := vendors.Named("shopify")
	for _, setting := range vendor.Settings {
		fmt.Printf("%s: %s\n", setting.Name, setting.Help)
	}
	_, err := vendor.Make(vendors.Values{
		"client_id":     "id",
		"client_secret": "secret",
		"color":         "red",
	})
	fmt.Println(err)
	// Output:
	// shop: name of the shop, such as flowers or flowers.myshopify.com
	// as_shop: true signs in the shop itself instead of one of its staff
	// api_version: version of the Admin API; 2026-07 if not set
	// shop is not set: name of the shop, such as flowers or flowers.myshopify.com
	// color is not a setting of Shopify
}
