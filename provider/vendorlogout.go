package provider

import (
	"errors"
	"fmt"
	"net/url"
)

// A VendorLogout is a logout of a vendor's own, for providers that do not follow OpenID Connect RP-Initiated Logout: Auth0 without
// its end_session_endpoint (with "?federated" to sign out of the identity provider behind it as well), and Amazon Cognito.
//
//	&provider.VendorLogout{URL: "https://tenant.eu.auth0.com/v2/logout", ReturnParam: "returnTo"}
//	&provider.VendorLogout{URL: "https://pool.auth.eu-west-1.amazoncognito.com/logout", ReturnParam: "logout_uri"}
//
// The client_id is sent along, and nothing about the user. The address to return to, which has to be registered there, is the
// base URL with Prefix + "/logged-out", as everywhere else; but no state comes back, so the user stays at that page, wherever the
// application wanted to go.
type VendorLogout struct {
	URL         string // of the vendor's logout; a query in it is kept
	ReturnParam string // name of the parameter with the address to return to

	// WhenMissing uses it only as long as the metadata names no end_session_endpoint, for vendors that have one when it is
	// switched on. Default: always.
	WhenMissing bool
}

// address is where to send the browser.
func (v *VendorLogout) address(clientID, returnURL string) string {
	address, err := withParams(v.URL, url.Values{"client_id": {clientID}, v.ReturnParam: {returnURL}})
	if err != nil {
		return ""
	}
	return address
}

func (v *VendorLogout) check(out outbound) error {
	if v == nil {
		return nil
	}
	if err := out.checkEndpoint("Logout.URL", v.URL); err != nil {
		return err
	}
	if !validScope(v.ReturnParam) || v.ReturnParam == "client_id" {
		return fmt.Errorf("Logout.ReturnParam %q is not the name of a parameter, such as returnTo or logout_uri", v.ReturnParam)
	}
	if v.address("c", "r") == "" {
		return errors.New("Logout.URL already has a parameter that is added to it")
	}
	return nil
}
