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
	// maxHint is the longest id_token_hint that goes into a URL; beyond it the client_id has to do, because servers
	// refuse long request lines.
	maxHint = 4096
	// maxUserHint bounds logout_hint in the same way.
	maxUserHint = 512
	// logoutPatience is how long a logout waits for metadata.
	logoutPatience = 2 * time.Second

	defaultLogoutHint = "login_hint"
)

// LogoutURL implements [LogoutURLer] (OpenID Connect RP-Initiated Logout 1.0 section 2).
func (o *OIDC) LogoutURL(ctx context.Context, l Logout) string {
	if o.Logout != nil && !o.Logout.WhenMissing {
		return o.Logout.address(o.ClientID, l.ReturnURL)
	}
	endpoint := o.endSessionEndpoint(ctx)
	switch {
	case endpoint == "" && o.Logout != nil:
		return o.Logout.address(o.ClientID, l.ReturnURL)
	case endpoint == "":
		return ""
	}
	params := url.Values{
		"client_id":                {o.ClientID},
		"post_logout_redirect_uri": {l.ReturnURL},
		"state":                    {l.State},
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

// endSessionEndpoint uses what is known, however old it is. Just after a start that may be nothing; then a provider that works is
// asked, and one that has failed lately is not.
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

// logoutHint says who is leaving, so that a provider at which several users are signed in need not ask.
func (o *OIDC) logoutHint(l Logout) string {
	if l.Hint != "" {
		return l.Hint
	}
	var c claims
	if json.Unmarshal(l.Claims, &c) != nil {
		return ""
	}
	return c.display(cmp.Or(o.LogoutHintClaim, defaultLogoutHint))
}

// LogoutOrigins implements [LogoutFramer]: those of the issuer and of the provider's logout.
func (o *OIDC) LogoutOrigins() []string {
	addresses := []string{o.Issuer}
	if k := o.discovery.current.Load(); k != nil {
		addresses = append(addresses, k.metadata.EndSessionEndpoint)
	}
	if o.Logout != nil {
		addresses = append(addresses, o.Logout.URL)
	}
	var origins []string
	for _, address := range addresses {
		if origin := originOf(address); origin != "" && !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// originOf is empty for what could mean more than one origin in a header.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]") != "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
