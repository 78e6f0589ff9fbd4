package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// maxHint is the longest id_token_hint in a URL, because servers reject long request lines.
	// Instead of a longer one only client_id is sent.
	maxHint = 4096
	// maxUserHint bounds logout_hint in the same way.
	maxUserHint = 512
	// logoutPatience is how long a logout waits for metadata.
	logoutPatience = 2 * time.Second

	defaultLogoutHint = "login_hint"
)

// EndSessionURL implements [SessionEnder] (OpenID Connect RP-Initiated Logout 1.0 section 2).
func (o *OIDC) EndSessionURL(ctx context.Context, l EndSession) string {
	if o.VendorLogout != nil && !o.VendorLogout.WhenMissing {
		return o.VendorLogout.address(o.ClientID, l.ReturnURL)
	}
	endpoint := o.endSessionEndpoint(ctx)
	switch {
	case endpoint == "" && o.VendorLogout != nil:
		return o.VendorLogout.address(o.ClientID, l.ReturnURL)
	case endpoint == "":
		return ""
	}
	params := url.Values{"client_id": {o.ClientID}}
	if l.ReturnURL != "" {
		params.Set("post_logout_redirect_uri", l.ReturnURL)
		params.Set("state", l.State)
	}
	if l.IDToken != "" && len(l.IDToken) <= maxHint {
		params.Set("id_token_hint", l.IDToken)
	}
	if hint := o.logoutHint(l); hint != "" && len(hint) <= maxUserHint {
		params.Set("logout_hint", hint)
	}
	address, err := withParams(endpoint, params)
	if err != nil {
		return ""
	}
	return address
}

// endSessionEndpoint uses the known metadata of any age. If there is none yet, it is fetched,
// unless a fetch failed recently.
func (o *OIDC) endSessionEndpoint(ctx context.Context) string {
	if k := o.discovery.current.Load(); k != nil {
		return k.metadata.EndSessionEndpoint
	}
	ctx, cancel := context.WithTimeout(ctx, logoutPatience)
	defer cancel()
	m, err := o.metadata(ctx)
	if err != nil {
		return ""
	}
	return m.EndSessionEndpoint
}

// logoutHint returns the logout_hint, so that a provider with several signed-in users need not ask.
func (o *OIDC) logoutHint(l EndSession) string {
	if l.Hint != "" {
		return l.Hint
	}
	var c claims
	if json.Unmarshal(l.Claims, &c) != nil {
		return ""
	}
	return c.display(cmp.Or(o.LogoutHintClaim, defaultLogoutHint))
}

// logoutOrigins returns the origins of the issuer and of the end session endpoint.
func (o *OIDC) logoutOrigins() []string {
	addresses := []string{o.Issuer, o.Endpoints.EndSession}
	if k := o.discovery.current.Load(); k != nil {
		addresses = append(addresses, k.metadata.EndSessionEndpoint)
	}
	if o.VendorLogout != nil {
		addresses = append(addresses, o.VendorLogout.URL)
	}
	origins := []string{}
	for _, address := range addresses {
		if origin := originOf(address); origin != "" && !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// originOf returns the origin of a URL, or "" if it could match several origins in a header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(strings.ToLower(u.Host),
		"abcdefghijklmnopqrstuvwxyz0123456789-_.:[]") != "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// A VendorLogout is a proprietary logout, for providers without OpenID Connect RP-Initiated Logout:
// Auth0 without its end_session_endpoint (with "?federated" to also sign out of the identity
// provider behind it), and Amazon Cognito.
//
//	&provider.VendorLogout{URL: "https://tenant.eu.auth0.com/v2/logout", ReturnParam: "returnTo"}
//	&provider.VendorLogout{
//		URL:         "https://pool.auth.eu-west-1.amazoncognito.com/logout",
//		ReturnParam: "logout_uri",
//	}
//
// The request has the client_id, but nothing about the user. The return URL, which must be
// registered at the provider, is the base URL with Prefix + "/logged-out", as for other providers;
// but state is not returned, so the user stays on that page.
type VendorLogout struct {
	URL         string // of the vendor's logout; may have a query
	ReturnParam string // name of the parameter for the return URL

	// WhenMissing uses this logout only if the metadata has no end_session_endpoint, for vendors
	// where it is optional. Default: this logout is always used.
	WhenMissing bool
}

// address returns the URL to redirect the browser to.
func (v *VendorLogout) address(clientID, returnURL string) string {
	params := url.Values{"client_id": {clientID}}
	if returnURL != "" {
		params.Set(v.ReturnParam, returnURL)
	}
	address, err := withParams(v.URL, params)
	if err != nil {
		return ""
	}
	return address
}

func (v *VendorLogout) check(out outbound) error {
	if v == nil {
		return nil
	}
	if err := out.checkEndpoint("VendorLogout.URL", v.URL); err != nil {
		return err
	}
	if !validScope(v.ReturnParam) || v.ReturnParam == "client_id" {
		const hint = "%q is not the name of a parameter, such as returnTo or logout_uri"
		return wrongField("VendorLogout.ReturnParam", hint, v.ReturnParam)
	}
	if v.address("c", "r") == "" {
		return wrongField("VendorLogout.URL",
			"must not have the parameters client_id or ReturnParam: the library sets them")
	}
	return nil
}
