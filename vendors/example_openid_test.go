package vendors_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sallyport-go/sallyport/provider"
	"github.com/sallyport-go/sallyport/vendors"
)

// customers represents the application's own records.
type customers map[string]bool

func (c customers) find(_ context.Context, tenant string) (bool, error) { return c[tenant], nil }

// An application that is sold to organizations looks up in its records which of them may sign in.
func ExampleEntraMultiTenant() {
	paying := customers{"72f988bf-86f1-41af-91ab-2d7cd011db47": true}
	entra := vendors.EntraMultiTenant(provider.Organizations{
		Approve: func(ctx context.Context, tenant string) error {
			known, err := paying.find(ctx, tenant)
			switch {
			case err != nil: // try again later
				return fmt.Errorf("%w: %w", provider.ErrUnavailable, err)
			case !known:
				return errors.New("not a customer")
			}
			return nil
		},
	}, "client-id", "client-secret")
	_, err := entra.Validate()
	fmt.Println(entra, err)
	// Output: provider.OIDC(https://login.microsoftonline.com/{tenantid}/v2.0) <nil>
}

// Only the users of one organization may sign in.
func ExampleGoogleWorkspace() {
	google := vendors.GoogleWorkspace(vendors.WorkspaceDomains{
		"example.com",
	}, "client-id", "client-secret")
	google.AuthParams.Set("access_type", "offline") // for a refresh token
	fmt.Println(google.RequiredClaims, google.AuthParams.Encode())
	// Output: map[hd:[example.com]] access_type=offline&hd=example.com
}
