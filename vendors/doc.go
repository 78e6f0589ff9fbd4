// Package vendors has a function for each known vendor that returns its provider, ready to use:
//
//	provider.Set{
//		"google": vendors.Google(id, secret),
//		"work":   vendors.Entra(tenant, id, secret),
//	}
//
// The functions return ordinary values of package provider: change their fields before the first
// use, or wrap their MapUser. Validate, which sallyport.New calls, reports invalid arguments.
//
// [All] lists the vendors for programs that make providers from settings; docs/providers.md is
// generated from the same list.
//
// This package uses only what package provider exports, so an application can describe its own
// vendor equally well; see the example OwnVendor.
package vendors
