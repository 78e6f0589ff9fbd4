// Package vendors knows sign-in vendors: a function for each returns its provider, configured.
//
//	provider.Set{
//		"google": vendors.Google(id, secret),
//		"work":   vendors.Entra(tenant, id, secret),
//	}
//
// What a function returns is an ordinary value of package provider: change its fields before the
// first use, or wrap its MapUser. A mistake in the arguments is reported by Validate, which
// sallyport.New calls.
//
// [All] lists the vendors for programs that make providers from settings; docs/providers.md is
// generated from the same list.
//
// This package uses only what package provider exports, so an application can describe its own
// vendor as completely; see the example OwnVendor.
package vendors
